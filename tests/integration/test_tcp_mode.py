"""mode = "tcp": bytes in, bytes out, and the end of each direction by itself."""
import threading

import pytest
from attempts import Logged
from lbdtest import Client, pattern, wait_for


def serve(box, *names, **more):
    origins = [box.origin(name, echo=True) for name in names]
    config = box.config({origin.title: origin for origin in origins}, backend=more.get("backend"),
                        top={"defaults": {"mode": "tcp", **more.get("defaults", {})}})
    return box.lbd(config), *origins


@pytest.mark.parametrize("size", [1, 65536, 5_000_000])
def test_bytes_and_half_close(box, size):
    lbd, _ = serve(box, "a")
    with Client(lbd.port) as client:
        def write():
            client.send(pattern(size)).half_close()
        writer = threading.Thread(target=write)
        writer.start()
        assert client.rest() == pattern(size)
        writer.join()


def test_server_speaks_first(box):
    def greet(client, _number):
        client.send(b"220 hello\r\n")
        assert client.until(b"\r\n") == b"quit\r\n"
    scripted = box.scripted(greet)
    lbd = box.lbd(box.config({"s": scripted}, top={"defaults": {"mode": "tcp"}}))
    with Client(lbd.port) as client:
        assert client.until(b"\r\n") == b"220 hello\r\n"
        client.send(b"quit\r\n")
        assert client.closed()
    assert scripted.errors == []


def test_connections_are_shared_out(box):
    lbd, *origins = serve(box, "a", "b")
    for _ in range(10):
        with Client(lbd.port) as client:
            assert client.send(b"x").need(1) == b"x"
    assert [lbd.stat("app", name)["stot"] for name in "ab"] == ["5", "5"]


def test_refused_server_is_replaced(box):
    a = box.origin("a", echo=True)
    lbd = box.lbd(box.config({"dead": f"127.0.0.1:{box.dead_port()}", "a": a}, top={"defaults": {"mode": "tcp"}}))
    for _ in range(6):
        with Client(lbd.port) as client:
            assert client.send(b"x").need(1) == b"x"


def test_no_server_and_a_client_that_does_not_close(box):
    """It is waited for as after any last answer: timeouts.client is for who may still be served."""
    lbd = box.lbd(box.config({"a": "127.0.0.1:1"}, top={"defaults": {
        "mode": "tcp", "timeouts": {"client": "20s", "client_fin": "300ms"}}}))
    lbd.act("disable server app/a")
    with Client(lbd.port) as client:
        assert client.closed()
        wait_for(lambda: lbd.info()["CurrConns"] == "0", deadline=3)


def test_no_server_closes_the_connection(box):
    lbd = box.lbd(box.config({"dead": f"127.0.0.1:{box.dead_port()}"}, backend={"retry": {"connect_for": 0}},
                             top={"defaults": {"mode": "tcp"}}))
    with Client(lbd.port) as client:
        assert client.closed()


def test_client_reset_reaches_the_server(box):
    lbd, a = serve(box, "a")
    client = Client(lbd.port)
    assert client.send(b"x").need(1) == b"x"
    client.reset()
    wait_for(lambda: lbd.stat("app", "a")["scur"] == "0")


def test_drain_keeps_open_connections(box):
    lbd, *_ = serve(box, "a", "b")
    clients = [Client(lbd.port) for _ in range(4)]
    for client in clients:
        assert client.send(b"x").need(1) == b"x"
    lbd.act("set server app/a state drain")
    for client in clients:
        assert client.send(b"still").need(5) == b"still"
    for client in clients:
        client.close()
    wait_for(lambda: lbd.stat("app", "a")["scur"] == "0")


def test_idle_connection_ends_at_the_timeout(box):
    lbd, _ = serve(box, "a", defaults={"timeouts": {"client": "300ms", "server": "300ms", "tunnel": "300ms"}})
    with Client(lbd.port) as client:
        assert client.send(b"x").need(1) == b"x"
        assert client.closed(3)


def test_a_failure_has_no_status(box):
    log = Logged(box, {"dead": f"127.0.0.1:{box.dead_port()}"}, backend={"retry": {"connect_for": 0}},
                 top={"defaults": {"mode": "tcp"}})
    with Client(log.port) as client:
        assert client.closed()
    assert log.end() == (None, "connect_failed", "SC", 0)
