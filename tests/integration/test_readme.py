"""The configuration and the lines of README.md work as they stand there, but for addresses and paths of this test."""
import re
import subprocess

import pytest
from lbdtest import LBTOP, PACE, TOP, Client, wait_for

README = (TOP / "README.md").read_text()
BLOCKS = re.findall(r"```\n(.*?)```", README, re.S)


def start(box):
    text = next(block for block in BLOCKS if block.startswith("global"))
    port, servers = box.port(), box.origins("a", "b")
    for written, server in zip(("10.0.0.11:8080", "10.0.0.12:8080"), servers):
        text = text.replace(written, server.address)
    # As on a fresh machine, the directory of the socket is not there yet.
    return box.lbd(text.replace("*:8080", f"127.0.0.1:{port}").replace("/run/lbd/", f"{box.path('run')}/"))


def test_the_configuration_starts_and_serves(box):
    lbd = start(box)
    wait_for(lambda: all(lbd.stat("app", name)["status"] == "UP" for name in "ab"), what="both servers to be UP")
    with Client(lbd.port) as client:
        assert [client.request().status for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("line", [line for block in BLOCKS for line in block.splitlines() if "| socat - " in line])
def test_a_line_with_socat(box, line):
    lbd = start(box)
    command = line.replace("/run/lbd/lbd.sock", lbd.stats_path)
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=30 * PACE, check=True)
    assert done.stdout.startswith("# pxname") if "show" in line else done.stdout == "\n", done.stdout


@pytest.mark.parametrize("line", [line for block in BLOCKS for line in block.splitlines() if line.startswith("lbtop ")])
def test_a_line_with_lbtop(box, line):
    words = line.partition("#")[0].split()[1:]  # none: without a terminal, as --once
    lbd = start(box)
    wait_for(lambda: all(lbd.stat("app", name)["status"] == "UP" for name in "ab"), what="both servers to be UP")
    done = subprocess.run([LBTOP, "-s", lbd.stats_path, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=30 * PACE, check=False)
    assert done.returncode == 0, done.stderr
