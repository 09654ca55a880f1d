"""The rows of HTTP/1.1 that need time, size or many clients."""
import socket
import threading
import time

import pytest
from lbdtest import PACE, Client, Late, Load, build_request, http, in_time, sanitized, took, wait_for
from wire import Recorder

row = pytest.mark.row
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: x\r\n"


def recorded(box, frontend=None, backend=None, **more):
    """(lbd, Recorder behind it)"""
    recorder = Recorder()
    box.closers.append(recorder)
    return box.lbd(box.config({"s": recorder}, frontend, backend, **more)), recorder


def end_of(client, step, deadline):
    """Calls step every 30 ms until the other side ends; what it said, and after how many seconds."""
    start = time.monotonic()
    client.socket.settimeout(0.03)
    while time.monotonic() - start < deadline * PACE:
        try:
            if not client.more():
                return client.buffer, time.monotonic() - start
        except socket.timeout:
            pass
        except ConnectionResetError:
            return client.buffer, time.monotonic() - start
        try:
            step()
        except (BrokenPipeError, ConnectionResetError):
            pass
    raise Late(f"still open after {deadline} s: {client.buffer!r}")


TRICKLES = {
    "one byte at a time": lambda: iter([bytes([byte]) for byte in HEAD + b"X: " + b"y" * 1000]),
    "one line at a time": lambda: iter([HEAD] + [b"X: y\r\n"] * 90),
    "an empty line, then silence": lambda: iter([b"\r\n"]),
    "silence": lambda: iter([]),
    "silence behind half a head": lambda: iter([HEAD]),
}


@row("LT1")
@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("name", TRICKLES)
def test_a_head_has_a_deadline(box, name, second):
    lbd, recorder = recorded(box, {"timeouts": {"http_request": "500ms", "keep_alive": "500ms"}})
    with Client(lbd.port) as client:
        if second:
            assert client.request().status == 200
        trickle = TRICKLES[name]()
        said, seconds = end_of(client, lambda: client.send(next(trickle, b"")), 5)
    in_time(seconds, 3, 0.3)
    assert said == b"" or said.startswith(b"HTTP/1.1 408 ")
    assert len(recorder.requests) == second


