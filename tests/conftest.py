"""Fixtures of all black-box suites."""
import os
import pathlib
import socket
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))
import lbdtest  # noqa: E402


@pytest.fixture
def box():
    """A Sandbox: whatever it starts is stopped and checked at the end of the test."""
    sandbox = lbdtest.Sandbox()
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def shared_box():
    """The same for all tests of a file, for tables of cases that one daemon can answer."""
    sandbox = lbdtest.Sandbox()
    yield sandbox
    sandbox.close()


def _is_late(error):
    """By time alone: a deadline of the harness, a read that waited, a program that did not end, pytest's own limit."""
    timed = isinstance(error, (lbdtest.Late, socket.timeout, subprocess.TimeoutExpired))
    return timed or (isinstance(error, pytest.fail.Exception) and str(error).startswith("Timeout >"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Tells suite.py how each part of a test ended: one line, so that several processes can write at a time."""
    report = (yield).get_result()
    if "LBD_ENDS" in os.environ:
        kind = "good" if report.passed else "late" if report.failed and _is_late(call.excinfo.value) else "wrong"
        with open(os.environ["LBD_ENDS"], "a", encoding="utf-8") as file:
            file.write(f"{kind} {item.path}::{item.nodeid.partition('::')[2]}\n")
