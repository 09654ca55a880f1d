"""lbtop drain, maint, ready and weight from a script."""

import subprocess

from screen import LBTOP


def run(lb, *args):
    return subprocess.run([LBTOP, "-s", lb.path, *args], capture_output=True, text=True, timeout=20, check=False)


def test_drain_and_ready(lb):
    done = run(lb, "drain", "app/a", "app/c")
    assert done.returncode == 0, done.stderr
    assert lb.server("app/a").admin == lb.server("app/c").admin == "drain"
    assert run(lb, "ready", "app/a").returncode == 0
    assert lb.server("app/a").admin == "ready"
    assert run(lb, "maint", "app/b").returncode == 0
    assert lb.server("app/b").admin == "maint"


def test_weight(lb):
    assert run(lb, "weight", "app/a", "50%").returncode == 0
    assert lb.server("app/a").weight == 50
    assert run(lb, "weight", "app/a", "+7").returncode == 0
    assert lb.server("app/a").weight == 57
    assert run(lb, "weight", "app/a", "999").returncode == 1


def test_the_last_one_needs_yes(lb):
    for name in "bcd":
        lb.server(f"app/{name}").status = "DOWN"
    done = run(lb, "drain", "app/a")
    assert done.returncode == 1 and "--yes" in done.stderr and lb.commands == []
    assert run(lb, "--yes", "drain", "app/a").returncode == 0
    assert lb.server("app/a").admin == "drain"


def test_refusals(lb):
    assert run(lb, "drain", "app/nobody").returncode == 1
    lb.mode = "refuse"
    done = run(lb, "drain", "app/a")
    assert done.returncode == 1 and "refused: No such thing" in done.stderr and "\x1b" not in done.stderr
    lb.mode = "deny"
    done = run(lb, "drain", "app/a")
    assert done.returncode == 1 and "Permission denied" in done.stderr
    lb.gone()
    assert run(lb, "drain", "app/a").returncode == 2
