"""TERM, INT, HUP, QUIT and faults give the terminal back, with the exit status of the signal."""

import os
import signal

import pytest


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "SEGV", "ABRT", "BUS", "FPE", "ILL"])
def test_signal(lb, screen, name):
    number = getattr(signal, f"SIG{name}")
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    assert screen.show("alternate_on") == "1"
    os.kill(screen.pid(), number)
    screen.wait_exit(128 + number)


@pytest.mark.parametrize("key", ["q", "F10", "C-c"])
def test_keys_quit_with_0(lb, screen, key):
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    screen.keys(key)
    screen.wait_exit(0)


def test_storm_of_signals(lb, screen):
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    pid = screen.pid()
    for _ in range(200):
        os.kill(pid, signal.SIGWINCH)
        os.kill(pid, signal.SIGCONT)
    screen.wait("LIVE")
    screen.keys("q")
    screen.wait_exit(0)
