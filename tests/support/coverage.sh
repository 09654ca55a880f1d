#!/bin/sh
# Run by `make coverage` in the build directory: all tests, then line coverage for each layer.
set -u
: "${top:?run it as make coverage}"
# gcovr compares paths as text.
top=$(cd "$top" && pwd) || exit 1
build=$(pwd)
python=${PYTHON3:-/usr/bin/python3}
status=0

command -v gcovr >/dev/null || {
	echo "gcovr is not installed: apt-get install gcovr" >&2
	exit 1
}
find . -name '*.gcda' -exec rm -f {} +
"${MAKE:-make}" -s -k check >coverage-check.log 2>&1 || {
	echo "make check found failures; coverage-check.log has them" >&2
	status=1
}
for suite in integration tui; do
	[ -d "$top/tests/$suite" ] || continue
	LBD_BUILD=$build PYTHONDONTWRITEBYTECODE=1 "$python" -m pytest -q -n 4 --timeout 120 "$top/tests/$suite" \
		</dev/null >"coverage-$suite.log" 2>&1 || {
		echo "tests/$suite found failures; coverage-$suite.log has them" >&2
		status=1
	}
done
gcovr -r "$top" -j 4 --filter "$top/src/" --filter "$top/tui/" --exclude-throw-branches --json-summary-pretty \
	-o coverage.json . || exit 1
"$python" "$top/tests/support/coverage_layers.py" coverage.json "${LBD_COVERAGE_MIN:-80}" || status=1
exit "$status"
