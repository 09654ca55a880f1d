"""Whoever reads, however slowly, is not cut: each byte that it takes prolongs its time."""
import socket
import threading
import time

import pytest
from attempts import Logged, Plan, answer
from lbdtest import PACE, Client, build_request, http, in_time, pattern, took

SIZE = 12_000_000


class SlowClient(Client):
    """A small receive buffer, so that the other side sees each read."""

    def __init__(self, port, buffer=8192):
        self.timeout, self.buffer, self.received = 20 * PACE, b"", 0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(self.timeout)
        self.socket.connect(("127.0.0.1", port))

    def read_slowly(self, total, rate):
        """total bytes at so many a second, then the rest at once; returns all."""
        start, parts, have = time.monotonic(), [], 0
        while have < total:
            data = self.socket.recv(min(4096, total - have))
            if not data:
                break
            parts.append(data)
            have += len(data)
            time.sleep(max(0, start + have / rate - time.monotonic()))
        return b"".join(parts)

    def rest_of(self, missing, begun):
        """What is missing of a body of which this much was read, with its head."""
        return self.need(missing + begun.index(b"\r\n\r\n") + 4)


def test_a_very_slow_reader_of_a_large_answer(box):
    """What it reads in all this time is less than the kernel holds for it, so nothing is ever sent meanwhile."""
    body = pattern(SIZE)
    log = Logged(box, Plan(box, "a", answer(200, body)).servers, {"timeouts": {"client": "400ms"}},
                 {"timeouts": {"server": "400ms"}})
    with SlowClient(log.port) as client:
        client.send(build_request())
        slow = client.read_slowly(200_000, 70_000)
        assert len(slow) == 200_000, log.lines()
        assert (slow + client.rest_of(SIZE - len(slow), slow)).endswith(body[-1000:])
    assert log.end() == (200, "-", "--", 0)


def test_one_that_stops_reading_is_cut(box):
    log = Logged(box, Plan(box, "a", answer(200, pattern(SIZE))).servers, {"timeouts": {"client": "400ms"}})
    with SlowClient(log.port) as client:
        client.send(build_request())
        client.read_slowly(60_000, 50_000)
        stopped = time.monotonic()
        log.lines()
        took(stopped, 1.5)
        assert log.end() == (200, "client_timeout", "cD", 0)


def test_one_megabyte_a_second_beside_fast_ones(box):
    body = pattern(SIZE)
    log = Logged(box, Plan(box, "a", answer(200, body)).servers, {"timeouts": {"client": "800ms"}},
                 {"timeouts": {"server": "800ms"}}, {"global": {"threads": 1}})
    results = []

    def read():
        with SlowClient(log.port, 65536) as client:
            client.send(build_request())
            slow = client.read_slowly(2_000_000, 1_000_000)
            results.append(slow + client.rest_of(SIZE - len(slow), slow))
    slow = [threading.Thread(target=read) for _ in range(4)]
    for each in slow:
        each.start()
    fast = 0
    while any(each.is_alive() for each in slow):
        start = time.monotonic()
        assert http(log.port).body == body
        fast = max(fast, time.monotonic() - start)
    assert [result.endswith(body) for result in results] == [True] * 4
    in_time(fast, 1)
    assert {row["reason"] for row in log.rows(4)} == {"-"}


def test_a_server_that_takes_a_body_slowly(box):
    taken = []

    def slowly(connection, _seen):
        have, start = len(connection.buffer), time.monotonic()
        end = have + 150_000
        while have < end:
            have += len(connection.socket.recv(2048))
            time.sleep(max(0, start + (have - end + 150_000) / 70_000 - time.monotonic()))
        while have < SIZE:
            have += len(connection.socket.recv(1 << 20))
        taken.append(have)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    plan = Plan(box, "a", slowly)
    plan.scripted["a"].listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    log = Logged(box, plan.servers, {"timeouts": {"client": "400ms"}}, {"timeouts": {"server": "400ms"}})
    with Client(log.port, timeout=20) as client:
        assert client.request("POST", body=pattern(SIZE)).status == 200
    assert taken == [SIZE]


@pytest.mark.parametrize("mode", ["tunnel", "tcp"])
def test_in_a_tunnel_too(box, mode):
    body = pattern(SIZE)

    def script(connection, _number):
        connection.until(b"\r\n\r\n")
        if mode == "tunnel":
            connection.send(b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        else:
            connection.send(b"\r\n\r\n")
        connection.send(body)
        connection.rest()
    config = box.config({"a": box.scripted(script)}, {"timeouts": {"client": "400ms", "tunnel": "400ms"}},
                        {"timeouts": {"server": "400ms"}},
                        {"defaults": {"mode": "tcp"}} if mode == "tcp" else None)
    lbd = box.lbd(config)
    with SlowClient(lbd.port) as client:
        client.send(build_request(headers={"Connection": "upgrade", "Upgrade": "websocket"}))
        slow = client.read_slowly(200_000, 70_000)
        assert len(slow) == 200_000
        assert (slow + client.rest_of(SIZE - len(slow), slow)).endswith(body)
