"""The benchmarks run, compare every body, and give a figure for each goal. What the figures say is not asked here: this
machine may be busy."""
import re
import subprocess
import sys

import pytest
from lbdtest import BUILD, TOP, sanitized

# Under sanitizers only what needs neither strace nor valgrind, which do not go together with them.
PLAIN = ("c64", "new", "post", "body-1m", "latency", "workers")


def run(box, *arguments):
    written = box.path("figures.md")
    written.write_text("# Performance\n\nWhat stands here stays.\n\n## Results\n\nold\n")
    done = subprocess.run([sys.executable, TOP / "tests/bench/bench.py", "--quick", "--rounds", "1", "--seconds", "0.1",
                           *arguments, "--write", written], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=280, check=False, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LBD_BUILD": str(BUILD)})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    text = written.read_text()
    assert text.startswith("# Performance\n\nWhat stands here stays.\n\n## Results\n") and "\nold\n" not in text
    return done.stdout, text


@pytest.mark.timeout(300)
def test_every_row_gives_its_figures(box):
    if sanitized():
        out, text = run(box, *(word for row in PLAIN for word in ("--only", row)))
    else:
        out, text = run(box)
        for title in ("Memory of an idle keep-alive client", "System calls for each exchange", "user instructions"):
            assert title in text
        assert "uploads of 100 MB" in text
    goals = text.partition("### Against what the project wants")[2].partition("###")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| (aim|bar|missed) \|$", goals, re.M)
    assert len(rows) >= (7 if sanitized() else 12), goals
    assert all(re.search(r"\d", cell) for row in rows for cell in row[1:5])
    for kind in ("lbd", "haproxy", "nginx", "relay"):
        assert re.search(rf"^\| {kind} \| [\d,.]+ \([\d,.]+-[\d,.]+\) \|", text, re.M), kind
    assert "pinned to core" in out


def load(box, port, *words):
    return subprocess.run([BUILD / "tests/bench/load", *words, str(port)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)


def test_a_wrong_body_ends_the_comparison(box):
    origin = box.origin("a")
    assert load(box, origin.port, "-t", "50", "-e", "a\n").returncode == 0
    assert load(box, origin.port, "-t", "50", "-g", "/?body=70000", "-b", "70000").returncode == 0
    for words, problem in ((("-e", "b\n"), "a wrong body"), (("-b", "2"), "a wrong body"),
                           (("-g", "/?body=70000", "-b", "70001"), "a wrong body"),
                           (("-g", "/?status=500", "-e", "a\n"), "HTTP/1.1 500"),
                           (("-g", "/?cut=10&body=100", "-b", "100"), "closed by the proxy"),
                           (("-g", "/?reset=0", "-e", "a\n"), "reset")):
        done = load(box, origin.port, "-t", "50", *words)
        assert done.returncode == 1 and problem in done.stderr, (words, done.stderr)


def test_a_stall_shows_in_every_request_that_was_due_meanwhile(box):
    """500 requests a second for a second, and nobody answers for 300 ms of it: 150 were due then, so at least the
    slowest tenth waited long. Counted from when they were sent, it would have been one for each client."""
    import json
    import threading
    import time
    origin = box.origin("a")

    def stall():
        time.sleep(0.3)
        origin.pause()
        time.sleep(0.3)
        origin.resume()
    staller = threading.Thread(target=stall)
    staller.start()
    done = load(box, origin.port, "-c", "4", "-t", "1000", "-r", "500", "-e", "a\n")
    staller.join()
    figures = json.loads(done.stdout)
    assert figures["requests"] == 500
    assert figures["p90"] > 100_000 and figures["p100"] > 250_000, figures
