"""Sizes down to 1x1: alive, the first row readable, q quits."""

import pytest

from screen import wait_until


@pytest.mark.parametrize("width,height", [(1, 1), (5, 2), (20, 3), (20, 5), (40, 10)])
def test_tiny(lb, screen, width, height):
    screen.start("-s", lb.path, width=width, height=height)
    wait_until(lambda: lb.polls >= 2, what="two polls")
    first = screen.capture().splitlines()[0]
    if width >= 20:
        assert "srv" in first or "lbtop" in first
    else:
        assert first.startswith("6"[:width])
    screen.keys("d", "j", "k", "?", "?")
    screen.keys("q")
    screen.resize(80, 24)
    screen.wait(r"EXIT=0")
