"""Peers that stop in the middle: each wait ends at its own deadline, whatever the other side does meanwhile."""
import socket
import threading
import time

import pytest
from lbdtest import Client, build_request, http, took, wait_for


def drip(client, data, pause=0.1, count=60):
    def run():
        for _ in range(count):
            try:
                client.socket.send(data)
            except OSError:
                return
            time.sleep(pause)
    threading.Thread(target=run, daemon=True).start()


def test_bytes_of_the_next_request_do_not_prolong_the_wait_for_the_server(box):
    lbd, _ = box.serve("a", backend={"timeouts": {"server": "500ms"}})
    with Client(lbd.port) as client:
        client.send(build_request(target="/?hang=1"))
        drip(client, b"x")
        start = time.monotonic()
        assert client.response().status == 504
        took(start, 3)


def test_a_slow_head_ends_although_bytes_keep_coming(box):
    lbd, _ = box.serve("a", frontend={"timeouts": {"http_request": "500ms"}})
    for first in (False, True):
        with Client(lbd.port) as client:
            if first:
                assert client.request().status == 200
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
            drip(client, b"x")
            start = time.monotonic()
            assert client.response().status == 408
            took(start, 3, least=0.3)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-", b"HTTP/1.1 103 Early\r\n\r\n"])
def test_a_server_that_stalls_before_its_head_ends_is_504(box, sent):
    def script(client, _number):
        client.until(b"\r\n\r\n")
        client.send(sent)
        client.rest()
    lbd = box.lbd(box.config({"s": box.scripted(script)}, backend={"timeouts": {"server": "300ms"}}))
    assert http(lbd.port).status == 504


def test_a_body_that_stalls_is_cut(box):
    def script(client, _number):
        client.until(b"\r\n\r\n")
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        client.rest()
    lbd = box.lbd(box.config({"s": box.scripted(script)}, backend={"timeouts": {"server": "300ms"}}))
    with Client(lbd.port) as client:
        client.send(build_request())
        assert client.rest().endswith(b"\r\n\r\nhalf")


def test_a_request_body_that_stalls_is_408_and_its_rest_no_request(box):
    lbd, a = box.serve("a", frontend={"timeouts": {"client": "300ms"}})
    with Client(lbd.port) as client:
        client.send(build_request("POST", "/_len", {"Content-Length": "100"}) + b"x")
        assert client.response().status == 408
        client.send(build_request())
        assert client.closed()
    assert a.stats()["requests"] <= 1


class FullListener:
    """A server whose queue is full: connects to it hang until accept_all, and go on with the next SYN."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.fillers = [socket.create_connection(self.listener.getsockname())]

    def accept(self):
        return self.listener.accept()[0]

    def close(self):
        for each in [self.listener, *self.fillers]:
            each.close()


def full_listener(box):
    full = FullListener()
    box.closers.append(full)
    return full


def test_a_body_sent_while_the_upstream_connects(box):
    full = full_listener(box)
    lbd = box.lbd(box.config({"s": full}))
    body = b"x" * 300_000
    with Client(lbd.port) as client:
        client.send(build_request("POST", "/", body=body))
        time.sleep(0.3)
        full.accept()
        server = full.accept()
        server.settimeout(10)
        received = b""
        while len(received.partition(b"\r\n\r\n")[2]) < len(body):
            received += server.recv(65536)
        server.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        assert client.response().status == 204
        server.close()


def test_a_half_close_while_the_upstream_connects(box):
    full = full_listener(box)
    lbd = box.lbd(box.config({"s": full}, top={"defaults": {"mode": "tcp"}}))
    with Client(lbd.port) as client:
        client.send(b"all").half_close()
        time.sleep(0.3)
        full.accept()
        server = full.accept()
        server.settimeout(10)
        assert server.recv(10) == b"all" and server.recv(10) == b""
        server.sendall(b"answer")
        server.close()
        assert client.rest() == b"answer"


def test_a_connect_that_hangs_ends_at_its_timeout(box):
    backend = {"timeouts": {"connect": "300ms"}, "retry": {"connect_for": 0}}
    lbd = box.lbd(box.config({"s": full_listener(box)}, backend=backend))
    start = time.monotonic()
    assert http(lbd.port, "POST", body=b"x" * 100_000).status == 503
    took(start, 3, least=0.2)


def test_the_connect_behind_a_lost_answer_has_its_own_timeout(box):
    gone = threading.Event()

    def script(client, _number):
        client.until(b"\r\n\r\n")
        gone.set()
    config = box.config({"s": box.scripted(script), "full": full_listener(box)}, backend={
        "timeouts": {"connect": "400ms", "server": "20s"}, "retry": {"attempts": 2, "connect_for": 0}, "passive": {"window": 0}})
    lbd = box.lbd(config)
    start = time.monotonic()
    for _ in range(2):
        assert http(lbd.port).status in (502, 503)
    assert gone.is_set()
    took(start, 5)


def test_a_request_behind_a_request_with_a_body(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        client.send((build_request("POST", "/_len", body=b"x" * 50_000) +
                     build_request("POST", "/_len", chunks=[b"y" * 40_000]) + build_request()) * 20)
        for _ in range(20):
            assert [client.response().status for _ in range(3)] == [200] * 3


def test_out_of_descriptors_waits_and_goes_on(box, tmp_path):
    import lbdtest
    a = box.origin("a")
    config = box.config({"a": a}, top={"global": {"threads": 1}})
    limited = tmp_path / "lbd"
    limited.write_text(f'#!/bin/sh\nulimit -n 64\nexec "{lbdtest.LBD}" "$@"\n')
    limited.chmod(0o755)
    usual, lbdtest.LBD = lbdtest.LBD, limited
    try:
        lbd = box.lbd(config)
    finally:
        lbdtest.LBD = usual
    request = build_request(headers={"Connection": "close"})
    # Who has begun to ask is not idle, and makes room for nobody.
    clients = [Client(lbd.port, timeout=20).send(request[:3]) for _ in range(120)]
    time.sleep(0.3)
    start = lbd.cpu()
    time.sleep(1)
    assert lbd.cpu() - start < 0.3
    for client in clients:
        client.send(request[3:])
    statuses = []
    for client in clients:
        statuses.append(client.response().status)
        client.close()
    assert set(statuses) == {200}
    wait_for(lambda: http(lbd.port).status == 200)
