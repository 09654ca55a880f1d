"""Unknown sequences are swallowed whole, and known ones work under any TERM."""

import pytest


@pytest.mark.parametrize("term", ["vt100", "vt220", "linux", "screen", "tmux", "xterm", "xterm-256color"])
def test_terminals(lb, screen, term):
    screen.start("-s", lb.path, TERM=term)
    screen.wait(r"LIVE 1s")
    screen.wait(r"\ba\s+UP")
    screen.tmux("send-keys", "-t", "t", "-H", "1b", "5b", "34", "7e")  # End as ESC [ 4 ~
    screen.wait(r"^>\s+web")
    screen.tmux("send-keys", "-t", "t", "-H", "1b", "5b", "31", "7e")  # Home as ESC [ 1 ~
    screen.wait(r"^>\S? ?app")
    screen.tmux("send-keys", "-t", "t", "-H", "1b", "5b", "31", "3b", "39", "71")  # unknown
    screen.tmux("send-keys", "-t", "t", "-H", "1b", "5d", "64", "79", "07")  # an OSC with letters in it
    screen.wait(r"^>\S? ?app")
    assert lb.commands == []
    screen.tmux("send-keys", "-t", "t", "-H", "1b", "5b", "32", "31", "7e")  # F10
    screen.wait(r"EXIT=0")
