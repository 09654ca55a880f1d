"""Connections to servers that lbd closes first: where nothing is outstanding they are reset, so that no local port waits a
minute in TIME_WAIT at the will of clients; where a server may still have to read, it can."""
import pathlib
import threading
import time

import pytest
from lbdtest import Client, http, wait_for

ONE = {"global": {"threads": 1}}
TIME_WAIT = "06"


def waiting(port):
    """Connections to this port whose near end, ours, is in TIME_WAIT."""
    found = 0
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        found += fields[3] == TIME_WAIT and int(fields[2].rsplit(":", 1)[1], 16) == port
    return found


def closed(lbd, connections):
    """All of them are made, and none is left."""
    row = lbd.stat("app", "a")
    return int(row["connect"]) >= connections and (row["srv_icur"], row["scur"]) == ("0", "0")


def answer(client, _number):
    client.until(b"\r\n\r\n")
    client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
    client.rest()


CASES = {"head": ("HEAD", {}, {}), "overflow": ("GET", {"max_idle": 0}, {}), "last": ("GET", {"max_requests": 1}, {}),
         "idle": ("POST", {"idle": "20ms"}, {}), "own": ("GET", {"reuse": "never"}, {}),
         "proxy": ("GET", {}, {"send_proxy": "v1"})}


@pytest.mark.parametrize("case", CASES)
def test_no_port_is_left_waiting(box, case):
    method, pool, backend = CASES[case]
    # The demo server takes no PROXY header.
    a = box.scripted(answer) if case == "proxy" else box.origin("a")
    lbd = box.lbd(box.config({"a": a}, backend={"pool": pool, **backend}, top=ONE))
    before = waiting(a.port)
    for _ in range(40):
        assert http(lbd.port, method, body=b"x" if method == "POST" else None).status == 200
    wait_for(lambda: closed(lbd, 40))
    assert waiting(a.port) - before == 0


def test_a_server_that_answers_early_gets_the_whole_request(box):
    more, got = threading.Event(), []

    def script(client, _number):
        client.until(b"\r\n\r\n")
        client.need(5)
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearl")
        more.wait(10)
        time.sleep(0.2)
        client.send(b"y")
        time.sleep(0.2)
        try:
            got.append(client.rest())
        except OSError as error:
            got.append(repr(error))
    lbd = box.lbd(box.config({"a": box.scripted(script)}, backend={"pool": {"max_idle": 0}}, top=ONE))
    with Client(lbd.port) as client:
        client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabcde")
        assert client.read_head().status == 200
        client.send(b"fghij")
        more.set()
        assert client.rest() == b"early"
        wait_for(lambda: got)
    assert got == [b"fghij"]


def test_a_client_that_leaves_takes_nothing_from_the_server(box):
    """The answer is not here yet: what the server has to read of the request stays readable, and ends with FIN."""
    head, gone, got = threading.Event(), threading.Event(), []

    def script(client, _number):
        client.until(b"\r\n\r\n")
        head.set()
        gone.wait(10)
        time.sleep(0.2)
        try:
            got.append(client.rest())
        except OSError as error:
            got.append(repr(error))
    lbd = box.lbd(box.config({"a": box.scripted(script)}, top=ONE))
    with Client(lbd.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n" + b"x" * 100)
        assert head.wait(10)
    gone.set()
    wait_for(lambda: got)
    assert got == [b"x" * 100]
