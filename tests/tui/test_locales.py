"""The C locale, and a broken one, get ASCII; UTF-8 gets blocks."""

import pytest


@pytest.mark.parametrize("locale", ["C", "bogus"])
def test_ascii(lb, screen, locale):
    screen.start("-s", lb.path, LC_ALL=locale)
    screen.wait(r"\ba\s+UP\s+ok\s+100 .* 10 ")
    screen.wait(r"api-\w+~\w+")
    assert max(screen.capture()) <= "\x7e"


def test_utf8(lb, screen):
    screen.start("-s", lb.path)
    screen.wait("\u251c\u2500a")
    screen.wait("\u2026")


def test_forced(lb, screen):
    screen.start("-s", lb.path, "--ascii")
    screen.wait(r"\|-a")
    assert max(screen.capture()) <= "\x7e"


def test_utf8_forced_in_c(lb, screen):
    screen.start("-s", lb.path, "--utf8", LC_ALL="C")
    screen.wait("\u251c\u2500a")
