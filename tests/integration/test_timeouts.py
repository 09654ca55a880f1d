"""Each row of timeouts, seen from outside: status, reason, termination state, counter. The queue's is in its own file, the
one of a whole exchange too."""
import time

import pytest
from attempts import Logged, Plan, Took, answer, read_body, says, silent
from lbdtest import Client, Failure, build_request, pattern, took, wait_for
from test_stalls import drip, full_listener

ONCE = {"attempts": 1}
AT_ONCE = {"connect_for": 0}


def test_connect(box):
    log = Logged(box, {"s": full_listener(box)}, backend={"timeouts": {"connect": "300ms"}, "retry": AT_ONCE})
    with Client(log.port) as client, Took(0.25, 2):
        assert client.request().status == 503
    assert log.end() == (503, "connect_timeout", "sC", 0)
    row = log.lbd.stat("app", "s")
    assert (row["econ"], row["eresp"]) == ("1", "0")


def test_connect_of_each_attempt(box):
    log = Logged(box, {"s": full_listener(box), "t": full_listener(box)},
                 backend={"timeouts": {"connect": "300ms"}, "retry": {"same_server": 1, "pause": "10ms", **AT_ONCE}})
    with Client(log.port) as client, Took(0.85, 3):
        assert client.request("POST").status == 503
    assert log.end() == (503, "connect_timeout", "sC", 2)


def test_server_before_the_head(box):
    log = Logged(box, Plan(box, "a", silent).servers, backend={"timeouts": {"server": "300ms"}, "retry": ONCE})
    with Client(log.port) as client, Took(0.25, 2):
        assert client.request().status == 504
    assert log.end() == (504, "server_timeout", "sH", 0)
    assert log.lbd.stat("app", "a")["eresp"] == "1"


def test_server_is_for_the_whole_head_of_the_answer(box):
    def drop_by_drop(connection, seen):
        read_body(connection, seen)
        connection.send(b"HTTP/1.1 200 OK\r\n")
        drip(connection, b"A: b\r\n", pause=0.05)
        connection.rest()
    log = Logged(box, Plan(box, "a", drop_by_drop).servers, backend={"timeouts": {"server": "400ms"}})
    with Client(log.port) as client, Took(0.3, 2):
        assert client.request().status == 504
    assert log.end() == (504, "server_timeout", "sH", 0)


def test_an_interim_answer_prolongs_it(box):
    def hints(connection, seen):
        read_body(connection, seen)
        for _ in range(4):
            time.sleep(0.25)
            connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        return answer()(connection, seen)
    log = Logged(box, Plan(box, "a", hints).servers, backend={"timeouts": {"server": "500ms"}})
    with Client(log.port) as client:
        assert client.request().status == 200
    assert log.end() == (200, "-", "--", 0)


def test_a_head_that_begins_with_an_interim_answer_has_its_whole_time(box):
    def both(connection, seen):
        read_body(connection, seen)
        time.sleep(0.6)
        connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n")
        time.sleep(0.6)
        connection.send(b"Content-Length: 2\r\n\r\nok")
        connection.rest()
    log = Logged(box, Plan(box, "a", both).servers, backend={"timeouts": {"server": "900ms"}})
    with Client(log.port) as client:
        assert client.request().status == 200
    assert log.end() == (200, "-", "--", 0)


