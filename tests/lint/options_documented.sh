#!/bin/sh
# What was written from the rows is what the rows say: doc/configuration.md is generated and committed, and the manual
# pages name every option of the program and every group of the file. Run in the build directory, after make.
# `options_documented.sh --write` writes doc/configuration.md anew.
set -eu
top=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
[ -x ./lbd ] || {
	echo "no lbd here; run it in the build directory, after make"
	exit 1
}
made=$(mktemp)
trap 'rm -f "$made"' EXIT
./lbd --list=options >"$made.rows"
{
	cat "$top/doc/configuration.intro.md"
	awk -f "$top/doc/configuration.awk" "$made.rows"
} >"$made"
rm -f "$made.rows"
if [ "${1:-}" = --write ]; then
	cp "$made" "$top/doc/configuration.md"
	exit 0
fi
status=0
diff -u "$top/doc/configuration.md" "$made" || {
	echo "doc/configuration.md is stale: tests/lint/options_documented.sh --write"
	status=1
}
for option in $(./lbd --help | sed -n 's/^  *\(-[A-Za-z]\), .*/\1/p; s/^  .*\(--[a-z-]*\).*/\1/p'); do
	# In roff, a hyphen of an option is written \-.
	written=$(printf '%s' "$option" | sed 's/-/\\\\-/g')
	grep -q -e "$written" "$top/doc/lbd.8" || {
		echo "doc/lbd.8 does not name $option"
		status=1
	}
done
for group in $(./lbd --list=options | sed -n '/^#/d; s/^\([^	]*\)\.[^.	]*	.*/\1/p' | sort -u); do
	grep -q -e "^\.B $group\$" "$top/doc/lbd.conf.5" || {
		echo "doc/lbd.conf.5 does not name the group $group"
		status=1
	}
done
exit $status
