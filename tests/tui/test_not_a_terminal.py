"""Without a terminal lbtop prints and ends; the exit code says what it found."""

import csv
import io
import json
import subprocess

import pytest
from screen import LBTOP


def once(*args, **kwargs):
    return subprocess.run([LBTOP, *args], capture_output=True, text=True, timeout=10, check=False, **kwargs)


def test_pipe_is_once(lb):
    done = once("-s", lb.path)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "app/a" in done.stdout and "UP" in done.stdout


def test_environment_names_the_socket(lb):
    assert once(env={"LBD_SOCKET": lb.path}).returncode == 0


def test_trouble_is_1(lb):
    lb.server("app/b").status = "DOWN"
    assert once("--once", "-s", lb.path).returncode == 1
    lb.server("app/b").admin = "maint"
    assert once("--once", "-s", lb.path).returncode == 0
    lb.server("app/a").fields["brk_state"] = "open"
    assert once("--once", "-s", lb.path).returncode == 1


@pytest.mark.parametrize("args", [["--once"], ["--once", "--format=json"], ["--once", "--format=csv"], ["--help"]])
def test_output_that_cannot_be_written_is_4(lb, args):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([LBTOP, *args, "-s", lb.path], stdout=full, stderr=subprocess.PIPE, text=True, timeout=10,
                              check=False)
    assert done.returncode == 4 and "standard output" in done.stderr


def test_unreachable_is_2(lb):
    lb.gone()
    done = once("-s", lb.path)
    assert done.returncode == 2 and "no such socket" in done.stderr
    assert done.stdout == ""


def test_stall_is_2(lb):
    lb.mode = "stall"
    done = once("-s", lb.path)
    assert done.returncode == 2 and "no answer" in done.stderr


def test_usage_is_3():
    for args in (["--bogus"], ["-i", "x"], ["--frame", "0x0", "--from", "x"], ["drain"], ["drain", "a"],
                 ["weight", "a/b"], ["frob", "a/b"], ["--format=xml"], ["-s"]):
        done = once(*args)
        assert done.returncode == 3, args
        assert "lbtop: " in done.stderr and done.stdout == ""


def test_no_tty_on_stdin(lb, screen):
    screen.start("-s", lb.path, "</dev/null")
    screen.wait(r"standard input is not a terminal")
    screen.wait(r"EXIT=4")


def test_formats(lb):
    rows = list(csv.DictReader(io.StringIO(once("--once", "--format=csv", "-s", lb.path).stdout)))
    assert {row["svname"] for row in rows} >= {"a", "b", "FRONTEND", "BACKEND"}
    data = json.loads(once("--once", "--format=json", "-s", lb.path).stdout)
    assert data["schema"] == 1 and data["daemon"]["pid"] == 4711 and data["trouble"] == []
    assert next(row for row in data["rows"] if row["svname"] == "a")["weight"] == 100


def test_evil_formats(lb):
    lb.mode = "evil"
    done = once("--once", "--format=json", "-s", lb.path)
    assert "\x1b" not in done.stdout
    json.loads(done.stdout)