@pytest.mark.parametrize("head,received", [
    (b"Content-Length: 10\r\n\r\nhalf", b"half"),
    (b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", b"4\r\nhalf\r\n"),
    (b"\r\nhalf", b"4\r\nhalf\r\n")])
def test_server_in_the_body_is_a_visible_cut(box, head, received):
    plan = Plan(box, "a", says(b"HTTP/1.1 200 OK\r\n" + head, then=silent))
    log = Logged(box, plan.servers, backend={"timeouts": {"server": "300ms"}})
    with Client(log.port) as client, Took(0.25, 2):
        client.send(build_request()).read_head()
        assert client.rest() == received
    assert log.end() == (200, "server_timeout", "sD", 0)
    assert log.lbd.stat("app", "a")["srv_abrt"] == "1"


def test_server_in_the_body_for_http_1_0_is_a_reset(box):
    plan = Plan(box, "a", says(b"HTTP/1.1 200 OK\r\n\r\nhalf", then=silent))
    log = Logged(box, plan.servers, backend={"timeouts": {"server": "300ms"}})
    with Client(log.port) as client:
        client.send(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            client.rest()


def test_server_that_does_not_take_the_body(box):
    def deaf(_connection, _seen):
        time.sleep(4)
    log = Logged(box, Plan(box, "a", deaf).servers, backend={"timeouts": {"server": "400ms"}, "retry": ONCE})
    with Client(log.port) as client, Took(0.3, 3):
        client.send(build_request("POST", headers={"Content-Length": "100000000"}))
        client.socket.setblocking(False)
        start = time.monotonic()
        while log.path.exists() is False or not log.path.read_text():
            try:
                client.socket.send(b"x" * 65536)
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                break
            took(start, 3)
    assert log.end() == (504, "server_timeout", "sH", 0)


@pytest.mark.parametrize("part", [
    b"Content-Length: 100\r\n\r\nx", b"Content-Length: 100\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"Transfer-Encoding: chunked\r\n\r\n5", b"Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: "])
def test_client_that_stalls_in_its_body(box, part):
    ends = []

    def watch(connection, _seen):
        ends.append(connection.rest())
    log = Logged(box, Plan(box, "a", watch).servers, {"timeouts": {"client": "300ms"}})
    with Client(log.port) as client, Took(0.25, 2):
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\n" + part)
        response = client.response()
        assert (response.status, response.get("Connection")) == (408, "close")
    assert log.end() == (408, "client_timeout", "cH", 0)
    wait_for(lambda: ends and not ends[0].endswith(b"0\r\n\r\n"), what="the server's request to be cut")


def test_client_that_does_not_read(box):
    plan = Plan(box, "a", answer(200, pattern(30_000_000)))
    log = Logged(box, plan.servers, {"timeouts": {"client": "400ms", "client_fin": "300ms"}})
    with Client(log.port) as client:
        client.send(build_request())
        with Took(0.3, 3):
            log.lines()
        assert log.end() == (200, "client_timeout", "cD", 0)
        assert log.lbd.stat("app", "a")["cli_abrt"] == "1"
        wait_for(lambda: log.lbd.stat("web", "FRONTEND")["scur"] == "0")
        with pytest.raises((ConnectionResetError, Failure)):
            client.response()


def test_http_request_is_for_the_whole_head(box):
    log = Logged(box, Plan(box, "a", answer()).servers, {"timeouts": {"http_request": "400ms"}})
    with Client(log.port) as client, Took(0.3, 2):
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
        drip(client, b"x", pause=0.05)
        assert client.response().status == 408
    assert log.end() == (408, "request_timeout", "cR", 0)
    assert log.lbd.stat("web", "FRONTEND")["ereq"] == "1"


def test_keep_alive(box):
    log = Logged(box, Plan(box, "a", answer()).servers, {"timeouts": {"keep_alive": "300ms"}})
    with Client(log.port) as client:
        assert client.request().status == 200
        time.sleep(0.15)
        assert client.request().status == 200
        with Took(0.25, 2):
            assert client.closed()
    assert [row["reason"] for row in log.rows(2)] == ["-", "-"]
    time.sleep(0.1)
    assert len(log.lines()) == 2, "an idle connection that ends is no exchange"


def test_tunnel(box):
    switch = says(b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", then=echo)
    log = Logged(box, Plan(box, "a", switch).servers, {"timeouts": {"tunnel": "500ms", "client": "100ms"}},
                 {"timeouts": {"server": "100ms"}})
    with Client(log.port) as client:
        client.send(build_request(headers={"Connection": "upgrade", "Upgrade": "websocket"}))
        assert client.response().status == 101
        for _ in range(4):
            time.sleep(0.25)
            assert client.send(b"ping").need(4) == b"ping"
        with Took(0.4, 2):
            assert client.closed()
    assert log.end() == (101, "tunnel_timeout", "cD", 0)


def echo(connection, _seen):
    while data := connection.socket.recv(4096):
        connection.send(data)


def test_client_fin(box):
    log = Logged(box, Plan(box, "a", answer()).servers, {"timeouts": {"client_fin": "400ms"}})
    with Client(log.port) as client:
        # Behind a body an empty line may come, so this session lingers.
        client.send(build_request("POST", headers={"Connection": "close"}, body=b"x"))
        assert client.response().status == 200
        with Took(0.3, 2):
            assert client.closed()
            wait_for(lambda: log.lbd.stat("web", "FRONTEND")["scur"] == "0")


def test_each_byte_of_a_body_prolongs_it(box):
    log = Logged(box, Plan(box, "a", answer()).servers, {"timeouts": {"client": "400ms"}},
                 {"timeouts": {"server": "400ms"}})
    with Client(log.port) as client:
        client.send(build_request("POST", headers={"Content-Length": "8"}))
        for _ in range(8):
            time.sleep(0.15)
            client.send(b"x")
        assert client.response().status == 200


def test_each_byte_of_an_answer_prolongs_it(box):
    def drop_by_drop(connection, seen):
        read_body(connection, seen)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for _ in range(8):
            time.sleep(0.15)
            connection.send(b"x")
        return True
    log = Logged(box, Plan(box, "a", drop_by_drop).servers, {"timeouts": {"client": "400ms"}},
                 {"timeouts": {"server": "400ms"}})
    with Client(log.port) as client:
        assert client.request().body == b"x" * 8
    assert log.end() == (200, "-", "--", 0)
