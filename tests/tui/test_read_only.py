"""Without the right to change things lbtop says so and explains."""


def test_level_user(lb, screen):
    lb.mode = "deny"
    screen.start("-s", lb.path)
    screen.wait("READ-ONLY")
    screen.keys("j", "d")
    screen.wait("read-only: the socket's level is user; admin is needed")
    assert lb.commands == []


def test_permission_denied_at_first_try(lb, screen):
    screen.start("-s", lb.path, "-i", "10")
    screen.wait(r"^.*app .*UP")
    screen.keys("j")
    lb.mode = "deny"
    screen.keys("]")
    screen.wait("refused: Permission denied")
    screen.keys("C-r")
    screen.wait("READ-ONLY")


def test_option(lb, screen):
    screen.start("-s", lb.path, "--read-only")
    screen.wait("READ-ONLY")
    screen.keys("j", "m")
    screen.wait("started with --read-only")


def test_refused(lb, screen):
    lb.mode = "refuse"
    screen.start("-s", lb.path)
    screen.wait("LIVE")
    screen.keys("j", "]")
    screen.wait(r"weight app/a: refused: No such thing \?\[31m here\.")
