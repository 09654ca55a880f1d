"""50,000 servers: keys stay quick, memory stays bounded."""

import re
import time

from screen import wait_until


def rss(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1])


def test_huge(lb, screen):
    lb.mode, lb.arg = "huge", 50000
    lb.stat()
    screen.start("-s", lb.path)
    screen.wait(r"Srv 50000: 50000 UP")
    polls = lb.polls
    wait_until(lambda: lb.polls >= polls + 2, 60, "two more polls")
    screen.keys("G")
    screen.wait(r"^>.*app|s49999")
    took = []
    for _ in range(10):
        screen.keys("g")
        screen.wait(r"^>.*app 50000")
        began = time.monotonic()
        screen.keys("j")
        screen.wait(r"^>.*s00000")
        took.append(time.monotonic() - began)
    assert min(took) < 0.2
    assert rss(screen.pid()) < 120 * 1024
    assert re.search(r"LIVE|STALE", screen.capture())
