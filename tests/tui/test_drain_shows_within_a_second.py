"""A change made by a script is on the screen within a second, and in the events."""

import time

from lbdtest import in_time


def test_drain_by_a_script(lb, screen):
    screen.start("-s", lb.path)
    screen.wait(r"a\s+UP")
    took = []
    for _ in range(5):
        lb.server("app/a").admin = "drain"
        changed = time.monotonic()
        screen.wait(r"a\s+DRAIN")
        took.append(time.monotonic() - changed)
        screen.wait(r"1 DRAIN")
        lb.server("app/a").admin = "ready"
        screen.wait(r"a\s+UP")
    # Half of the tries, since tmux and this program may be kept waiting for the processor.
    in_time(sorted(took)[2], 1.3)
    screen.wait(r"app/a UP -> DRAIN  \(not by me\)")
