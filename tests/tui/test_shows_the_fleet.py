"""Frontends, backends and servers with state, weight, sessions, request rate and errors, live."""


def test_table(lb, screen):
    screen.start("-s", lb.path)
    screen.wait(r"LIVE 1s")
    screen.wait(r"app 4/4 usable\s+UP\s+")
    screen.wait(r"a\s+UP\s+ok\s+100 \[.* 5/200\]\s+0\s+10 ")
    screen.wait(r"web\s+OPEN")
    screen.wait(r"lbtop  lb1 pid 4711 up \d+s")
    screen.wait(r"Srv 6: 6 UP")


def test_a_haproxy_without_own_columns_looks_right(lb, screen):
    lb.own = False
    screen.start("-s", lb.path)
    screen.wait(r"a\s+UP\s+100 \[.* 5/200\]")
    assert "BRK" not in screen.capture() and "P99" not in screen.capture()
