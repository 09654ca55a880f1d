"""Watching costs next to nothing: two wake-ups and a few bytes each second."""

import time


def switches(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(next(line for line in status if line.startswith("voluntary_ctxt_switches")).split()[1])


def ticks(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def written(pid):
    with open(f"/proc/{pid}/io") as io:
        return int(next(line for line in io if line.startswith("wchar")).split()[1])


def test_idle(lb, screen):
    screen.start("-s", lb.path, width=160, height=50)
    screen.wait("LIVE")
    pid = screen.pid()
    while lb.polls < 3:
        time.sleep(0.05)
    before, cpu, bytes_before = switches(pid), ticks(pid), written(pid)
    time.sleep(10)
    assert switches(pid) - before <= 20
    assert ticks(pid) - cpu <= 5
    assert (written(pid) - bytes_before) / 10 <= 2048
