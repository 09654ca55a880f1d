"""timeouts.request: an exchange as a whole, with connects, retries and both bodies."""
import time

import pytest
from attempts import Logged, Plan, Took, answer, says, silent
from lbdtest import Client, build_request, http
from test_stalls import drip, full_listener

WHOLE = {"timeouts": {"request": "500ms"}}


@pytest.mark.parametrize("where", ["frontend", "backend"])
def test_a_silent_server(box, where):
    log = Logged(box, Plan(box, "a", silent).servers, **{where: WHOLE})
    with Client(log.port) as client, Took(0.4, 2):
        response = client.request()
        assert response.status == 504 and b"exchange" not in response.body
        assert client.send(build_request()).response().status == 504, "the connection goes on"
    assert log.end() == (504, "exchange_timeout", "sH", 0)


def test_the_shorter_one_holds(box):
    log = Logged(box, Plan(box, "a", silent).servers, {"timeouts": {"request": "10s"}}, WHOLE)
    with Took(0.4, 2):
        assert http(log.port).status == 504


def test_attempts_do_not_prolong_it(box):
    plan = Plan(box, "abc", silent)
    log = Logged(box, plan.servers, WHOLE, {"timeouts": {"server": "300ms"}, "retry": {"on": ["timeout"]}})
    with Took(0.4, 1.5):
        assert http(log.port).status == 504
    assert len(plan.seen) == 2
    assert log.end() == (504, "exchange_timeout", "sH", 1)


def test_a_connect(box):
    log = Logged(box, {"s": full_listener(box)}, WHOLE)
    with Took(0.4, 1.5):
        assert http(log.port).status == 504
    assert log.end() == (504, "exchange_timeout", "sC", 0)


def test_an_answer_that_never_ends(box):
    def endless(connection, _seen):
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            connection.send(b"x")
            time.sleep(0.05)
    log = Logged(box, Plan(box, "a", endless).servers, WHOLE)
    with Client(log.port) as client, Took(0.4, 2):
        client.send(build_request()).read_head()
        assert not client.rest().endswith(b"0\r\n\r\n")
    assert log.end() == (200, "exchange_timeout", "sD", 0)


def test_a_body_that_drips(box):
    log = Logged(box, Plan(box, "a", answer()).servers, WHOLE)
    with Client(log.port) as client, Took(0.4, 2):
        client.send(build_request("POST", headers={"Content-Length": "1000"}))
        drip(client, b"x", pause=0.05)
        assert client.response().status == 504
    assert log.end() == (504, "exchange_timeout", "sH", 0)


def test_a_tunnel_is_no_request(box):
    def echo(connection, _seen):
        while data := connection.socket.recv(4096):
            connection.send(data)
    switch = says(b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", then=echo)
    log = Logged(box, Plan(box, "a", switch).servers, WHOLE)
    with Client(log.port) as client:
        client.send(build_request(headers={"Connection": "upgrade", "Upgrade": "websocket"}))
        assert client.response().status == 101
        time.sleep(0.8)
        assert client.send(b"ping").need(4) == b"ping"


def test_each_request_of_a_connection_has_its_own(box):
    lbd, _ = box.serve("a", frontend=WHOLE)
    with Client(lbd.port) as client:
        for _ in range(4):
            assert client.request(target="/?delay=200").status == 200
