"""buffer_request: a server is asked when the body is here, or the buffer is full; until then no place is held."""
import time

import pytest
from attempts import Logged, Plan, answer, vanish
from lbdtest import Client, build_request, http, pattern, wait_for

BUFFER = {"buffer_request": "64k"}
POST = {"methods": ["GET", "POST"]}


def coded(body, coding, size=700):
    """The head's framing line and the body in pieces."""
    if coding == "length":
        return b"Content-Length: %d\r\n" % len(body), [body[at:at + size] for at in range(0, len(body), size)]
    pieces = [b"%x;a=b\r\n%s\r\n" % (len(body[at:at + size]), body[at:at + size]) for at in range(0, len(body), size)]
    return b"Transfer-Encoding: chunked\r\n", [*pieces, b"0\r\n\r\n"]


def begin(port, framing, extra=b""):
    client = Client(port, timeout=20)
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + framing + extra + b"\r\n")
    return client


@pytest.mark.parametrize("buffer", [0, "64k"])
def test_slow_bodies_leave_the_places_free(box, buffer):
    """Ten clients whose bodies never end, and a server with one place."""
    lbd, _ = box.serve("a", backend={"buffer_request": buffer, "timeouts": {"queue": "300ms"}, "servers": {
        "a": {"maxconn": 1}}})
    slow = [begin(lbd.port, b"Content-Length: 1000\r\n", b"X: %d\r\n" % n) for n in range(10)]
    for client in slow:
        client.send(b"some")
    wait_for(lambda: lbd.info()["CurrConns"] == "10")
    wait_for(lambda: int(lbd.stat("web", "FRONTEND")["req_tot"]) == 10)
    statuses = [http(lbd.port).status for _ in range(20)]
    assert statuses == [200 if buffer else 503] * 20
    assert int(lbd.stat("app", "a")["scur"]) == (0 if buffer else 1)
    for client in slow:
        client.close()
    wait_for(lambda: lbd.info()["CurrConns"] == "0")


@pytest.mark.parametrize("coding", ["length", "chunked"])
@pytest.mark.parametrize("size", [1, 1000, 65_535, 65_536])
def test_nothing_is_asked_before_the_body_is_here(box, size, coding):
    body = pattern(size)
    plan = Plan(box, "a", answer())
    lbd = box.lbd(box.config(plan.servers, backend=BUFFER))
    framing, pieces = coded(body, coding)
    client = begin(lbd.port, framing)
    last = pieces.pop()
    for piece in pieces:
        client.send(piece)
    if size < 65_536 or coding == "length":
        client.send(last[:-1])
        time.sleep(0.2)
        assert plan.scripted["a"].connections == 0
        last = last[-1:]
    client.send(last + build_request(target="/next"))
    assert [client.response().status for _ in range(2)] == [200, 200]
    assert plan.seen[0].body == body and b"GET /next " in plan.seen[1].head


@pytest.mark.parametrize("coding", ["length", "chunked"])
@pytest.mark.parametrize("size", [65_537, 1_000_000])
@pytest.mark.parametrize("retry", [{}, POST])
def test_a_longer_one_goes_on_when_the_buffer_is_full(box, size, coding, retry):
    body = pattern(size)
    plan = Plan(box, "a", answer())
    lbd = box.lbd(box.config(plan.servers, backend={**BUFFER, "retry": retry}))
    framing, pieces = coded(body, coding, 5000)
    client = begin(lbd.port, framing)
    kept = pieces[14:]
    for piece in pieces[:14]:
        client.send(piece)
    wait_for(lambda: plan.seen, what="the server to be asked")
    for piece in kept:
        client.send(piece)
    assert client.response().status == 200
    assert plan.seen[0].body == body


@pytest.mark.parametrize("limit,asked", [("64k", 3), ("1k", 1)])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_it_is_what_a_retry_sends_again(box, limit, asked, coding):
    """The buffer is the copy for the retry, and is kept for it only up to retry.body."""
    body = pattern(20_000)
    plan = Plan(box, "abc", vanish, vanish, answer())
    log = Logged(box, plan.servers, backend={**BUFFER, "retry": {**POST, "body": limit}})
    framing, pieces = coded(body, coding)
    client = begin(log.port, framing)
    client.send(b"".join(pieces))
    assert client.response().status == (200 if asked == 3 else 502)
    assert [seen.body for seen in plan.seen] == [body] * asked


def test_a_server_that_cannot_be_reached(box):
    """Nothing was sent: another one gets the body, whatever the method and retry.body."""
    plan = Plan(box, "b", answer())
    dead = f"127.0.0.1:{box.dead_port()}"
    lbd = box.lbd(box.config({"a": dead, **plan.servers}, backend={**BUFFER, "retry": {"body": 0}}))
    for turn in range(4):
        body = pattern(100 * turn + 1)
        assert http(lbd.port, "POST", body=body).status == 200
        assert plan.seen[-1].body == body


def test_the_client_is_told_to_go_on(box):
    plan = Plan(box, "a", answer())
    lbd = box.lbd(box.config(plan.servers, backend=BUFFER))
    client = begin(lbd.port, b"Content-Length: 5\r\n", b"Expect: 100-continue\r\n")
    assert client.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
    assert plan.scripted["a"].connections == 0
    client.send(b"hello")
    assert client.response().status == 200
    assert plan.seen[0].body == b"hello" and b"xpect" not in plan.seen[0].head
    # Who does not wait is not told.
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello")
    assert client.response().status == 200


def test_refused_before_it_is_asked_for(box):
    lbd, _ = box.serve("a", frontend={"limits": {"body": 1000}}, backend=BUFFER)
    client = begin(lbd.port, b"Content-Length: 5000\r\n", b"Expect: 100-continue\r\n")
    assert client.response().status == 413
    assert http(lbd.port, "POST", chunks=[pattern(600)] * 2).status == 413
    client = begin(lbd.port, b"Transfer-Encoding: chunked\r\n")
    client.send(b"zz\r\n")
    assert client.response().status == 400
    assert lbd.stat("app", "a")["stot"] == "0"


@pytest.mark.parametrize("which", ["client", "http_request"])
def test_who_stops_sending_gets_408(box, which):
    plan = Plan(box, "a", answer())
    log = Logged(box, plan.servers, frontend={"timeouts": {which: "500ms"}}, backend=BUFFER)
    client = begin(log.port, b"Content-Length: 1000\r\n")
    client.send(b"some")
    assert client.response().status == 408
    assert log.end() == (408, "client_timeout", "cR", 0)
    assert plan.scripted["a"].connections == 0


def test_who_leaves(box):
    plan = Plan(box, "a", answer())
    log = Logged(box, plan.servers, backend=BUFFER)
    for end in ("half_close", "reset"):
        client = begin(log.port, b"Content-Length: 1000\r\n")
        client.send(b"some")
        getattr(client, end)()
    assert {row["reason"] for row in log.rows(2)} == {"client_closed"}
    assert plan.scripted["a"].connections == 0
