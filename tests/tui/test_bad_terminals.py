"""A terminal that lbtop cannot use: one line, exit 4, no escapes."""

import pytest


@pytest.mark.parametrize("term", ["dumb", "no-such-terminal", "", None])
def test_refused(lb, screen, term):
    screen.start("-s", lb.path, TERM=term)
    screen.wait("EXIT=4")
    lines = screen.capture().splitlines()
    assert lines[0].startswith("lbtop: ") and "--once" in " ".join(lines[:2])
    assert screen.show("alternate_on") == "0"
