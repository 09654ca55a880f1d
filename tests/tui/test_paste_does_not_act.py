"""A paste is not a decision: bracketed or raw, nothing is sent."""

import time

from screen import wait_until


def test_bracketed(lb, screen):
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    screen.keys("j")
    screen.paste("dddyqmy", bracketed=True)
    screen.wait("paste ignored")
    polls = lb.polls
    wait_until(lambda: lb.polls > polls)
    assert lb.commands == []
    assert "LIVE" in screen.capture()


def test_raw(lb, screen):
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    screen.keys("j")
    screen.wait(r"^>.*\ba\s+UP")
    screen.paste("dy", bracketed=False)
    screen.wait(r"\[y\] yes")
    time.sleep(0.3)
    assert lb.commands == []
    assert "[y] yes" in screen.capture()
