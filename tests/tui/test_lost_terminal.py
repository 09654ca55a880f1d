"""When the terminal goes away, so does lbtop."""

import os

from screen import wait_until


def test_killed_session(lb, screen):
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    pid = screen.pid()
    screen.tmux("kill-session", "-t", "t")
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), what="the end of lbtop")
