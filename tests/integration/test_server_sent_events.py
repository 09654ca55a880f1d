"""Server-sent events: each event arrives when it was sent, and the server hears of it when the client leaves."""
import threading
import time

import pytest
from lbdtest import Client, build_request, wait_for

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"


class EventServer:
    """Sends an event whenever next is set; counts the streams that the other side ended."""

    def __init__(self, box, chunked):
        self.next, self.ended, self.sent_at, self.chunked = threading.Semaphore(0), threading.Event(), 0.0, chunked
        self.scripted = box.scripted(self.stream)

    def stream(self, connection, _number):
        connection.until(b"\r\n\r\n")
        connection.send(HEAD + (b"Transfer-Encoding: chunked\r\n\r\n" if self.chunked else b"Connection: close\r\n\r\n"))
        threading.Thread(target=self.watch, args=(connection,), daemon=True).start()
        number = 0
        while not self.ended.is_set():
            if self.next.acquire(timeout=0.1):
                event = b"id: %d\ndata: %s\n\n" % (number, b"x" * 20)
                number += 1
                self.sent_at = time.monotonic()
                connection.send(b"%x\r\n%s\r\n" % (len(event), event) if self.chunked else event)

    def watch(self, connection):
        try:
            while connection.more():
                pass
        except OSError:
            pass
        self.ended.set()


@pytest.mark.parametrize("chunked", [True, False])
def test_each_event_arrives_at_once(box, chunked):
    server = EventServer(box, chunked)
    lbd = box.lbd(box.config({"s": server.scripted}))
    with Client(lbd.port) as client:
        client.send(build_request(target="/events", headers={"Accept": "text/event-stream"}))
        response = client.read_head()
        assert (response.status, response.get("Content-Type")) == (200, "text/event-stream")
        delays = []
        for number in range(20):
            server.next.release()
            assert b"id: %d\n" % number in client.until(b"\n\n")
            delays.append(time.monotonic() - server.sent_at)
        # A proxy that collected them would hold each until the next one, which is sent only when this one has come.
        assert sorted(delays)[10] < 0.05, delays
        client.reset()


def leave(box, reset):
    server = EventServer(box, True)
    lbd = box.lbd(box.config({"s": server.scripted}))
    client = Client(lbd.port)
    client.send(build_request(target="/events"))
    client.read_head()
    server.next.release()
    client.until(b"\n\n")
    assert not server.ended.is_set()
    if reset:
        client.reset()
    else:
        client.close()
    return lbd, server


def test_a_client_that_leaves_ends_the_upstream_with_the_next_events(box):
    # Its FIN alone might be a half-close, whose sender still wants the answer; what is sent to it then is refused.
    lbd, server = leave(box, reset=False)

    def ended():
        server.next.release()
        return server.ended.is_set()
    wait_for(ended, 5, "the server to hear that nobody listens", every=0.05)
    wait_for(lambda: lbd.stat("app", "s")["scur"] == "0")
    assert lbd.stat("app", "s")["cli_abrt"] == "1"


def test_a_client_that_resets_ends_the_upstream_at_once(box):
    lbd, server = leave(box, reset=True)
    assert server.ended.wait(5), "the server still sends to nobody"
    wait_for(lambda: lbd.stat("app", "s")["scur"] == "0")


def test_a_hundred_streams_at_once(box):
    def stream(connection, _number):
        connection.until(b"\r\n\r\n")
        connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for number in range(5):
            event = b"id: %d\n\n" % number
            connection.send(b"%x\r\n%s\r\n" % (len(event), event))
            time.sleep(0.05)
        connection.send(b"0\r\n\r\n")
    scripted = box.scripted(stream)
    lbd = box.lbd(box.config({"s": scripted}))
    clients = [Client(lbd.port) for _ in range(100)]
    for client in clients:
        client.send(build_request(target="/events"))
    for client in clients:
        assert client.response().body == b"".join(b"id: %d\n\n" % number for number in range(5))
        client.close()
    assert scripted.errors == []
