"""What is kept for one client in each of its states, as doc/memory.md has it: the resident memory of the process, over a
crowd of clients that all do their worst."""
import contextlib
import socket
import threading
import time

import pytest
from lbdtest import Client, build_request, sanitized

CLIENTS = 100
KB = 1024
# Blocks of malloc, one for each stage of growth, and what the crowd made the process need for a moment.
SLACK = 16 * KB
RULES = [{"path": "^/return", "return": {"status": 200, "body": "x" * 2000}}, {"path": "^/deny", "deny": 403}]


class Small(Client):
    """Its kernel takes next to nothing, so that what it does not read is soon ours."""

    def __init__(self, port):
        self.timeout, self.buffer, self.received = 10, b"", 0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.settimeout(10)
        self.socket.connect(("127.0.0.1", port))


def flood(clients, data):
    """As much of it as each of them is taken, until nothing was for a while."""
    sent = dict.fromkeys(clients, 0)
    for client in clients:
        client.socket.setblocking(False)
    quiet = time.monotonic() + 0.5
    end = time.monotonic() + 20
    while time.monotonic() < min(quiet, end):
        for client in clients:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                sent[client] += client.socket.send(data[sent[client] % len(data):])
                quiet = time.monotonic() + 0.5
        time.sleep(0.02)


class Silent:
    """A server that reads heads and nothing else. say: bytes that it sends all the same."""

    def __init__(self, box, say=b""):
        self.over, self.say = threading.Event(), say
        self.server = box.scripted(self.script)
        self.server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)

    def script(self, client, _number):
        while b"\r\n\r\n" not in client.buffer:
            client.buffer += client.socket.recv(256)
        client.send(self.say)
        self.over.wait(60)


def idle(clients):
    for client in clients:
        assert client.request(target="/deny").status == 403


def head(clients):
    for client in clients:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n" + (b"X: " + b"x" * 7000 + b"\r\n") * 4)


def pipelined(clients):
    for client in clients:
        client.send(build_request())
    flood(clients, build_request(target="/deny") * 4000)


def deaf_server(clients):
    for client in clients:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
    flood(clients, b"x" * 300_000)


def deaf_server_chunks(clients):
    for client in clients:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    flood(clients, (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 20)


def rule_answers(clients):
    flood(clients, build_request(target="/return", host="x") * 3000)


def deaf_reader(clients):
    for client in clients:
        client.send(build_request())
    flood(clients, build_request(host="x") * 1000)


INTERIMS = (b"HTTP/1.1 103 Early Hints\r\n" + b"Link: " + b"x" * 15_000 + b"\r\n\r\n") * 30
ANSWER = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 60
def settled(lbd):
    """Resident, when that stands still."""
    last = 0
    while lbd.rss() != last:
        last = lbd.rss()
        time.sleep(0.3)
    return last


# state, what its clients do, what the server says, and the bytes that are promised for each of them
STATES = [("idle", idle, b"", 0),
          ("head", head, b"", 32 * KB),
          ("pipelined", pipelined, b"", 16 * KB + 4 * KB),
          ("body to a deaf server", deaf_server, b"", 16 * KB + 4 * KB),
          ("chunks to a deaf server", deaf_server_chunks, b"", 16 * KB + 4 * KB),
          ("rule answers", rule_answers, b"", 2 * 16 * KB + 4 * KB),
          ("deaf reader", deaf_reader, ANSWER, 2 * 16 * KB + 4 * KB),
          ("interim answers", deaf_reader, INTERIMS + ANSWER, 3 * 16 * KB + 4 * KB)]
# Of each worker, four clients may have as much as comes in one piece.
HEAVY = 4 * 128 * KB


@pytest.mark.parametrize("state, act, say, promise", STATES, ids=[row[0] for row in STATES])
def test_a_crowd(box, state, act, say, promise):
    silent = Silent(box, say)
    lbd = box.lbd(box.config({"s": silent.server}, frontend={"rules": RULES, "timeouts": {"client": "60s"}},
                             backend={"timeouts": {"server": "60s"}, "retry": {"attempts": 1}},
                             top={"global": {"threads": 1}}), env={"ASAN_OPTIONS": "quarantine_size_mb=1"})
    with Client(lbd.port) as client:
        client.request(target="/deny")
    before = lbd.rss()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(contextlib.closing(Small(lbd.port))) for _ in range(CLIENTS)]
        act(clients)
        each = (settled(lbd) - before) / CLIENTS
        print(f"{state}: {each / KB:.1f} KiB for each client")
        limit = promise + SLACK + HEAVY / CLIENTS
        # A sanitizer spends more on each block, and gives back none.
        assert each < (3 * limit + 64 * KB if sanitized() else limit)
        silent.over.set()
