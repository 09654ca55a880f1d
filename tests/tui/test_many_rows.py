"""50,000 servers: keys stay quick, memory stays bounded."""

import re
import time

from lbdtest import in_time
from screen import LBTOP, wait_until

RSS_KB = 120 * 1024
# AddressSanitizer keeps 256 MB of freed memory, and shadows all of it.
RSS_SANITIZED_KB = RSS_KB + 400 * 1024


def rss(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1])


def rss_limit():
    with open(LBTOP, "rb") as program:
        return RSS_SANITIZED_KB if b"__asan_init" in program.read() else RSS_KB


def test_huge(lb, screen):
    lb.mode, lb.arg = "huge", 50000
    lb.stat()
    screen.start("-s", lb.path)
    screen.wait(r"Srv 50000: 50000 UP")
    polls = lb.polls
    wait_until(lambda: lb.polls >= polls + 2, what="two more polls")
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
    in_time(min(took), 0.2)
    assert rss(screen.pid()) < rss_limit()
    assert re.search(r"LIVE|STALE", screen.capture())
