"""retry.body: a request with a body is sent again byte for byte, as long as all of it is held."""
import threading
import time

import pytest
from attempts import Logged, Plan, answer, read_body, reset, says, silent, vanish, vanish_at_head
from lbdtest import Client, build_request, http, pattern, sanitized, wait_for

POST = {"methods": ["GET", "POST"]}


def pieces(body, size):
    return [body[at:at + size] for at in range(0, len(body), size)]


@pytest.mark.parametrize("coding", ["length", "chunked"])
@pytest.mark.parametrize("size", [1, 1000, 20_000, 65_535, 65_536])
def test_it_is_sent_again_whole(box, size, coding):
    body = pattern(size)
    plan = Plan(box, "abc", vanish, reset, answer())
    log = Logged(box, plan.servers, backend={"retry": POST})
    more = {"body": body} if coding == "length" else {"chunks": pieces(body, 7000)}
    assert http(log.port, "POST", **more).status == 200
    assert [seen.body for seen in plan.seen] == [body] * 3
    assert sorted(plan.order) == ["a", "b", "c"]
    assert log.end() == (200, "-", "--", 2)


@pytest.mark.parametrize("act", [answer(503), silent])
def test_it_is_sent_again_after_a_status_or_a_timeout(box, act):
    body = pattern(30_000)
    plan = Plan(box, "ab", act, answer())
    log = Logged(box, plan.servers, backend={"retry": {**POST, "on": ["timeout", "503"]}, "timeouts": {"server": "300ms"}})
    assert http(log.port, "POST", body=body).status == 200
    assert [seen.body for seen in plan.seen] == [body] * 2


def test_an_empty_body_too(box):
    for more in ({"body": b""}, {"chunks": []}):
        plan = Plan(box, "ab", vanish, answer())
        log = Logged(box, plan.servers, backend={"retry": POST})
        assert http(log.port, "POST", **more).status == 200
        assert [seen.body for seen in plan.seen] == [b""] * 2


@pytest.mark.parametrize("size,limit", [(65_537, "64k"), (1001, 1000), (1, 0)])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_longer_one_is_not(box, size, limit, coding):
    body = pattern(size)
    plan = Plan(box, "ab", vanish, answer())
    log = Logged(box, plan.servers, backend={"retry": {**POST, "body": limit}})
    more = {"body": body} if coding == "length" else {"chunks": pieces(body, 7000)}
    assert http(log.port, "POST", **more).status == 502
    assert [seen.body for seen in plan.seen] == [body]
    assert log.end() == (502, "server_closed", "SH", 0)


def test_a_longer_one_still_gets_the_servers_own_answer(box):
    plan = Plan(box, "ab", answer(503, b"theirs"))
    log = Logged(box, plan.servers, backend={"retry": POST})
    assert http(log.port, "POST", body=pattern(100_000)).body == b"theirs"
    assert len(plan.seen) == 1


@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_server_that_fails_in_the_middle_of_it(box, coding):
    """The rest arrives after the first server has gone: the second one gets what is held and what follows."""
    body = pattern(50_000)
    whole = build_request("POST", body=body) if coding == "length" else build_request("POST", chunks=pieces(body, 3000))
    for act in (vanish_at_head, says_early(503), says_early(502)):
        plan = Plan(box, "ab", act, answer())
        log = Logged(box, plan.servers, backend={"retry": POST})
        with Client(log.port) as client:
            client.send(whole[:20_001])
            wait_for(lambda: plan.seen)
            for part in pieces(whole[20_001:], 4001):
                client.send(part)
                time.sleep(0.01)
            assert client.response().status == 200
            assert client.send(build_request()).response().status == 200, "the connection is still in step"
        assert plan.seen[1].body == body


def says_early(status):
    def act(connection, _seen):
        connection.send(b"HTTP/1.1 %d Early\r\nContent-Length: 0\r\n\r\n" % status)
        time.sleep(0.2)
    return act


@pytest.mark.parametrize("size", [0, 100, 9000, 40_000, 300_000])
def test_what_never_left_needs_no_copy(box, size):
    """A server dies while connections to it are idle, and requests of a method that is not listed are on their way to them
    in the same turn of the loop: they go elsewhere, with their bodies."""
    lbd, a, b = box.serve("a", "b", backend={"passive": {"window": 0}}, top={"global": {"threads": 1}})
    body = pattern(size)
    answered = http(b.port, "POST", "/_len", body=body).text
    for turn in range(8):
        clients = [Client(lbd.port, timeout=20) for _ in range(4)]
        for client in clients:
            client.send(build_request())
        assert {client.response().status for client in clients} == {200}
        a.pause()
        lbd.pause()
        if turn % 2:
            a.kill()
        for client in clients:
            client.socket.setblocking(False)
            client.unsent = build_request("POST", "/_len", body=body)
            client.unsent = client.unsent[client.socket.send(client.unsent):]
        a.kill()
        lbd.resume()
        for client in clients:
            client.socket.settimeout(20)
            client.send(client.unsent)
        assert [client.response().text for client in clients] == [answered] * 4
        for client in clients:
            client.close()
        a = a.again(box)


def test_a_stale_connection_is_replaced_with_the_body(box):
    """The bytes left, and the server had closed: the same server again, and no attempt."""
    body = pattern(40_000)
    gone = threading.Event()

    def close_at_request(connection, seen):
        return answer()(connection, seen)

    def vanish_once(connection, seen):
        gone.set()
        read_body(connection, seen)
    plan = Plan(box, "a", close_at_request, vanish_once, answer())
    log = Logged(box, plan.servers, backend={"retry": {**POST, "attempts": 1}}, top={"global": {"threads": 1}})
    with Client(log.port) as client:
        assert client.request().status == 200
        # attempts = 1 keeps no body, so only a request without one may be sent again on a new connection.
        assert client.request().status == 200 and gone.is_set()
    log = Logged(box, plan.servers, backend={"retry": {**POST, "attempts": 2, "on": ["reset"]}},
                 top={"global": {"threads": 1}})
    plan.acts = [answer(), vanish, answer()]
    with Client(log.port) as client:
        assert client.request().status == 200
        assert client.request("POST", body=body).status == 200
    assert [seen.body for seen in plan.seen[-2:]] == [body] * 2
    assert log.end(2)[3] == 0


def test_memory_is_held_only_up_to_the_limit(box):
    """Bodies that are too long to be held cost nothing, however many there are."""
    lbd, _ = box.serve("a", backend={"retry": POST}, top={"global": {"threads": 1}})
    http(lbd.port, "POST", "/_len", body=pattern(60_000))
    before = lbd.rss()
    clients = [Client(lbd.port) for _ in range(50)]
    body = pattern(1_000_000)
    for client in clients:
        client.send(build_request("POST", "/_len", {"Content-Length": str(len(body) + 1)}) + body)
    wait_for(lambda: int(lbd.stat("app", "a")["scur"]) == 50)
    time.sleep(0.3)
    assert lbd.rss() - before < 50 * (800_000 if sanitized() else 300_000)
    for client in clients:
        assert '"length":1000001,' in client.send(b"x").response().text
        client.close()
