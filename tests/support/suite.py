#!/usr/bin/python3
"""Runs black-box suites as tests/run.sh and .ci/run do: suite.py [-n JOBS] [--log FILE] PATH... [-- PYTEST ARGUMENT...]

It says every few seconds how far the run is. What failed by time alone runs once more at the end, with nothing beside it,
and is named whatever comes of it: on a busy machine a deadline says little, and alone it says a lot. The last line is
"N passed, N failed"; a skipped test counts as failed. The full output of pytest is in FILE.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import pace

TESTS = pathlib.Path(__file__).resolve().parents[1]
EVERY = 15  # seconds between two lines about the progress
LIMIT = 120  # seconds for one test on an idle machine


def say(text):
    print(f"== {text}", flush=True)


def progress(text):
    """ "48 %, 2 failed", from pytest's lines of dots."""
    percent = re.findall(r"\[ *(\d+)%\]", text)
    dots = "".join(re.findall(r"^[.FEsxX]+", text, re.M))
    bad = len(re.findall("[FE]", dots))
    return f"{percent[-1] if percent else 0} %" + (f", {bad} failed" if bad else "")


def run_pytest(arguments, log, ends, name):
    """The text that pytest printed, and its exit status."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "LBD_ENDS": str(ends), "LBD_PACE": str(pace.factor())}
    command = [sys.executable, "-m", "pytest", "-q", "--color", "no", "--rootdir", str(TESTS),
               "--timeout", str(int(LIMIT * pace.factor())), *arguments]
    with open(log, "w", encoding="utf-8") as out:
        child = subprocess.Popen(command, cwd=TESTS, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                 env=environment)
        told = time.monotonic()
        while child.poll() is None:
            time.sleep(0.1)
            if time.monotonic() - told >= EVERY:
                told = time.monotonic()
                say(f"{name}: {progress(log.read_text('utf-8', 'replace'))}")
    return log.read_text("utf-8", "replace"), child.returncode


def read_ends(path):
    """{test: how its parts ended}; a line of the file is "good TEST", "late TEST" or "wrong TEST"."""
    ends = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        kind, _, test = line.partition(" ")
        ends.setdefault(test, set()).add(kind)
    return ends


def try_again(tests, log, ends, name):
    """Each once more, alone. The number that passed."""
    say(f"{name}: {len(tests)} failed by time alone; once more, with nothing beside them")
    text, _ = run_pytest(tests, log, ends, name)
    good = {test for test, kinds in read_ends(ends).items() if kinds == {"good"}}
    for test in tests:
        word = "passed when alone" if test in good else "FAILED again"
        print(f"   {word}: {test.removeprefix(f'{TESTS}/')}", flush=True)
    if len(good) < len(tests):
        print("\n".join(text.splitlines()[-250:]), flush=True)
    return len(good)


def main():
    words, more = sys.argv[1:], []
    if "--" in words:
        more = words[words.index("--") + 1:]
        words = words[:words.index("--")]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=1, metavar="JOBS")
    parser.add_argument("--log", type=pathlib.Path, default=None, metavar="FILE")
    parser.add_argument("path", nargs="+")
    options = parser.parse_args(words)
    paths = [str(pathlib.Path(path).resolve()) for path in options.path]
    name = " ".join(pathlib.Path(path).name for path in paths[:1]) + (f" and {len(paths) - 1} more" if paths[1:] else "")
    with tempfile.TemporaryDirectory(prefix="lbd-suite-") as made:
        directory = pathlib.Path(made)
        log = options.log or directory / "log"
        jobs = ["-n", str(options.n)] if options.n > 1 else []
        text, status = run_pytest([*jobs, *more, *paths], log, directory / "ends", name)
        ends = read_ends(directory / "ends")
        good = sum(kinds == {"good"} for kinds in ends.values())
        again = [test for test, kinds in ends.items() if kinds - {"good"} == {"late"}]
        bad = len(ends) - good - len(again)
        # What pytest could not even read, or what ended it, is no test that ended.
        bad += text.count(" crashed while running ")
        if status > 1 or (status and not bad and not again):
            bad = max(bad, 1)
        if bad:
            print("\n".join(text.splitlines()[-400:]), flush=True)
        if again:
            passed = try_again(again, log.with_suffix(".again.log"), directory / "again", name)
            good, bad = good + passed, bad + len(again) - passed
        print(f"{good} passed, {bad} failed", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
