"""Any size, in any order: the last frame is the frame of a fresh start at that size."""

import re


def masked(text):
    text = re.sub(r"\w{3} \d\d:\d\d:\d\d", "CLOCK", text)
    return re.sub(r"\[[^]]*\]|up \S+|[\d.]+[kM]?|[_\u2581-\u2588]", "#", text)


def test_storm(lb, screen, tmp_path):
    from screen import Screen
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    for step in range(10):
        screen.resize(40 + step * 12, 10 + step * 3)
    for width, height in ((160, 50), (30, 8), (1, 1), (80, 24)):
        screen.resize(width, height)
    screen.wait(r"Z Pause F10Quit")
    fresh = Screen(tmp_path)
    try:
        fresh.start("-s", lb.path)
        fresh.wait(r"Z Pause F10Quit")
        fresh.wait(r"\ba\s+UP\s+ok\s+100 .* 10 ")
        screen.wait(r"\ba\s+UP\s+ok\s+100 .* 10 ")
        one = [re.sub(r"#+|\s+", " ", line) for line in masked(screen.capture()).splitlines()[2:]]
        two = [re.sub(r"#+|\s+", " ", line) for line in masked(fresh.capture()).splitlines()[2:]]
        assert one == two
    finally:
        fresh.stop()
