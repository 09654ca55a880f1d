"""lbtop --once tells scripts when clients are not served, whoever is the cause."""
import subprocess

from lbdtest import LBTOP, PACE, http


def once(lbd):
    done = subprocess.run([LBTOP, "-s", lbd.stats_path, "--once", "--format=json"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=20 * PACE, check=False)
    return done.returncode, done.stdout


def test_a_backend_without_a_usable_server_is_trouble(box):
    lbd, *_ = box.serve("a", "b")
    assert once(lbd)[0] == 0
    lbd.act("set server app/a state drain")
    assert http(lbd.port).status == 200 and once(lbd)[0] == 0
    lbd.act("set server app/b state drain")
    assert http(lbd.port).status == 503
    status, said = once(lbd)
    assert status == 1 and '"trouble":["app/BACKEND"]' in said
