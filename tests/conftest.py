"""Fixtures of all black-box suites."""
import pathlib
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