STALLS = {
    "length": (b"Content-Length: 1000\r\n\r\nabc", b"d" * 997),
    "chunk": (b"Transfer-Encoding: chunked\r\n\r\n10\r\nabc", b"d" * 13 + b"\r\n0\r\n\r\n"),
    "size line": (b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1", b"0\r\n" + b"d" * 16 + b"\r\n0\r\n\r\n"),
    "trailer": (b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: ", b"y\r\n\r\n"),
}


@row("LT2")
@row("LT3")
@pytest.mark.parametrize("name", STALLS)
def test_a_body_that_stalls_is_no_request_later(box, name):
    lbd, recorder = recorded(box, {"timeouts": {"client": "400ms", "client_fin": "1s"}})
    begun, rest = STALLS[name]
    with Client(lbd.port) as client:
        client.send(POST + begun)
        said = client.until(b"\r\n\r\n") if client.more() else b""
        assert said == b"" or said.split(b" ")[1] in (b"408", b"504")
        try:
            client.send(rest + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        client.closed()
    recorder.settle()
    assert [(r.target, r.complete, r.ended) for r in recorder.requests] == [("/p", False, "fin")]
    assert http(lbd.port).status == 200


@row("LT4")
@pytest.mark.parametrize("data,status", [(b"", 504), (b"HTTP/1.1 200 OK\r\nX: ", 504),
                                         (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", 200)])
def test_a_server_that_falls_silent(box, data, status):
    def silent(client, _number):
        client.until(b"\r\n\r\n")
        client.send(data)
        client.rest()
    lbd = box.lbd(box.config({"s": box.scripted(silent)}, backend={"timeouts": {"server": "400ms"},
                                                                  "retry": {"attempts": 1}}))
    with Client(lbd.port) as client:
        client.send(HEAD + b"\r\n")
        head = client.read_head()
        assert head.status == status
        if status == 200:
            try:
                assert client.rest() == b"hello", "cut: fewer bytes than announced"
            except ConnectionResetError:
                pass


@row("CL12")
def test_a_stray_line_behind_a_body_is_no_request(box):
    """It neither begins the time of a request nor is it answered."""
    lbd, _ = recorded(box, {"timeouts": {"http_request": "300ms", "keep_alive": "5s"}})
    with Client(lbd.port) as client:
        client.send(POST + b"Content-Length: 5\r\n\r\nhello\r\n")
        assert client.response().status == 200
        time.sleep(0.8)
        client.send(b"\r\n")
        time.sleep(0.4)
        assert client.request().status == 200


SIZES = {
    "a field of 4 MB": (HEAD + b"X: ", b"a" * 4_000_000, {400, 431}),
    "10,000 fields": (HEAD, b"X: y\r\n" * 10_000, {400, 431}),
    "200,000 lines of two bytes": (HEAD, b":\n" * 200_000, {400, 431}),
    "a target of 4 MB": (b"GET /", b"a" * 4_000_000, {400, 414}),
    "a method of 1 MB": (b"", b"G" * 1_000_000, {400, 414}),
    "endless folding": (HEAD + b"X: y", b"\r\n z" * 300_000, {400, 431}),
}


@row("LL1")
@row("RL24")
@pytest.mark.parametrize("name", SIZES)
def test_each_part_of_a_head_is_limited(box, name):
    lbd, recorder = recorded(box)
    begin, data, statuses = SIZES[name]
    before = lbd.rss()
    start = time.monotonic()
    with Client(lbd.port) as client:
        try:
            client.send(begin + data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            assert client.read_head().status in statuses
        except ConnectionResetError:
            pass
    took(start, 5)
    assert sanitized() or lbd.rss() < before + (2 << 20)
    assert recorder.requests == []
    assert http(lbd.port).status == 200


@row("LL2")
def test_bytes_of_framing_do_not_fill_the_memory(box):
    lbd, recorder = recorded(box)
    before = lbd.rss()
    for data in (b"\r\n" * 500_000, POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1;" + b"a" * 1_000_000,
                 POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 100_000):
        with Client(lbd.port) as client:
            try:
                client.send(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            client.closed()
    assert sanitized() or lbd.rss() < before + (2 << 20)
    assert not [request for request in recorder.requests if request.complete]


@row("PP1")
def test_a_thousand_in_a_burst(box):
    lbd, *_ = box.serve("a", echo=False)
    with Client(lbd.port) as client:
        sender = threading.Thread(target=client.send, args=(build_request(target="/_number?body=10") * 1000,))
        sender.start()
        for _ in range(1000):
            assert client.response().status == 200
        sender.join()


@row("PP2")
def test_a_client_that_does_not_read_is_not_read(box):
    lbd, origin = box.serve("a")
    before = lbd.rss()
    with Client(lbd.port, timeout=1.0) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with pytest.raises(TimeoutError):
            for _ in range(1000):
                client.send(build_request(target="/?body=100000") * 100)
        seen = origin.requests()
        time.sleep(0.3)
        assert origin.requests() <= seen + 2, "requests are still fetched"
        assert seen < 200
        assert sanitized() or lbd.rss() < before + (8 << 20)
    wait_for(lambda: lbd.stat("web", "FRONTEND")["scur"] == "0")


@row("RX3")
def test_an_answer_to_nothing_reaches_nobody_else(box):
    """The server speaks at once, then answers each request: never may that first answer go to a later request."""
    def early(client, number):
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nnobod")
        while True:
            client.until(b"\r\n\r\n")
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nreal")
    lbd = box.lbd(box.config({"s": box.scripted(early)}, top={"global": {"threads": 1}}))
    for _ in range(20):
        with Client(lbd.port) as client:
            answer = client.request()
            assert answer.status == 502 or answer.body in (b"real", b"nobod"), answer


@row("RX3")
def test_a_connection_that_spoke_first_is_not_used_again(box):
    def early(client, _number):
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil" * 2)
        client.until(b"\r\n\r\n")
    scripted = box.scripted(early)
    lbd = box.lbd(box.config({"s": scripted}, top={"global": {"threads": 1}}, backend={"retry": {"attempts": 1}}))
    with Client(lbd.port) as client:
        statuses = [client.request().status for _ in range(10)]
    assert set(statuses) <= {200, 502} and scripted.connections == 10, (statuses, scripted.connections)


@row("CN7")
@row("CN9")
def test_bytes_behind_an_upgrade_wait_for_the_101(box):
    seen, waited = [], threading.Event()

    def script(client, _number):
        client.until(b"\r\n\r\n")
        client.socket.settimeout(0.3)
        try:
            client.more()
        except TimeoutError:
            pass
        seen.append(client.buffer)
        client.send(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        client.socket.settimeout(10)
        seen.append(client.need(5))
        waited.set()
        client.send(b"bye")
    scripted = box.scripted(script)
    lbd = box.lbd(box.config({"s": scripted}))
    for number in (1, 2):
        with Client(lbd.port) as client:
            client.send(build_request(headers={"Connection": "upgrade", "Upgrade": "websocket"}) + b"early")
            assert client.response().status == 101
            assert client.rest() == b"bye"
        assert scripted.connections == number, "a tunnel's connection was used again"
    assert seen == [b"", b"early"] * 2


@row("LC1")
@row("LP")
def test_bad_clients_leave_nothing_behind(box):
    lbd, a, b = box.serve("a", "b")
    http(lbd.port)
    descriptors, before = len(lbd.fds()), None
    for turn in range(3):
        stalled = [Client(lbd.port) for _ in range(200)]
        for number, client in enumerate(stalled):
            client.send([b"", b"GET / HT", HEAD, POST + b"Content-Length: 10\r\n\r\nabc"][number % 4])
        load = Load(lbd.port, clients=4, each=100)
        for _ in range(300):
            client = Client(lbd.port)
            client.send(build_request(target="/?body=1000"))
            client.reset()
        for _ in range(30):
            with Client(lbd.port) as client:
                client.send(build_request(target="/?body=10000000"))
                client.need(1000)
        if turn == 1:
            a.kill()
        load.join()
        assert load.errors == [] and load.count(200) + load.count(502) + load.count(503) == 400
        for client in stalled:
            client.close()
        wait_for(lambda: lbd.stat("web", "FRONTEND")["scur"] == "0", what="all sessions to end")
        assert http(lbd.port).status == 200
        # The first turn fills the pools.
        before = before or lbd.rss()
    wait_for(lambda: len(lbd.fds()) <= descriptors + 8, what="descriptors to be closed")
    assert sanitized() or lbd.rss() < before + (2 << 20)
    again = a.again(box)
    wait_for(lambda: http(lbd.port).origin == "a" or None, what="the server that came back")
    assert again.requests() > 0 and b.running
