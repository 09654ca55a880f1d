"""A daemon that does not answer never makes a key wait."""

import time

import pytest

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
        screen.wait(r"STALE \d+s", timeout=6)
    start = cursor_row(screen)
    began = time.monotonic()
    screen.keys(*["j"] * 7)
    wait_until(lambda: cursor_row(screen) == start + 7, 1)
    assert time.monotonic() - began < 0.5
    screen.keys("q")
    screen.wait_exit(0, timeout=1)


def test_a_stall_ends(lb, screen):
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    lb.mode = "stall"
    screen.wait(r"STALE \d+s", timeout=6)
    screen.wait(r"\ba\s+UP")
    lb.mode = "ok"
    screen.wait("LIVE", timeout=8)
