"""One request through, and all the ways in which bodies travel."""
import json
import zlib

import pytest
from lbdtest import Client, build_request, curl, http, pattern, wait_for

SIZES = [0, 1, 1000, 16384, 65537, 1_000_000, 10_000_000]


def measured(response):
    return json.loads(response.body)


def test_one_request(box):
    lbd, a = box.serve("a")
    response = http(lbd.port)
    assert (response.status, response.version, response.body, response.origin) == (200, "HTTP/1.1", b"a\n", "a")
    assert a.requests() == 1


def test_curl_agrees(box):
    lbd, _ = box.serve("a")
    assert curl(f"http://127.0.0.1:{lbd.port}/") == (0, b"a\n", "")


def test_keep_alive_on_both_sides(box):
    lbd, a = box.serve("a", top={"global": {"threads": 1}})
    with Client(lbd.port) as client:
        for _ in range(50):
            assert client.request().status == 200
    # One for the exchanges, one for this question.
    assert a.stats()["connections"] == 2


def test_upstreams_are_shared_by_clients(box):
    lbd, a = box.serve("a", top={"global": {"threads": 1}})
    for _ in range(20):
        assert http(lbd.port).status == 200
    assert a.stats()["connections"] == 2


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("framing", ["", "&chunk=4000", "&until_close=1"])
def test_response_body_is_identical(box, size, framing):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        assert client.request(target=f"/?body={size}{framing}").body == pattern(size)
        assert client.request().body == b"a\n"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("chunked", [False, True])
def test_request_body_is_identical(box, size, chunked):
    lbd, _ = box.serve("a")
    body = pattern(size)
    chunks = [body[i:i + 50_001] for i in range(0, size, 50_001)]
    with Client(lbd.port) as client:
        for _ in range(2):
            response = client.request("POST", "/_len", **({"chunks": chunks} if chunked else {"body": body}))
            assert measured(response) == {"length": size, "crc32": f"{zlib.crc32(body):08x}"}


def test_both_bodies_at_once(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        response = client.request("PUT", "/_echo", chunks=[pattern(100_000)])
        assert pattern(1000) in response.body


def test_request_split_into_single_bytes(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        for byte in build_request("POST", "/_len", chunks=[b"hello", b"world"]):
            client.send(bytes([byte]))
        assert measured(client.response())["length"] == 10


def test_pipelined_requests_are_answered_in_order(box):
    lbd, _, _ = box.serve("a", "b")
    with Client(lbd.port) as client:
        client.send(b"".join(build_request(target=f"/?body={n}") for n in range(1, 301)))
        for n in range(1, 301):
            assert len(client.response().body) == n


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
def test_methods_pass(box, method):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        assert client.request(method, "/?body=100").status == 200
        assert client.request().text == "a\n"


@pytest.mark.parametrize("status", [201, 204, 301, 304, 404, 418, 500])
def test_statuses_pass_and_the_connection_lives_on(box, status):
    lbd, _ = box.serve("a", backend={"retry": {"attempts": 1}})
    with Client(lbd.port) as client:
        for _ in range(3):
            assert client.request(target=f"/?status={status}").status == status


def test_expect_continue(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        client.send(build_request("POST", "/_len", {"Expect": "100-continue", "Content-Length": "5"}))
        assert client.read_head().status == 100
        assert measured(client.send(b"abcde").response())["length"] == 5
        assert client.request().status == 200


def test_early_hints_pass(box):
    lbd, _ = box.serve("a")
    interim = []
    with Client(lbd.port) as client:
        client.send(build_request(target="/?hints=2"))
        assert client.response(interim=interim).status == 200
        assert [response.status for response in interim] == [103, 103]


def test_early_answer_to_an_unfinished_body(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        client.send(build_request("POST", "/?early=2&status=413", {"Content-Length": "1000000"}) + pattern(1000))
        assert client.response().status == 413
    assert http(lbd.port).status == 200


def test_http_1_0_client(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        client.send(b"GET /?chunk=10&body=100 HTTP/1.0\r\nHost: x\r\n\r\n")
        head, body = client.rest().split(b"\r\n\r\n", 1)
        assert b"ransfer-" not in head and body == pattern(100)
    with Client(lbd.port) as client:
        client.send(b"GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
        assert client.response().get("Connection").lower() == "keep-alive"
        assert client.request().status == 200


def test_connection_close_is_honoured(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        assert client.request(headers={"Connection": "close"}).get("Connection").lower() == "close"
        assert client.closed()


def test_client_that_half_closes_still_gets_its_answer(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        client.send(build_request(target="/?delay=100", headers={"Connection": "close"})).half_close()
        assert client.response().text == "a\n"


def test_slow_reader_gets_everything_and_memory_stays_bounded(box):
    lbd, _ = box.serve("a")
    before = lbd.rss()
    clients = [Client(lbd.port) for _ in range(8)]
    for client in clients:
        client.send(build_request(target="/?body=20000000"))
    wait_for(lambda: lbd.stat("app", "a")["scur"] == "8")
    assert lbd.rss() - before < 32 << 20
    for client in clients:
        assert client.response().body == pattern(20_000_000)
        client.close()


def test_client_that_leaves_frees_the_server(box):
    lbd, a = box.serve("a")
    client = Client(lbd.port)
    client.send(build_request(target="/?delay=20000"))
    wait_for(lambda: a.requests() == 1)
    client.reset()
    wait_for(lambda: lbd.stat("app", "a")["scur"] == "0")


def test_upgrade_becomes_a_tunnel(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        response = client.request(target="/_upgrade", headers={"Connection": "upgrade", "Upgrade": "websocket"})
        assert (response.status, response.get("Upgrade")) == (101, "websocket")
        assert client.send(b"ping").need(4) == b"ping"
        client.half_close()
        assert client.closed()


def test_server_on_a_unix_socket(box):
    origin = box.origin("u", listen=f"unix:{box.path('origin.sock')}")
    assert http(box.lbd(box.config({"u": origin})).port).text == "u\n"


def test_frontends_of_all_families(box):
    config = box.config({"a": box.origin()})
    port, path = box.port(), box.path("front.sock")
    config["frontends"]["web"]["bind"] += [f"[::1]:{port}", f"unix:{path}"]
    lbd = box.lbd(config)
    assert http(lbd.port).status == 200
    assert http(("::1", port)).status == 200
    assert http(str(path)).status == 200
