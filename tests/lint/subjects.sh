#!/bin/sh
# Subjects of commits: "area: what changes", at most 60 characters. Argument: a range for git log (the last 50 commits).
cd "$(dirname "$0")/../.." || exit 1
git log --no-merges --format='%h %s' "${@:--50}" | awk '
	{ hash = $1; subject = substr($0, length(hash) + 2) }
	length(subject) > 60 { print hash ": longer than 60: " subject; bad = 1 }
	subject !~ /^[a-z][a-z0-9_.\/, -]*: ./ { print hash ": no area in front: " subject; bad = 1 }
	END { exit bad }'
