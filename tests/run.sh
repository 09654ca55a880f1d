#!/bin/sh
# Installs what is missing, builds with AddressSanitizer and UBSan, and runs every test: unit tests, fuzz corpora and
# lint (make check), then the black-box suites. The last line is the sum. Environment: LBD_BUILD chooses the build
# directory (build-check), LBD_CONFIGURE replaces the arguments of configure.
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

# number TEXT WORD: the N of "N WORD" in the text, or 0
number() {
	found=$(printf '%s\n' "$1" | sed -n "s/.*[^0-9]\([0-9][0-9]*\) $2.*/\1/p;s/^\([0-9][0-9]*\) $2.*/\1/p" | tail -n 1)
	echo "${found:-0}"
}

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

run_check() {
	find . -name '*.trs' -exec rm -f {} +
	sanitizers check
	make -s -k -j"$jobs" check >check.log 2>&1 || say "make check found failures"
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
	say "pytest tests/$suite"
	sanitizers "$suite"
	LBD_BUILD=$build PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -n "$jobs" --timeout 120 --color no \
		"$top/tests/$suite" </dev/null >"pytest-$suite.log" 2>&1
	status=$?
	last=$(tail -n 1 "pytest-$suite.log")
	good=$(number "$last" passed)
	bad=$(($(number "$last" failed) + $(number "$last" error) + $(number "$last" skipped)))
	[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	[ "$bad" -eq 0 ] || tail -n 250 "pytest-$suite.log"
	count "tests/$suite" "$good" "$bad"
	count_findings "$suite"
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
say "make check"
run_check
for suite in support integration tui; do
	run_pytest "$suite"
done

say "summary"
printf '%s' "$summary"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
