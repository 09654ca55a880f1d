"""shutdown session and shutdown sessions server: an operator ends what is open."""
import re

import pytest
from lbdtest import Client, Failure, StatsConnection, http, wait_for


def serve(box, *names, **more):
    path = box.path("access.log")
    more.setdefault("frontend", {})["access_log"] = {"format": "httplog", "target": str(path)}
    lbd, *origins = box.serve(*names, **more)

    def ends(count):
        """(termination state, status) of each line."""
        wait_for(lambda: path.exists() and len(path.read_text().splitlines()) >= count,
                 what=f"{count} lines: {path.read_text()}")
        return [(line.split()[9], line.split()[5]) for line in path.read_text().splitlines()]
    return lbd, origins, ends


def ids(lbd, step="", server=""):
    return [m[1] for m in re.finditer(r"^(0x[1-9a-f]\w*): .* srv=(\S+) .* step=(\S+)", lbd.cli("show sess"), re.M)
            if step in m[3] and server in m[2]]


def test_before_the_answer(box):
    lbd, _, ends = serve(box, "a")
    with Client(lbd.port) as client:
        client.send(b"GET /?delay=5000 HTTP/1.1\r\nHost: a\r\n\r\n")
        session, = wait_for(lambda: ids(lbd, "response"), what="the session")
        lbd.act(f"shutdown session {session}")
        assert client.response().status == 503
        assert client.closed()
    assert ends(1) == [("KH--", "503")]


def test_while_the_answer_comes(box):
    def script(connection, number):
        connection.until(b"\r\n\r\n")
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        connection.rest()
    path = box.path("access.log")
    lbd = box.lbd(box.config({"s": box.scripted(script)},
                             frontend={"access_log": {"format": "httplog", "target": str(path)}}))
    with Client(lbd.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").until(b"half")
        session, = ids(lbd, "relay")
        lbd.act(f"shutdown session {session}")
        assert client.rest() == b""
    line = wait_for(lambda: path.exists() and path.read_text(), what="a line")
    assert line.split()[9] == "KD--" and line.split()[5] == "200"


def test_idle_session(box):
    lbd, _, _ = serve(box, "a")
    with Client(lbd.port) as client:
        client.request()
        session, = wait_for(lambda: ids(lbd), what="the session")
        lbd.act(f"shutdown session {session}")
        assert client.closed()


@pytest.mark.parametrize("command,answer", [
    ("shutdown session", "Session pointer expected (use 'show sess').\n\n"),
    ("shutdown session nope!", "Session pointer expected (use 'show sess').\n\n"),
    ("shutdown session 0x123400", "No such session (use 'show sess').\n\n"),
    ("shutdown session 0xfffffffffffffff", "No such session (use 'show sess').\n\n"),
    ("shutdown sessions server", "Require 'backend/server'.\n\n"),
    ("shutdown sessions server no/a", "No such backend.\n\n"),
    ("shutdown sessions server app/no", "No such server.\n\n"),
    ("operator; shutdown session 0x400", "\nPermission denied\n\n"),
    ("operator; shutdown sessions server app/a", "\nPermission denied\n\n")])
def test_what_is_refused(box, command, answer):
    lbd, _ = box.serve("a")
    assert lbd.cli(command) == answer


def test_of_a_server(box):
    """All of that server's, on all workers, and nobody else's."""
    lbd, origins, ends = serve(box, "a", "b", top={"global": {"threads": 4}}, backend={"algorithm": "round_robin"})
    clients = [Client(lbd.port) for _ in range(400)]
    try:
        for client in clients:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
        wait_for(lambda: sum(origin.stats()["busy"] for origin in origins) == 400, what="400 requests")
        of_a = len(ids(lbd, "response", "a"))
        lbd.act("shutdown sessions server app/a")
        assert ids(lbd, "response", "a") == [] and len(ids(lbd, "response", "b")) == 400 - of_a
        for client in clients:
            try:
                client.send(b"x")
            except OSError:
                pass  # it was ended, and said so before
        assert sorted(c.response().status for c in clients) == [200] * (400 - of_a) + [503] * of_a
    finally:
        for client in clients:
            client.close()
    assert ends(400).count(("KH--", "503")) == of_a > 0
    assert lbd.stat("app", "a")["scur"] == "0"
    assert http(lbd.port).status == 200


def test_of_a_tcp_server(box):
    server = box.scripted(lambda connection, number: connection.rest())
    lbd = box.lbd(box.config({"s": server}, frontend={"mode": "tcp"}, backend={"mode": "tcp"}))
    with Client(lbd.port) as client:
        client.send(b"hello")
        wait_for(lambda: ids(lbd, "relay"), what="the tunnel")
        lbd.act("shutdown sessions server app/s")
        with pytest.raises((OSError, Failure)):
            if not client.rest():
                raise Failure("closed")
    assert ids(lbd) == []
