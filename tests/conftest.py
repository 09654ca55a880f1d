"""Fixtures of all black-box suites."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))
import lbdtest  # noqa: E402


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, "report_" + call.when, outcome.get_result())


@pytest.fixture
def box(request):
    """A Sandbox: whatever it starts is stopped and checked at the end of the test."""
    sandbox = lbdtest.Sandbox()
    yield sandbox
    report = getattr(request.node, "report_call", None)
    sandbox.close(keep=bool(report and report.failed))
