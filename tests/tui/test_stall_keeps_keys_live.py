"""A daemon that does not answer never makes a key wait."""

import time

import pytest

from lbdtest import in_time
from screen import wait_until


def cursor_row(screen):
    for number, line in enumerate(screen.capture().splitlines()):
        if line.startswith(">"):
            return number
    return None


@pytest.mark.parametrize("mode,arg", [("stall", 0), ("slow", 900), ("trickle", 0)])
def test_keys(lb, screen, mode, arg):
    screen.start("-s", lb.path)
    screen.wait(r"web\s+OPEN")
    lb.mode, lb.arg = mode, arg
    if mode == "stall":
        screen.wait(r"STALE \d+s")
    start = cursor_row(screen)
    took = []
    for _ in range(5):
        began = time.monotonic()
        screen.keys(*["j"] * 7)
        wait_until(lambda: cursor_row(screen) == start + 7)
        took.append(time.monotonic() - began)
        screen.keys("g")
        wait_until(lambda: cursor_row(screen) == start)
    in_time(min(took), 0.5)
    screen.keys("q")
    screen.wait_exit(0)


def test_a_stall_ends(lb, screen):
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    lb.mode = "stall"
    screen.wait(r"STALE \d+s")
    screen.wait(r"\ba\s+UP")
    lb.mode = "ok"
    screen.wait("LIVE")
