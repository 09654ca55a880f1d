"""The runner of the suites: what failed by time alone gets a second try, and is named; all else does not."""
import os
import subprocess
import sys

import lbdtest

SUITE = lbdtest.TOP / "tests/support/suite.py"
HEAD = "import pathlib, pytest, socket, lbdtest\n"
FIRST = "    mark = pathlib.Path(__file__).with_suffix('.ran')\n    first = not mark.exists()\n    mark.touch()\n"
CASES = {
    "passes": ("def test_a():\n    pass\n", "1 passed, 0 failed"),
    "is_late_once": (f"def test_a():\n{FIRST}    if first:\n        raise lbdtest.Late('late')\n", "1 passed, 0 failed"),
    "reads_too_long_once": (f"def test_a():\n{FIRST}    if first:\n        raise socket.timeout\n", "1 passed, 0 failed"),
    "is_always_late": ("def test_a():\n    lbdtest.in_time(1e9, 1)\n", "0 passed, 1 failed"),
    "is_wrong_once": (f"def test_a():\n{FIRST}    assert not first\n", "0 passed, 1 failed"),
    "is_too_early_once": (f"def test_a():\n{FIRST}    if first:\n        lbdtest.in_time(1, 3, 2)\n", "0 passed, 1 failed"),
    "is_late_and_ends_badly": (
        "@pytest.fixture\ndef ends_badly():\n    yield\n    raise lbdtest.Failure('a finding')\n"
        f"def test_a(ends_badly):\n{FIRST}    if first:\n        raise lbdtest.Late('late')\n", None),
    "is_skipped": ("def test_a():\n    pytest.skip('no')\n", "0 passed, 1 failed"),
    "cannot_be_read": ("def test_a(:\n", "0 passed, 1 failed"),
}


def run_suite(directory, name):
    path = directory / f"test_{name}.py"
    path.write_text(HEAD + CASES[name][0])
    # The same hooks as in tests/, read from there.
    (directory / "conftest.py").write_text(
        f"import sys\nsys.path.insert(0, {str(lbdtest.TOP / 'tests/support')!r})\n"
        f"exec(open({str(lbdtest.TOP / 'tests/conftest.py')!r}).read().replace('parent / \"support\"', 'parent'))\n")
    done = subprocess.run([sys.executable, SUITE, path], capture_output=True, text=True, timeout=60 * lbdtest.PACE,
                          check=False, env={**os.environ, "PYTEST_ADDOPTS": "-p no:xdist"})
    return done.stdout


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", CASES)


def test_a_test_that(name, tmp_path):
    said = run_suite(tmp_path, name)
    wanted = CASES[name][1]
    last = said.strip().splitlines()[-1]
    assert last == wanted if wanted else last.endswith(" failed") and not last.endswith(" 0 failed"), said
    assert ("passed when alone:" in said) == (wanted == "1 passed, 0 failed" and name != "passes")
    assert ("FAILED again:" in said) == (name == "is_always_late")
