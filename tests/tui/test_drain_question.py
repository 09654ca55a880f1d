"""d asks: the exact command, the effect, and no as the default."""

import time

import pytest

from screen import wait_until


def ask(screen, key="d"):
    screen.wait(r"app .*UP")
    screen.keys("j")
    screen.wait(r"^>.*\ba\s+UP")
    screen.keys(key)
    screen.wait(r"\[y\] yes")
    time.sleep(0.2)  # the question is deaf for 150 ms, by design


def test_yes_sends_and_is_verified(lb, screen):
    screen.start("-s", lb.path)
    ask(screen)
    screen.wait(r"! drain app/a\?  usable 4 -> 3 of 4, capacity -40%, 5 sessions finish")
    screen.wait(r"> set server app/a state drain")
    screen.keys("y")
    screen.wait(r"a\s+DRAIN")
    screen.wait(r"drain app/a: ok")
    screen.wait(r"app/a UP -> DRAIN  by you")
    assert lb.commands == ["set server app/a state drain"]
    screen.keys("r")
    screen.wait(r"^>.*\ba\s+UP")
    assert lb.commands[1:] == ["set server app/a state ready"]


@pytest.mark.parametrize("key", ["Enter", "n", "Escape", "Space", "j", "q", "C-c"])
def test_everything_else_is_no(lb, screen, key):
    screen.start("-s", lb.path)
    ask(screen, "m")
    screen.keys(key)
    screen.wait_not(r"\[y\] yes")
    screen.wait(r"not sent")
    assert lb.commands == []
    screen.keys("q")
    screen.wait_exit(0)


def test_the_last_usable_server_wants_the_backends_name(lb, screen):
    for name in "bcd":
        lb.server(f"app/{name}").status = "DOWN"
    screen.start("-s", lb.path)
    screen.wait(r"app 1/4")
    screen.keys("j")
    screen.wait(r"^>.*\ba\s+UP")
    screen.keys("d")
    screen.wait(r"usable 1 -> 0 of 4: THE LAST ONE of app")
    screen.wait(r"type app and Enter")
    time.sleep(0.2)
    screen.keys("y", "Enter")
    screen.wait(r"not sent: the name did not match")
    assert lb.commands == []
    screen.keys("d")
    screen.wait(r"type app and Enter")
    time.sleep(0.2)
    screen.text("app")
    screen.keys("Enter")
    screen.wait(r"^>.*\ba\s+DRAIN")


def test_a_target_that_changes_is_asked_about_again(lb, screen):
    screen.start("-s", lb.path, "-i", "0.2")
    ask(screen)
    for name in "bcd":
        lb.server(f"app/{name}").status = "DOWN"
    screen.wait(r"THE LAST ONE of app")
    screen.keys("y")
    wait_until(lambda: lb.polls > 5)
    assert lb.commands == []
