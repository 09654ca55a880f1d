"""w asks for a weight; one above 0 is sent without a question, 0 is asked about."""

import time


def test_weights(lb, screen):
    screen.start("-s", lb.path)
    screen.wait(r"app .*UP")
    screen.keys("j")
    screen.wait(r"^>.*\ba\s+UP")
    screen.keys("w")
    screen.wait(r"weight of app/a")
    screen.text("50")
    screen.keys("Enter")
    screen.wait(r"^>.*\ba\s+UP\s+ok\s+50 ")
    screen.keys("w")
    screen.text("+5")
    screen.keys("Enter")
    screen.wait(r"^>.*\ba\s+UP\s+ok\s+55 ")
    screen.keys("w")
    screen.text("=")
    screen.keys("Enter")
    screen.wait(r"^>.*\ba\s+UP\s+ok\s+100 ")
    screen.keys("w")
    screen.text("0")
    screen.keys("Enter")
    screen.wait(r"weight app/a\?")
    time.sleep(0.2)
    screen.keys("Enter")
    screen.wait(r"not sent")
    assert lb.commands == [f"set server app/a weight {w}" for w in ("50", "55", "100%")]
