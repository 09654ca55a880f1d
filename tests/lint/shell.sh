#!/bin/sh
# Shell scripts, read by shellcheck.
cd "${srcdir:-$(dirname "$0")/../..}" || exit 1
command -v shellcheck >/dev/null || {
	echo "shellcheck is not installed"
	exit 77
}
scripts=$(find tests examples .ci -type f \( -name '*.sh' -o -name run \) 2>/dev/null)
# shellcheck disable=SC2086
shellcheck -x -P SCRIPTDIR -P . $scripts && echo "$scripts"
