"""The demo server: what it promises is what the other suites build on."""
import json
import socket
import time
import zlib

import pytest
from lbdtest import Client, Failure, Load, build_request, http, pattern, wait_for


def test_answers_with_its_name(box):
    response = http(box.origin("blue").port)
    assert (response.status, response.body, response.origin) == (200, b"blue\n", "blue")


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:0", "unix"])
def test_listens_everywhere(box, listen):
    origin = box.origin("a", listen=f"unix:{box.path('o.sock')}" if listen == "unix" else listen)
    endpoint = ("::1", origin.port) if "[" in listen else origin.endpoint
    assert http(endpoint).text == "a\n"


def test_keeps_the_connection_and_answers_pipelined_requests_in_order(box):
    with Client(box.origin().port) as client:
        client.send(b"".join(build_request(target=f"/?body={n}") for n in range(1, 200)))
        for n in range(1, 200):
            assert client.response().body == pattern(n)


@pytest.mark.parametrize("size", [0, 1, 250, 65536, 10_000_000])
@pytest.mark.parametrize("framing", ["", "&chunk=1000", "&chunk=100000", "&until_close=1"])
def test_body_sizes_and_framings(box, size, framing):
    response = http(box.origin().port, target=f"/?body={size}{framing}")
    assert response.body == pattern(size)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_len_counts_the_content(box, size, chunked):
    body = pattern(size)
    chunks = [body[i:i + 4099] for i in range(0, size, 4099)]
    response = http(box.origin().port, "POST", "/_len", **({"chunks": chunks} if chunked else {"body": body}))
    assert json.loads(response.body) == {"length": size, "crc32": f"{zlib.crc32(body):08x}"}


def test_echo_shows_the_request_as_received(box):
    sent = build_request("PUT", "/_echo?a=b", [("X-One", "1"), ("x-two", "2")], chunks=[b"abc", b"d"])
    with Client(box.origin().port) as client:
        assert client.send(sent).response().body == sent


def test_head_has_the_length_and_no_body(box):
    with Client(box.origin().port) as client:
        assert client.request("HEAD", "/?body=500").get("Content-Length") == "500"
        assert client.request("GET").text == "a\n"


def test_delay_status_and_health(box):
    origin = box.origin()
    start = time.monotonic()
    assert http(origin.port, target="/?delay=120&status=503").status == 503
    assert time.monotonic() - start >= 0.115
    assert origin.set(health=500, status=404)["health"] == 500
    assert http(origin.port, target="/health").status == 500
    assert http(origin.port).status == 404
    origin.set(health=200)
    assert http(origin.port, target="/health").status == 200


def test_error_share_is_exact(box):
    origin = box.origin("a", error=30)
    load = Load(origin.port, clients=1, each=100).join()
    assert (load.count(500), load.count(200), load.errors) == (30, 70, [])


def test_hang_never_answers(box):
    with Client(box.origin("a", hang=1).port, timeout=0.3) as client:
        with pytest.raises(socket.timeout):
            client.request()


@pytest.mark.parametrize("after", [0, 5000])
def test_reset(box, after):
    with Client(box.origin().port) as client:
        client.send(build_request(target=f"/?body=100000&reset={after}"))
        seen = 0
        with pytest.raises(ConnectionResetError):
            while client.more():
                seen = len(client.buffer)
        head = client.buffer.partition(b"\r\n\r\n")[0]
        assert seen == (len(head) + 4 + after if after else 0)


def test_cut_ends_the_stream_early(box):
    with pytest.raises(Failure, match="ended after 700 of 1000"):
        http(box.origin().port, target="/?body=1000&cut=700")


def test_keep_closes_after_that_many_answers(box):
    with Client(box.origin("a", keep=3).port) as client:
        assert [client.request().get("Connection") for _ in range(3)] == [None, None, "close"]
        assert client.closed()


def test_slow_body_keeps_its_rate(box):
    start = time.monotonic()
    assert http(box.origin().port, target="/?body=20000&rate=50000").body == pattern(20000)
    assert time.monotonic() - start > 0.3


def test_expect_is_answered_first(box):
    with Client(box.origin().port) as client:
        client.send(b"POST /_len HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert client.read_head().status == 100
        assert json.loads(client.send(b"abcd").response().body)["length"] == 4


def test_hints_come_before_the_answer(box):
    interim = []
    with Client(box.origin().port) as client:
        assert client.send(build_request(target="/?hints=2")).response(interim=interim).status == 200
    assert [response.status for response in interim] == [103, 103]


def test_early_answer_does_not_wait_for_the_body(box):
    with Client(box.origin().port) as client:
        client.send(b"POST /?early=1&status=413 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
        assert client.response().status == 413
        assert client.send(b"67890").request().status == 200
        client.send(b"POST /?early=2 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
        assert client.response().get("Connection") == "close"
        assert client.closed()


def test_raw_sends_these_bytes(box):
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde"
    with Client(box.origin().port) as client:
        client.send(build_request(target=f"/_raw?hex={raw.hex()}&close=1"))
        assert client.rest() == raw


def test_upgrade_becomes_a_tunnel(box):
    with Client(box.origin().port) as client:
        response = client.request(target="/_upgrade", headers={"Connection": "upgrade", "Upgrade": "websocket"})
        assert response.status == 101
        assert client.send(b"ping" * 50000).need(200000) == b"ping" * 50000
        client.half_close()
        assert client.closed()


def test_echo_listener_sends_back_bytes_and_the_end(box):
    with Client(box.origin("t", echo=True).port) as client:
        client.send(pattern(50000)).half_close()
        assert client.rest() == pattern(50000)


@pytest.mark.parametrize("bad", [
    b"GET / HTTP/2.0\r\n\r\n", b"GET  / HTTP/1.1\r\n\r\n", b"GET /\r\n\r\n", b"\0\1\2\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", b"GET / HTTP/1.1\r\n folded\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
])
def test_what_is_not_strictly_http_is_refused(box, bad):
    origin = box.origin()
    with Client(origin.port) as client:
        assert client.send(bad).response().status == 400
        assert client.closed()
    assert origin.stats()["bad"] == 1


def test_counts_requests_and_connections(box):
    origin = box.origin("a")
    with Client(origin.port) as client:
        for _ in range(5):
            client.request()
        client.request(target="/health")
        stats = origin.stats()
    assert (stats["requests"], stats["health"], stats["connections"]) == (5, 1, 2)
    wait_for(lambda: origin.stats()["open"] == 1)


def test_counts_requests_that_run(box):
    origin = box.origin("a", delay=200)
    clients = [Client(origin.port).send(build_request()) for _ in range(3)]
    wait_for(lambda: origin.stats()["busy"] == 3)
    for client in clients:
        assert client.response().status == 200
    stats = origin.stats()
    assert (stats["busy"], stats["busy_max"]) == (0, 3)


def test_term_finishes_the_answer_and_ends_with_0(box):
    origin = box.origin()
    with Client(origin.port) as client:
        client.send(build_request(target="/?delay=200"))
        wait_for(lambda: origin.requests() == 1)
        origin.signal(15)
        response = client.response()
        assert (response.status, response.get("Connection")) == (200, "close")
    assert origin.wait() == 0


def test_many_connections_leave_nothing_behind(box):
    origin = box.origin()
    load = Load(origin.port, clients=8, each=200, target="/?keep=1").join()
    assert (load.count(200), load.errors) == (1600, [])
    wait_for(lambda: origin.stats()["open"] == 1)
    assert len(origin.fds()) < 20
