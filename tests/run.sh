#!/bin/sh
# Installs what is missing, builds with AddressSanitizer and UBSan, and runs every test: unit tests, fuzz corpora and
# lint (make check), then the black-box suites. The last line is the sum. Deadlines are multiplied by how slow the machine
# is at the start; what failed by time alone runs once more, alone, and is named. Environment: LBD_BUILD chooses the build
# directory (build-check), LBD_CONFIGURE replaces the arguments of configure, LBD_PACE the factor of the deadlines.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tests/support/setup.sh
. "$top/tests/support/setup.sh"

build=${LBD_BUILD:-$top/build-check}
passed=0
failed=0

# count NAME PASSED FAILED
count() {
	passed=$((passed + $2))
	failed=$((failed + $3))
	summary="$summary$(printf '  %-28s %5d passed %5d failed' "$1" "$2" "$3")
"
}
summary=

# Criterion counts its cases in one line; other programs are one test each.
count_check() {
	good=0
	bad=0
	for trs in $(find . -name '*.trs' | sort); do
		result=$(sed -n 's/^:test-result: //p' "$trs")
		line=$(sed 's/\x1b\[[0-9;]*m//g' "${trs%.trs}.log" | grep 'Synthesis:' | tail -n 1)
		tested=$(printf '%s\n' "$line" | sed -n 's/.*Tested: *\([0-9]*\).*/\1/p')
		passing=$(printf '%s\n' "$line" | sed -n 's/.*Passing: *\([0-9]*\).*/\1/p')
		case $result in
		PASS)
			good=$((good + ${passing:-1}))
			;;
		*)
			good=$((good + ${passing:-0}))
			lost=$((${tested:-1} - ${passing:-0}))
			[ "$lost" -gt 0 ] || lost=1
			bad=$((bad + lost))
			say "$result: ${trs%.trs}"
			tail -n 60 "${trs%.trs}.log"
			;;
		esac
	done
	count "make check" "$good" "$bad"
}

# Sanitizers write into files: what they find in a child must not be lost in some log.
sanitizers() {
	export LSAN_OPTIONS="suppressions=$top/tests/support/lsan.supp:print_suppressions=0"
	export ASAN_OPTIONS="log_path=$build/san/$1:detect_stack_use_after_return=1"
	export UBSAN_OPTIONS="log_path=$build/san/$1:print_stacktrace=1:halt_on_error=1"
}

count_findings() {
	findings=$(find san -type f -name "$1.*" -size +0 | wc -l)
	[ "$findings" -eq 0 ] && return
	find san -type f -name "$1.*" -exec head -n 60 {} +
	count "findings of sanitizers in $1" 0 "$findings"
}

# The programs that make check runs, but for the console's tests, which run with the other suites.
check_programs() {
	# make knows the list.
	# shellcheck disable=SC2016
	printf 'include Makefile\nprograms: ; @echo $(filter-out tests/tui/run,$(TESTS))\n' | make -s -f - programs
}

# watched NAME ALL COMMAND...: runs it, and says every now and then how many .trs files of ALL there are
watched() {
	name=$1
	all=$2
	shift 2
	"$@" &
	child=$!
	tenths=0
	while kill -0 "$child" 2>/dev/null; do
		sleep 0.1
		tenths=$((tenths + 1))
		[ $((tenths % 150)) -ne 0 ] || say "$name: $(find . -name '*.trs' | wc -l) of $all programs"
	done
	wait "$child"
}

# What Criterion ended at its time limit, and nothing else that failed, runs once more with nothing beside it.
check_again() {
	for trs in $(find . -name '*.trs' | sort); do
		log=${trs%.trs}.log
		failures=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -c '^\[FAIL\]')
		late=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -c '^\[FAIL\].*Timed out')
		if [ "$late" -eq 0 ] || [ "$late" -ne "$failures" ]; then
			continue
		fi
		program=${log#./}
		program=${program%.log}
		rm -f "$trs"
		if make -s check TESTS="$program" >>check.log 2>&1; then
			say "failed by time alone, passed when alone: $program"
		else
			say "failed by time alone, FAILED again: $program"
		fi
	done
}

make_check() {
	make -s -k -j"$jobs" check TESTS="$programs" >>check.log 2>&1
}

run_check() {
	find . -name '*.trs' -exec rm -f {} +
	say "make check: building the test programs"
	make -s -k -j"$jobs" check TESTS= >check.log 2>&1 || say "not all of them could be built"
	sanitizers check
	programs=$(check_programs)
	watched "make check" "$(echo "$programs" | wc -w)" make_check || say "make check found failures"
	check_again
	if [ -n "$(find . -name '*.trs' | head -n 1)" ]; then
		count_check
	else
		grep -E 'error:|No rule|[*][*][*]' check.log || tail -n 60 check.log
		count "make check (did not run)" 0 1
	fi
	count_findings check
}

run_pytest() {
	suite=$1
	[ -n "$(find "$top/tests/$suite" -name 'test_*.py' 2>/dev/null | head -n 1)" ] || return 0
	say "tests/$suite"
	sanitizers "$suite"
	LBD_BUILD=$build /usr/bin/python3 "$top/tests/support/suite.py" -n "$jobs" --log "pytest-$suite.log" "$top/tests/$suite" |
		tee "suite-$suite.log" | sed -u '$d'
	last=$(tail -n 1 "suite-$suite.log")
	good=${last%% passed*}
	bad=${last#* passed, }
	bad=${bad%% failed*}
	case $good$bad in
	'' | *[!0-9]*)
		tail -n 60 "suite-$suite.log"
		good=0
		bad=1
		;;
	esac
	count "tests/$suite" "$good" "$bad"
	count_findings "$suite"
}

# What the tests need of the machine, told before the first of them fails for want of it.
check_world() {
	LBD_BUILD=$build /usr/bin/python3 "$top/tests/support/world.py" || {
		echo "0 passed, 1 failed"
		exit 1
	}
}

# What a test leaves behind is a defect: all temporary files of this run are below one directory, which must be empty
# in the end, but for pytest's own.
temporary_begin() {
	TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/lbd-tests.XXXXXX") || die "no temporary directory can be made"
	chmod 711 "$TMPDIR" # a daemon under test that became another user comes through
	export TMPDIR
	trap 'rm -rf "$TMPDIR"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

temporary_end() {
	left=$(find "$TMPDIR" -mindepth 1 -maxdepth 1 ! -name 'pytest-of-*')
	[ -z "$left" ] && return
	say "left behind by tests:"
	printf '%s\n' "$left"
	count "left behind in $TMPDIR" 0 "$(printf '%s\n' "$left" | wc -l)"
}

setup_install build run test
jobs=$(setup_jobs)
# A compiler that warns ends the build here, a test that fails does not end the run.
# shellcheck disable=SC2086
(setup_build "$build" ${LBD_CONFIGURE:---enable-sanitizer=address,undefined --enable-werror}) || {
	echo "0 passed, 1 failed"
	exit 1
}
cd "$build" || exit 1
rm -rf san
mkdir san
temporary_begin
check_world
LBD_PACE=${LBD_PACE:-$(/usr/bin/python3 "$top/tests/support/pace.py")}
export LBD_PACE
say "deadlines times $LBD_PACE: how slow this machine is now, compared with an idle one"
run_check
for suite in support integration tui; do
	run_pytest "$suite"
done
temporary_end

say "summary"
printf '%s' "$summary"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
