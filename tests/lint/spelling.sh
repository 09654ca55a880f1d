#!/bin/sh
# Words, read by codespell.
cd "${srcdir:-$(dirname "$0")/../..}" || exit 1
command -v codespell >/dev/null || {
	echo "codespell is not installed"
	exit 77
}
parts=
for part in README.md CHANGELOG.md configure.ac Makefile.am include src tui tests examples doc; do
	[ ! -e "$part" ] || parts="$parts $part"
done
# shellcheck disable=SC2086
codespell --skip '*/corpus/*,*/__pycache__/*,*.frame,*.csv' --ignore-words-list adress,hart,fo,te,ot,nd,ba,inout,hel $parts
