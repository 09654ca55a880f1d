"""Ctrl-Z hands the terminal to the shell, fg takes it again at its new size."""


def test_suspend(lb, screen):
    screen.run("env -i PATH=/usr/bin:/bin TERM=xterm-256color LC_ALL=C.UTF-8 PS1='PROMPT ' bash --norc --noprofile -i")
    screen.wait("PROMPT")
    from screen import LBTOP
    screen.text(f"{LBTOP} -s {lb.path}")
    screen.keys("Enter")
    screen.wait("LIVE")
    screen.keys("C-z")
    screen.wait("Stopped")
    assert screen.is_restored()
    screen.resize(100, 30)
    screen.text("fg")
    screen.keys("Enter")
    screen.wait("LIVE")
    assert screen.show("alternate_on") == "1"
    assert len(screen.capture().splitlines()[0]) > 90
    screen.keys("C-z")
    screen.wait("Stopped")
    screen.text("fg")
    screen.keys("Enter")
    screen.wait("LIVE")
    screen.keys("q")
    screen.wait(r"^PROMPT *$")
    assert screen.is_restored()
