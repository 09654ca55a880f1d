"""No colour where none is wanted; then every state is still a word."""

import re

import pytest

COLOUR = re.compile(r"\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[\d;]*)?m")


@pytest.mark.parametrize("args,env", [((), {"NO_COLOR": "1"}), (("--color=never",), {}), ((), {"TERM": "vt100"})])
def test_none(lb, screen, args, env):
    lb.server("app/b").status = "DOWN"
    screen.start("-s", lb.path, *args, **env)
    screen.wait(r"\bb\s+DOWN")
    assert not COLOUR.search(screen.capture("-e"))


def test_some_and_never_a_background(lb, screen):
    lb.server("app/b").status = "DOWN"
    screen.start("-s", lb.path)
    screen.wait(r"\bb\s+DOWN")
    text = screen.capture("-e")
    assert COLOUR.search(text)
    assert not re.search(r"\x1b\[(?:[\d;]*;)?(?:4[0-8]|10[0-7])(?:;[\d;]*)?m", text)


def test_always_beats_no_color(lb, screen):
    screen.start("-s", lb.path, "--color=always", NO_COLOR="1")
    screen.wait(r"\bb\s+UP")
    assert COLOUR.search(screen.capture("-e"))
