"""global.memory: near it new connections are refused and idle ones closed, and the kernel never has a reason to kill."""
import contextlib
import time

from lbdtest import Client, Failure, sanitized, wait_for

MB = 1 << 20
# What a sanitizer frees it keeps for a while, and its memory says little.
SLACK = (80 if sanitized() else 24) * MB
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 7000 + b"\r\n" + (b"Y: " + b"y" * 7000 + b"\r\n") * 3


def start(box, slack=SLACK, **frontend):
    env = {"ASAN_OPTIONS": "quarantine_size_mb=1"}
    first, origin = box.serve("a", top={"global": {"threads": 2}}, env=env)
    used = int(first.info()["Memory_bytes"])
    assert first.info()["Memmax_bytes"] == "0"
    first.check()
    limit = (used + slack) * 16 // 14
    return box.lbd(box.config({"a": origin}, frontend=frontend, top={"global": {"threads": 2, "memory": limit}}), env=env), limit


def refused(client):
    """Closed at once, without an answer."""
    try:
        client.socket.settimeout(5)
        return not client.more() and not client.buffer
    except ConnectionError:
        return True


def figure(lbd, name):
    return int(lbd.info()[name])


def fill(lbd, stack, busy, most=6000, every=20):
    """Clients that never end their heads, until nobody is let in any more. Meanwhile one is at work."""
    for n in range(most):
        client = stack.enter_context(contextlib.closing(Client(lbd.port)))
        with contextlib.suppress(ConnectionError):
            client.send(HEAD)
        if n % every:
            continue
        assert busy.request().status == 200, "who is at work goes on"
        if figure(lbd, "Memory_refused"):
            return
    raise Failure(f"{most} clients, and nobody was refused: {lbd.info()}")


def test_refused_and_closed_and_back_again(box):
    lbd, limit = start(box)
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(contextlib.closing(Client(lbd.port))) for _ in range(40)]
        for client in idle:
            assert client.request().status == 200
        time.sleep(1.1)
        busy = stack.enter_context(contextlib.closing(Client(lbd.port)))
        assert busy.request().status == 200
        fill(lbd, stack, busy)
        wait_for(lambda: figure(lbd, "Memory_closed"), 10)
        wait_for(lambda: any(refused(client) for client in idle), 10)
        assert lbd.info()["Memmax_bytes"] == str(limit)
        assert int(lbd.stat("web", "FRONTEND")["dses"]) > 0
        assert any(row["reason"] == "memory_limit" for row in lbd.table("show reasons"))
        wait_for(lambda: "near its limit" in lbd.log, 5)
    assert sanitized() or lbd.rss("VmHWM") < limit

    def served():
        with Client(lbd.port) as client, contextlib.suppress(OSError, Failure):
            return client.request().status == 200
    if not sanitized():
        wait_for(served, 20, "a connection to be served again")
        wait_for(lambda: "memory again" in lbd.log, 10)


def test_those_who_are_in_already_do_not_exceed_it(box):
    """Each connection came when there was room; then all fill what they may."""
    lbd, limit = start(box)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(contextlib.closing(Client(lbd.port))) for _ in range(3000)]
        for client in clients:
            with contextlib.suppress(ConnectionError):
                client.send(HEAD)
        wait_for(lambda: figure(lbd, "Memory_closed") > 100, 20)
        assert sanitized() or lbd.rss("VmHWM") < limit
        assert lbd.running


def test_a_limit_that_is_used_up_at_the_start(box):
    config = box.config({"a": f"127.0.0.1:{box.dead_port()}"}, top={"global": {"memory": "1m"}})
    lbd = box.lbd(config, wait=False)
    lbd.expect_exit = 1
    assert lbd.wait() == 1
    assert "global.memory is 1048576 bytes, but the process has" in lbd.log
