"""Doubtful requests are refused, closed, and never reach a server."""
import pytest
from lbdtest import Client, http, took

HEAD = b"Host: x\r\n"
REFUSED = {
    "no version": (b"GET /\r\n\r\n", {400, 505}),
    "bare line feed": (b"GET / HTTP/1.1\nHost: x\n\n", {400}),
    "bare carriage return": (b"GET / HTTP/1.1\r\nX: a\rb\r\n" + HEAD + b"\r\n", {400}),
    "two spaces": (b"GET  / HTTP/1.1\r\n" + HEAD + b"\r\n", {400}),
    "space in target": (b"GET /a b HTTP/1.1\r\n" + HEAD + b"\r\n", {400}),
    "version 2.0": (b"GET / HTTP/2.0\r\n" + HEAD + b"\r\n", {400, 505}),
    "version 1.10": (b"GET / HTTP/1.10\r\n" + HEAD + b"\r\n", {400, 505}),
    "lower case version": (b"GET / http/1.1\r\n" + HEAD + b"\r\n", {400, 505}),
    "method not a token": (b"G(T / HTTP/1.1\r\n" + HEAD + b"\r\n", {400}),
    "control byte in target": (b"GET /\x01 HTTP/1.1\r\n" + HEAD + b"\r\n", {400}),
    "fragment": (b"GET /#x HTTP/1.1\r\n" + HEAD + b"\r\n", {400}),
    "target without slash": (b"GET x HTTP/1.1\r\n" + HEAD + b"\r\n", {400}),
    "connect": (b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", {405, 501}),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", {400}),
    "host with slash": (b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", {400}),
    "host with user": (b"GET / HTTP/1.1\r\nHost: u@x\r\n\r\n", {400}),
    "host differs": (b"GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n", {400}),
    "space before colon": (b"GET / HTTP/1.1\r\nX : 1\r\n" + HEAD + b"\r\n", {400}),
    "no colon": (b"GET / HTTP/1.1\r\nX\r\n" + HEAD + b"\r\n", {400}),
    "empty name": (b"GET / HTTP/1.1\r\n: x\r\n" + HEAD + b"\r\n", {400}),
    "name with control": (b"GET / HTTP/1.1\r\nX\x00Y: x\r\n" + HEAD + b"\r\n", {400}),
    "NUL in value": (b"GET / HTTP/1.1\r\nX: a\x00b\r\n" + HEAD + b"\r\n", {400}),
    "folded": (b"GET / HTTP/1.1\r\nX: a\r\n b\r\n" + HEAD + b"\r\n", {400}),
    "length signed": (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: +5\r\n\r\nabcde", {400}),
    "length hex": (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 0x5\r\n\r\nabcde", {400}),
    "length empty": (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length:\r\n\r\nabcde", {400}),
    "lengths differ": (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", {400}),
    "length list": (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 5, 6\r\n\r\nabcdef", {400}),
    "length too big": (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 18446744073709551621\r\n\r\nabcde", {400, 413}),
    "length and chunked": (b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                           b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", {400}),
    "unknown coding": (b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: gzip\r\n\r\n", {400, 501}),
    "coding list": (b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", {400, 501}),
    "coding twice": (b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"0\r\n\r\n", {400, 501}),
    "coding empty": (b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding:\r\n\r\n", {400, 501}),
    "coding with comma": (b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n", {400, 501}),
    "binary": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400, 505}),
    "h2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
}


@pytest.fixture(scope="module")
def server(shared_box):
    """One daemon for the whole table; each row asserts that it is as alive as before."""
    return shared_box.serve("a")


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_closed(server, name):
    lbd, origin = server
    data, statuses = REFUSED[name]
    before = origin.requests()
    with Client(lbd.port) as client:
        client.send(data + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        response = client.response()
        assert response.status in statuses
        assert (response.get("Connection") or "").lower() == "close"
        assert client.closed()
    assert origin.requests() == before
    assert http(lbd.port).status == 200


BROKEN_CHUNKS = {
    "no number": b"\r\nabc\r\n0\r\n\r\n",
    "hex prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "signed": b"+3\r\nabc\r\n0\r\n\r\n",
    "leading space": b" 3\r\nabc\r\n0\r\n\r\n",
    "two numbers": b"3 3\r\nabc\r\n0\r\n\r\n",
    "line feed only": b"3\nabc\n0\n\n",
    "no end of data": b"3\r\nabc0\r\n\r\n",
    "too much data": b"3\r\nabcdef\r\n0\r\n\r\n",
    "huge": b"FFFFFFFFFFFFFFFF5\r\nabc\r\n0\r\n\r\n",
    "line feed in extension": b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "endless extension": b"3;" + b"a" * 20000 + b"\r\nabc\r\n0\r\n\r\n",
    "bad trailer": b"3\r\nabc\r\n0\r\nX : y\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN_CHUNKS)
def test_broken_chunks_end_the_connection(server, name):
    lbd, origin = server
    before = origin.stats()["answered"]
    with Client(lbd.port) as client:
        client.send(b"POST /_len HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + BROKEN_CHUNKS[name])
        try:
            assert client.response().status in (400, 413, 431)
            assert client.closed()
        except ConnectionResetError:
            pass
    assert origin.stats()["answered"] == before + 1, "the server must not have seen a whole request"
    assert http(lbd.port).status == 200


@pytest.mark.parametrize("data,statuses", [
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414}),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40000 + b"\r\n\r\n", {431}),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 101 + b"\r\n", {431}),
])
def test_limits_of_a_head(server, data, statuses):
    lbd, _ = server
    with Client(lbd.port) as client:
        client.send(data)
        assert client.response().status in statuses
        assert client.closed()



def test_slowloris_is_answered_with_408_at_the_deadline(box):
    import time
    lbd, _ = box.serve("a", top={"defaults": {"timeouts": {"http_request": "500ms"}}})
    with Client(lbd.port) as client:
        start = time.monotonic()
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        try:
            while time.monotonic() - start < 3:
                client.send(b"X: 1\r\n")
                time.sleep(0.05)
                client.socket.setblocking(False)
                try:
                    if not client.more():
                        break
                except BlockingIOError:
                    pass
                client.socket.settimeout(5)
        except (BrokenPipeError, ConnectionResetError):
            pass
        took(start, 2, least=0.3)
        assert client.buffer.startswith(b"HTTP/1.1 408 ")
