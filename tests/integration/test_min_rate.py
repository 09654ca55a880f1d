"""limits.min_rate: who sends a head or a body slower than that, over five seconds, gets 408; who is kept waiting by a
server does not."""
import threading
import time

from lbdtest import Client, Load, http, pattern

RATE = 400


class Slow(threading.Thread):
    """Sends first, then piece after piece until the answer is here; its status and when it came."""

    def __init__(self, port, first, piece, every, pieces=1000, last=b""):
        super().__init__(daemon=True)
        self.client, self.first, self.piece, self.every = Client(port, timeout=40), first, piece, every
        self.pieces, self.last = pieces, last
        self.answer = self.took = None
        self.start()

    def run(self):
        begin = time.monotonic()
        sender = threading.Thread(target=self.drip, daemon=True)
        sender.start()
        self.answer = self.client.response()
        self.took = time.monotonic() - begin
        sender.join(self.every + 20)

    def drip(self):
        try:
            self.client.send(self.first)
            for _ in range(self.pieces):
                if self.answer:
                    return
                if self.piece:
                    self.client.send(self.piece)
                time.sleep(self.every)
            self.client.send(self.last)
        except OSError:
            pass


def head(length=None, **headers):
    lines = ["POST /_len HTTP/1.1", "Host: a", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    lines.append(f"Content-Length: {length}" if length is not None else "Transfer-Encoding: chunked")
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def reads_late(client, number):
    """Of the body nothing is taken for eight seconds, much more than all buffers hold."""
    first = client.until(b"\r\n\r\n")
    if b"expect" in first.lower():
        time.sleep(8)
        client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.need(1000)
    else:
        time.sleep(8)
        left = 30_000_000 - len(client.buffer)
        while left:
            left -= len(client.socket.recv(min(left, 1 << 16)))
    client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def test_slow_heads_and_bodies_end(box):
    lbd, _ = box.serve("a", frontend={"limits": {"min_rate": RATE}, "timeouts": {"http_request": "60s"}})
    late = box.scripted(reads_late)
    other = box.lbd(box.config({"late": late.address}, frontend={"limits": {"min_rate": RATE}}))
    port = lbd.port
    slow = {
        "head": Slow(port, b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", b"aaaaaaaaaa", 0.1),
        "silent head": Slow(port, b"GET / HTTP/1.1\r\nHost: a\r\n", b"", 0.5),
        "body": Slow(port, head(1_000_000), b"b", 0.05),
        "silent body": Slow(port, head(10), b"", 0.5),
        "body in chunks": Slow(port, head(), b"1\r\nb\r\n", 0.05),
        "stalls after much": Slow(port, head(1_000_000) + bytes(400_000), b"", 0.5),
    }
    honest = {
        "head": Slow(port, b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", b"a" * 80, 0.1, 80, b"\r\n\r\n"),
        "body": Slow(port, head(8000), b"b" * 100, 0.1, 80),
        "pauses for less": Slow(port, head(20_000) + bytes(10_000), b"", 3, 1, bytes(10_000)),
    }
    kept_waiting = [Client(other.port, timeout=60) for _ in range(2)]
    kept_waiting[1].send(head(1000, Expect="100-continue"))
    threading.Thread(target=kept_waiting[0].send, args=(head(30_000_000) + bytes(30_000_000),), daemon=True).start()
    begun = Client(port)  # waits for longer than the grace before its first byte, then sends in two pieces
    load = Load(port, clients=20, pause=0.05)
    time.sleep(7)
    begun.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
    time.sleep(1.2)
    begun.send(b"\r\n")
    assert begun.response().status == 200
    for name, client in slow.items():
        client.join(30)
        assert (client.answer.status, client.answer.get("Connection")) == (408, "close"), name
        assert 4.5 < client.took < 12, (name, client.took)
    for name, client in honest.items():
        client.join(30)
        assert client.answer.status == 200, name
    assert load.stop().errors == [] and load.count(200) == len(load.results)
    ended = {row["reason"]: int(row["count"]) for row in lbd.table("show reasons")}
    assert ended["too_slow"] == len(slow) and ended.get("request_timeout", 0) == ended.get("client_timeout", 0) == 0
    assert int(lbd.stat("web", "FRONTEND")["ereq"]) == len(slow)
    kept_waiting[1].until(b"\r\n\r\n")
    kept_waiting[1].send(bytes(1000))
    assert [client.response().status for client in kept_waiting] == [200, 200], late.errors


def test_off_unless_written(box):
    lbd, _ = box.serve("a")
    slow = Slow(lbd.port, head(10), b"b", 0.8, 10)
    slow.join(30)
    assert slow.answer.status == 200 and slow.took > 7
    assert http(lbd.port, "POST", "/_len", body=pattern(1000)).status == 200
