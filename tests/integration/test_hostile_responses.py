"""Doubtful answers of servers: 502 before the first byte, a visible cut after it, and never a poisoned connection."""
import pytest
from lbdtest import Client, Failure, http

OK = b"HTTP/1.1 200 OK\r\n"
BAD = {
    "junk": b"hello there\r\n\r\n",
    "no code": b"HTTP/1.1 OK\r\n\r\n",
    "two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "version 2": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "icy": b"ICY 200 OK\r\n\r\n",
    "NUL in value": OK + b"X: a\0b\r\nContent-Length: 0\r\n\r\n",
    "no colon": OK + b"X\r\nContent-Length: 0\r\n\r\n",
    "length and chunked": OK + b"Content-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\nabcde",
    "lengths differ": OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "length too big": OK + b"Content-Length: 99999999999999999999\r\n\r\n",
    "unknown coding": OK + b"Transfer-Encoding: gzip\r\n\r\n",
    "coding twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unasked 101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
}


@pytest.fixture(scope="module")
def server(shared_box):
    return shared_box.serve("a", backend={"retry": {"attempts": 1}, "passive": {"window": 0}})[0]


@pytest.mark.parametrize("name", BAD)
def test_502(server, name):
    with Client(server.port) as client:
        assert client.request(target=f"/_raw?hex={BAD[name].hex()}&close=1").status == 502
    assert http(server.port).text == "a\n"


def test_endless_head(box):
    def endless(client, _number):
        client.until(b"\r\n\r\n")
        client.send(OK)
        while True:
            client.send(b"X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 1000)
    scripted = box.scripted(endless)
    lbd = box.lbd(box.config({"s": scripted}, backend={"retry": {"attempts": 1}}))
    assert http(lbd.port).status == 502


@pytest.mark.parametrize("knobs", ["body=100000&cut=50000", "body=100000&reset=50000", "body=100000&chunk=1000&cut=50000",
                                   "body=100000&until_close=1&reset=50000"])
def test_a_body_that_breaks_off_is_cut_visibly(server, knobs):
    with pytest.raises((Failure, ConnectionResetError, ValueError)):
        http(server.port, target=f"/?{knobs}")
    assert http(server.port).text == "a\n"


def test_bytes_after_an_answer_never_reach_the_next_client(box):
    def two_answers(client, number):
        client.until(b"\r\n\r\n")
        client.send(OK + b"Content-Length: 2\r\n\r\nok" + OK + b"Content-Length: 4\r\n\r\nevil")
        client.rest()
    scripted = box.scripted(two_answers)
    lbd = box.lbd(box.config({"s": scripted}, top={"global": {"threads": 1}}))
    with Client(lbd.port) as client:
        for _ in range(10):
            assert client.request().body == b"ok"
    assert scripted.connections == 10


@pytest.mark.parametrize("knobs", ["cut=0&body=10", "reset=0"])
def test_a_server_that_dies_before_its_answer(box, knobs):
    lbd, _ = box.serve("a", backend={"retry": {"attempts": 1}})
    if "reset" in knobs:
        assert http(lbd.port, "POST", f"/?{knobs}", body=b"x").status == 502
    else:
        with pytest.raises((Failure, ConnectionResetError)):
            http(lbd.port, "POST", f"/?{knobs}", body=b"x")


def test_a_silent_server_is_504(box):
    lbd, _ = box.serve("a", backend={"timeouts": {"server": "300ms"}, "retry": {"attempts": 1}})
    assert http(lbd.port, target="/?hang=1").status == 504
    assert http(lbd.port).status == 200


def test_the_address_of_a_server_is_never_told(box):
    config = box.config({"s": f"127.0.0.1:{box.dead_port()}"}, backend={"retry": {"connect_for": 0}})
    lbd = box.lbd(config)
    response = http(lbd.port)
    assert response.status == 503
    assert b"127.0.0.1" not in response.raw_head + response.body
