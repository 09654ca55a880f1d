#!/bin/sh
# doc/socket.md is what its introduction and the tables of the source make.
set -eu
top=${srcdir:-.}
made=$(mktemp)
trap 'rm -f "$made"' EXIT
cat "$top/doc/socket.intro.md" >"$made"
awk -f "$top/doc/socket.awk" "$top/src/admin/commands.def" "$top/src/stats/columns.def" "$top/src/stats/info.def" >>"$made"
if ! cmp -s "$made" "$top/doc/socket.md"; then
	echo "doc/socket.md is not what its sources make: run make doc-socket" >&2
	diff -u "$top/doc/socket.md" "$made" | head -20 >&2
	exit 1
fi
