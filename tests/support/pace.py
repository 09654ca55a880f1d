#!/usr/bin/env python3
"""How much slower this machine is now than an idle one of two cores, for which the deadlines of the tests are written.

The program prints the factor, 1.0 to 20.0. The suites take it from $LBD_PACE, so that all of a run use one: a test waits
for a condition up to its deadline times the factor. A deadline that is simply long would hide what hangs.
"""
import os
import subprocess
import sys
import time

ROUNDS = 5
IDLE = 0.040  # seconds that a round takes on an idle machine of two cores
MOST = 20.0


def work():
    """What tests do: start programs and wait for them, and compute a little."""
    for _ in range(4):
        subprocess.run(["true"], check=True)
    sum(number * number for number in range(600_000))


def measure():
    """The factor, from the median of some rounds on each core at a time: one lucky round says nothing."""
    children = []
    for _ in range((os.cpu_count() or 1) - 1):
        child = os.fork()
        if child == 0:
            for _ in range(ROUNDS):
                work()
            os._exit(0)
        children.append(child)
    took = []
    for _ in range(ROUNDS):
        start = time.monotonic()
        work()
        took.append(time.monotonic() - start)
    for child in children:
        os.waitpid(child, 0)
    return min(MOST, max(1.0, sorted(took)[ROUNDS // 2] / IDLE))


def factor():
    """Of this run; measured at the first call when nobody has said it."""
    if "LBD_PACE" not in os.environ:
        os.environ["LBD_PACE"] = f"{measure():.1f}"
    return float(os.environ["LBD_PACE"])


if __name__ == "__main__":
    print(f"{measure():.1f}")
    sys.exit(0)
