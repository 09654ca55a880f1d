"""Which bodies are spliced: large ones of which nothing has to be looked at, both ways; and no others."""
import hashlib
import threading

import pytest
from lbdtest import Client, build_request, http, pattern, wait_for
from spliced import Traced, pipes

MB = 1_000_000
SIZE = 20 * MB
BODY = pattern(SIZE)
ONE = {"global": {"threads": 1}}
TCP = {"defaults": {"mode": "tcp"}, **ONE}


def same(got, sent=BODY):
    return hashlib.md5(got).digest() == hashlib.md5(sent).digest()


class Both:
    """A server that, once its head or first line is here, answers with these bytes and reads what comes behind it; with
    needs it reads so much first."""

    def __init__(self, box, answer, body=BODY, until=b"\r\n\r\n", needs=0):
        self.got, self.done = b"", threading.Event()

        def script(client, _number):
            client.until(until)
            self.got = client.need(needs)
            reader = threading.Thread(target=self._read, args=(client,))
            reader.start()
            client.send(answer + body)
            client.half_close()
            reader.join()
        self.server = box.scripted(script)

    def _read(self, client):
        self.got += client.rest()
        self.done.set()


def exchange(lbd, request, body=b""):
    """Sends the request and its body while the answer is read to the end of the connection; the answer."""
    with Client(lbd.port, timeout=60) as client:
        client.send(request)
        writer = threading.Thread(target=lambda: (client.send(body), client.half_close()))
        writer.start()
        answer = client.rest()
        writer.join()
        return answer


def test_an_answer_with_a_length(box):
    lbd, _ = box.serve("a", top=ONE)
    with Traced(box, lbd) as calls:
        assert same(http(lbd.port, target=f"/?body={SIZE}", timeout=60).body)
    assert SIZE * 0.9 < calls.spliced <= SIZE, (calls.spliced, calls.copied)
    assert calls.copied < SIZE * 0.1


