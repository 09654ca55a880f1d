"""Peers that stop in the middle: each wait ends at its own deadline, whatever the other side does meanwhile."""
import threading
import time

import pytest
from lbdtest import Client, build_request, http, wait_for


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
        assert time.monotonic() - start < 3


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
            assert 0.3 < time.monotonic() - start < 3


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


def test_a_body_sent_while_the_upstream_connects(box):
    a = box.origin("a")
    body = b"x" * 300_000
    lbd = box.lbd(box.config({"gone": "192.0.2.1:9", "a": a}, backend={"timeouts": {"connect": "500ms"}})
                  if False else box.config({"dead": f"127.0.0.1:{box.dead_port()}", "a": a}))
    for _ in range(4):
        response = http(lbd.port, "POST", "/_len", body=body)
        assert (response.status, response.origin) == (200, "a")


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
    clients = [Client(lbd.port, timeout=20) for _ in range(120)]
    time.sleep(0.3)
    start = lbd.cpu()
    time.sleep(1)
    assert lbd.cpu() - start < 0.3
    for client in clients:
        client.send(build_request(headers={"Connection": "close"}))
    statuses = []
    for client in clients:
        statuses.append(client.response().status)
        client.close()
    assert set(statuses) <= {200, 503}  # a place for a session is none for its upstream
    wait_for(lambda: http(lbd.port).status == 200)
