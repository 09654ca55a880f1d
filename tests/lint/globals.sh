#!/bin/sh
# No mutable globals in the daemon and the console: what lives is made in main and handed on. Looks at the objects of the
# build directory that it is run in; constant tables with pointers are in .data.rel.ro and do not count.
set -u
# Allowed: source file, name, reason.
allowed='
counters.c	lost	a worker that is out of memory must go on and counts there; all may write it, nobody reads it
crash.c	crash_armed	tells a signal handler, which gets no argument, whether the terminal is ours
crash.c	crash_state	what this handler needs to give the terminal back
'
objects=$(find src tui -name '*.o' 2>/dev/null | sort)
[ -n "$objects" ] || {
	echo "no objects here; run it in the build directory, after make"
	exit 1
}
found=$(for object in $objects; do
	# Columns: address, flags, section, size, name. Compilers and sanitizers put names with __ or a dot of their own.
	objdump -tw "$object" | awk -v object="$object" '
		/ O [.](data|bss)|[*]COM[*]| [.](tdata|tbss)/ && !/[.]data[.]rel[.]ro/ {
			name = $NF
			if (name !~ /^(__|[.]|_ZZ)/)
				print object ": " name
		}'
done | while read -r object name; do
	file=${object##*/}
	file=${file##*_la-}
	case $allowed in
	*"
${file%.o:}.c	${name%.[0-9]*}	"*) ;;
	*) printf '%s %s\n' "$object" "$name" ;;
	esac
done)
[ -z "$found" ] || {
	echo "mutable globals (hand the value on in a struct, or make it const):"
	printf '%s\n' "$found"
	exit 1
}
echo "$(printf '%s\n' "$objects" | wc -l) objects, no mutable globals"
