#!/bin/sh
# Files: base names of sources are unique, so that a stack trace or a log line names one place (each program has its own
# main.c and tables); no path of somebody's machine; no trailing blanks; no mark of unfinished work.
set -u
cd "${srcdir:-$(dirname "$0")/../..}" || exit 1
status=0

complain() {
	[ -z "$2" ] || {
		printf '%s:\n%s\n' "$1" "$2"
		status=1
	}
}

if git rev-parse --is-inside-work-tree >/dev/null 2>&1 && [ -e .git ]; then
	files=$(git ls-files)
else
	files=$(find README.md CHANGELOG.md Makefile.am configure.ac src tui tests examples doc include -type f 2>/dev/null)
fi
files=$(printf '%s\n' "$files" | grep -v '/corpus/' | while read -r file; do [ ! -f "$file" ] || echo "$file"; done)
texts=$(printf '%s\n' "$files" | grep -E '\.(c|h|def|sh|py|md|mk|ac|am|conf|[1-8])$|run$|packages$')

sources=$(find src tui include \( -name '*.c' -o -name '*.h' \) ! -name main.c)
complain "several files with one base name" "$(printf '%s\n' "$sources" | sed 's|.*/||' | sort | uniq -d)"
for part in src tui; do
	complain "several tables with one base name in $part" \
		"$(find "$part" -name '*.def' 2>/dev/null | sed 's|.*/||' | sort | uniq -d)"
done
# The names are taken apart so that this file does not find itself.
homes="wor""k|far""m|roo""t|hom""e/[a-z]+|User""s"
# shellcheck disable=SC2086
complain "paths of one machine" "$(grep -nIE "(^|[^a-zA-Z0-9_.\$}\"*-])/($homes)/" $texts /dev/null)"
# shellcheck disable=SC2086
complain "blanks at the end of a line" "$(grep -nIE '[ 	]+$' $texts /dev/null | head -n 20)"
# shellcheck disable=SC2086
complain "marks of unfinished work" "$(grep -nE '\b(TO''DO|FIX''ME|X''XX|HA''CK)\b' $texts /dev/null | grep -v '\.XXX' | head -n 20)"
[ "$status" -ne 0 ] || echo "$(printf '%s\n' "$files" | wc -l) files are fine"
exit "$status"
