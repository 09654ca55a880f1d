"""The same cases through lbd, HAProxy and nginx: whatever the others do otherwise has its reason in doc/conformance.md."""
import os
import re
import subprocess
import sys
import time

from lbdtest import BUILD, PACE, TOP, took

SCRIPT = TOP / "tests/support/differential.py"


def test_every_difference_is_explained():
    start = time.monotonic()
    done = subprocess.run([sys.executable, SCRIPT], env={**os.environ, "LBD_BUILD": str(BUILD)}, capture_output=True,
                          text=True, timeout=120 * PACE, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    assert "HAProxy 2.6" in done.stdout and "nginx 1.22" in done.stdout
    took(start, 60)


def test_what_the_page_says_is_made_from_the_reasons():
    """A reason that was changed is on the page; the page has no empty one."""
    sys.path.insert(0, str(SCRIPT.parent))
    from differential_why import INTRO, WHY
    text = (TOP / "doc/conformance.md").read_text()
    assert text.startswith(INTRO)
    reasons = set(WHY.values())
    rows = [line for line in text[len(INTRO):].splitlines() if re.match(r"\| [A-Z]+[0-9]* ", line)]
    assert len(rows) > 100
    for line in rows:
        assert line.rstrip(" |").rsplit(" | ", 1)[1] in reasons, line
