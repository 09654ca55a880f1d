"""Hostile text from the daemon reaches neither the terminal nor a command."""


def test_evil(lb, screen):
    lb.mode = "evil"
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    screen.wait(r"\bb\s+UP")
    title = screen.show("pane_title")
    screen.keys("j", "j")
    screen.wait(r"red")
    assert screen.show("pane_title") == title and "OWNED" not in title
    for char in screen.capture():
        assert char == "\n" or char >= " "
        assert not 0x7f <= ord(char) < 0xa0
        assert char not in "\u202e\u200b"


def test_a_name_cannot_carry_a_command(lb, screen):
    lb.mode = "evil"
    screen.start("-s", lb.path)
    screen.wait(r"LIVE")
    screen.keys("j")
    screen.wait(r"^>.*a;disa")
    screen.keys("d")
    screen.wait(r"cannot be used in a command")
    assert lb.commands == []


def test_drifted_columns(lb, screen):
    lb.mode = "cols"
    screen.start("-s", lb.path)
    screen.wait(r"\ba\s+UP\s+ok\s+100 .* 10 ")


def test_cut_answers(lb, screen):
    screen.start("-s", lb.path, "-i", "0.2")
    screen.wait(r"\ba\s+UP\s+ok\s+100 .* 10 ")
    lb.mode = "half"
    screen.wait(r"1 rows incomplete")
    screen.wait(r"web\s+OPEN")
    assert "GONE" not in screen.capture()
