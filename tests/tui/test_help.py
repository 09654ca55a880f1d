"""The help on the screen, --help and the manual tell of the same options and keys."""

import os
import re
import subprocess

from screen import LBTOP, TESTS

SOURCE = os.path.join(TESTS, "..", "..")


def helptext():
    return subprocess.run([LBTOP, "--help"], capture_output=True, text=True, check=True).stdout


def test_screen(lb, screen):
    screen.start("-s", lb.path, width=100, height=60)
    screen.wait("LIVE")
    screen.keys("?")
    screen.wait("lbtop: keys and columns")
    text = screen.capture()
    with open(os.path.join(SOURCE, "tui/view/keys.def")) as keys:
        rows = re.findall(r'^KEY\(.*"(.*)"\)$', keys.read(), re.M)
    assert len(rows) > 20
    for row in rows:
        assert row in text and row in helptext()
    screen.keys("q")
    screen.wait("LIVE")


def test_manual_has_the_options_of_help():
    with open(os.path.join(SOURCE, "doc/lbtop.1")) as manual:
        page = manual.read().replace("\\-", "-")
    options = set(re.findall(r"--[a-z0-9-]+", helptext().split("Keys:")[0]))
    assert len(options) > 10
    assert options == set(re.findall(r"--[a-z0-9-]+", page))


def test_version():
    text = subprocess.run([LBTOP, "-V"], capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"lbtop \d+\.\d+\.\d+\n", text)
