"""A daemon that stops, is reloaded or resets its counters: the table stays, with its age, and comes alive again."""

import re

from screen import wait_until


def test_gone_and_back(lb, screen):
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    lb.gone()
    screen.wait(r"RETRY in \ds \(no such socket\)")
    screen.wait(r"\ba\s+UP")
    screen.wait(r"! socket connection lost: no such socket")
    lb.back()
    screen.wait("LIVE")
    screen.wait(r"socket connection is back")


def test_start_without_a_daemon(lb, screen):
    lb.gone()
    screen.start("-s", lb.path)
    screen.wait(r"RETRY in \ds \(no such socket\)")
    screen.wait(r"waiting for /")
    lb.back()
    screen.wait("LIVE")


def test_reload_is_an_event_and_no_connection_stays(lb, screen):
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    lb.reload()
    screen.wait(r"daemon restarted: pid 4711 -> 4712")
    screen.wait(r"pid 4712")
    wait_until(lambda: lb.open == 0, what="no connection between polls")
    lb.generation += 1
    screen.wait(r"daemon reloaded: generation 1 -> 2")


def test_counter_reset_is_no_spike(lb, screen):
    lb.epoch -= 100000
    screen.start("-s", lb.path, "-i", "0.2")
    screen.wait(r"\ba\s+UP\s+ok\s+100 \[.*\]\s+0\s+1[0-4]\s")
    lb.reset()
    polls = lb.polls
    while lb.polls < polls + 5:
        for rate in re.findall(r"\ba\s+UP\s+ok\s+100 \[.*\]\s+0\s+(\S+) ", screen.capture()):
            assert re.fullmatch(r"[\d.]+", rate) is None or float(rate) < 100, rate


def test_backlog_full(lb, screen):
    lb.block()
    screen.start("-s", lb.path)
    screen.wait(r"backlog full")
    screen.keys("?")
    screen.wait("keys and columns")
