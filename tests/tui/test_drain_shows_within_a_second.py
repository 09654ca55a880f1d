"""A change made by a script is on the screen within a second, and in the events."""

import time


def test_drain_by_a_script(lb, screen):
    screen.start("-s", lb.path)
    screen.wait(r"a\s+UP")
    lb.server("app/a").admin = "drain"
    changed = time.monotonic()
    screen.wait(r"a\s+DRAIN", timeout=3)
    assert time.monotonic() - changed < 1.3
    screen.wait(r"app/a UP -> DRAIN  \(not by me\)")
    screen.wait(r"1 DRAIN")