def test_a_request_with_a_length(box):
    server = Both(box, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok", needs=SIZE)
    lbd = box.lbd(box.config({"s": server.server}, top=ONE))
    with Traced(box, lbd) as calls:
        answer = exchange(lbd, build_request("POST", headers={"Content-Length": SIZE, "Connection": "close"}), BODY)
    assert answer.endswith(b"ok") and same(server.got)
    assert SIZE * 0.9 < calls.spliced <= SIZE, (calls.spliced, calls.copied)


def test_an_answer_until_close_to_a_client_of_1_0(box):
    lbd, _ = box.serve("a", top=ONE)
    with Traced(box, lbd) as calls:
        answer = exchange(lbd, f"GET /?body={SIZE}&until_close=1 HTTP/1.0\r\nHost: a\r\n\r\n".encode())
    assert same(answer.split(b"\r\n\r\n", 1)[1])
    assert SIZE * 0.9 < calls.spliced <= SIZE, (calls.spliced, calls.copied)


TUNNELS = {
    "tcp": (b"start\r\n\r\n", b"", TCP),
    "upgrade": (b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
                b"HTTP/1.1 101 Switch\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", ONE),
    "connect": (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", ONE),
}


@pytest.mark.parametrize("kind", sorted(TUNNELS))
def test_both_directions_of_a_tunnel(box, kind):
    """At once, each to its own end: half-close with much behind it."""
    request, head, top = TUNNELS[kind]
    server = Both(box, head)
    lbd = box.lbd(box.config({"s": server.server}, {"connect": True} if kind == "connect" else {}, top=top))
    with Traced(box, lbd) as calls, Client(lbd.port, timeout=60) as client:
        client.send(request)
        if head:
            client.until(b"\r\n\r\n")
        writer = threading.Thread(target=lambda: (client.send(BODY), client.half_close()))
        writer.start()
        assert same(client.rest())
        writer.join()
        assert server.done.wait(20) and same(server.got)
    assert 2 * SIZE * 0.8 < calls.spliced <= 2 * SIZE, (calls.spliced, calls.copied)


@pytest.mark.parametrize("bind", ["unix", "[::1]"])
def test_other_kinds_of_sockets(box, bind):
    listen = f"unix:{box.path('o.sock')}" if bind == "unix" else "[::1]:0"
    origin = box.origin("a", listen=listen)
    lbd = box.lbd(box.config({"a": origin}, top=ONE))
    with Traced(box, lbd) as calls:
        assert same(http(lbd.port, target=f"/?body={SIZE}", timeout=60).body)
        answer = http(lbd.port, "POST", "/_len", body=BODY, timeout=60)
    assert f'"length":{SIZE}'.encode() in answer.body.replace(b" ", b"")
    assert 2 * SIZE * 0.8 < calls.spliced <= 2 * SIZE, (calls.spliced, calls.copied)


def test_a_hundred_megabytes_each_way_at_once_pass_through_little_memory(box):
    """For a sanitizer's build, whose memory says nothing, test_large_bodies knows more."""
    body = pattern(100 * MB)
    server = Both(box, b"", body)
    lbd = box.lbd(box.config({"s": server.server}, top=TCP))
    before = lbd.rss()
    answer = exchange(lbd, b"start\r\n\r\n", body)
    assert same(answer, body)
    assert server.done.wait(20) and same(server.got, body)
    assert lbd.rss("VmHWM") < before + (30 << 20)
    row = lbd.stat("web", "FRONTEND")
    assert (int(row["bin"]), int(row["bout"])) == (len(body) + 9, len(body))


# --- what is copied

COPIED = {
    "an answer in chunks": (f"/?body={2 * MB}&chunk=50000", None, {}),
    "an answer until close, as chunks": (f"/?body={2 * MB}&until_close=1", None, {}),
    "small answers": ("/?body=65536", None, {}),
    "a small request": ("/_len", {"body": pattern(65536)}, {}),
    "a request in chunks": ("/_len", {"chunks": [pattern(50000)] * 40}, {}),
    "a request that is kept for a retry": (
        "/_len", {"body": pattern(MB)},
        {"retry": {"attempts": 3, "on": ["connect", "reset"], "methods": ["POST"], "body": "1m"}}),
}


@pytest.mark.parametrize("name", sorted(COPIED))
def test_what_is_copied(box, name):
    target, sends, backend = COPIED[name]
    lbd, _ = box.serve("a", top=ONE, backend=backend)
    before = pipes(lbd)
    with Traced(box, lbd) as calls:
        for _ in range(4):
            response = http(lbd.port, "POST" if sends else "GET", target, timeout=60, **(sends or {}))
            assert response.status == 200
    assert calls.spliced == 0 and calls.copied > 4 * 65536
    assert pipes(lbd) == before


def test_a_tunnel_with_small_messages(box):
    """Many of them: together they are large, and each is small."""
    origin = box.origin("a", echo=True)
    lbd = box.lbd(box.config({"a": origin}, top=TCP))
    before = pipes(lbd)
    with Client(lbd.port) as client:
        for _ in range(400):
            assert client.send(pattern(1000)).need(1000) == pattern(1000)
    assert pipes(lbd) == before


def test_a_body_above_the_limit_is_refused_as_before(box):
    lbd, a = box.serve("a", top=ONE, frontend={"limits": {"body": MB}})
    with Client(lbd.port) as client:
        client.send(build_request("POST", headers={"Content-Length": 2 * MB}))
        assert client.response().status == 413
    assert http(lbd.port, "POST", "/_len", body=pattern(MB)).status == 200
    assert a.requests() == 1


def test_the_pipe_that_is_kept_is_given_back(box):
    lbd, _ = box.serve("a", top=ONE)
    before = len(lbd.fds())
    assert http(lbd.port, target=f"/?body={SIZE}", headers={"Connection": "close"}).status == 200
    wait_for(lambda: pipes(lbd) == 0 and len(lbd.fds()) <= before + 1)  # one upstream is kept
