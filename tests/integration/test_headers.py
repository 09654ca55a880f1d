"""What of a head reaches the other side: hop-by-hop fields do not, the proxy's own do."""
import pytest
from lbdtest import Client, http


def forwarded(box, headers, frontend=None, backend=None, target="/_echo", host="test.example"):
    """The request as the server saw it: (line, [(name, value)])."""
    lbd, _ = box.serve("a", frontend=frontend, backend=backend)
    with Client(lbd.port) as client:
        text = client.request(target=target, headers=headers, host=host).text
        port = client.socket.getsockname()[1]
    lines = text.split("\r\n\r\n")[0].split("\r\n")
    return lines[0], [tuple(line.split(": ", 1)) for line in lines[1:]], (lbd, port)


def values(fields, name):
    return [value for key, value in fields if key.lower() == name.lower()]


def test_target_and_host_arrive_unchanged(box):
    line, fields, _ = forwarded(box, [], target="/_echo?a=%2F%20%zz&b=..//x")
    assert line == "GET /_echo?a=%2F%20%zz&b=..//x HTTP/1.1"
    assert values(fields, "Host") == ["test.example"]


@pytest.mark.parametrize("name,value", [
    ("Keep-Alive", "timeout=5"), ("Proxy-Connection", "keep-alive"), ("Proxy-Authorization", "Basic eA=="),
    ("TE", "gzip"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQ"),
])
def test_hop_by_hop_fields_are_removed(box, name, value):
    _, fields, _ = forwarded(box, [(name, value), ("X-Kept", "1")])
    assert values(fields, name) == []
    assert values(fields, "X-Kept") == ["1"]


def test_fields_named_by_connection_are_removed(box):
    _, fields, _ = forwarded(box, [("Connection", "X-One, keep-alive"), ("X-One", "1"), ("Connection", "x-two"),
                                   ("X-Two", "2"), ("X-Three", "3")])
    assert values(fields, "X-One") == values(fields, "X-Two") == []
    assert values(fields, "X-Three") == ["3"]


def test_connection_cannot_name_what_the_proxy_adds(box):
    _, fields, _ = forwarded(box, [("Connection", "X-Forwarded-For, Host")])
    assert values(fields, "X-Forwarded-For") == ["127.0.0.1"]
    assert values(fields, "Host") == ["test.example"]


def test_forwarded_fields_are_set(box):
    _, fields, (lbd, _) = forwarded(box, [], host="shop.example:8443")
    assert values(fields, "X-Forwarded-For") == ["127.0.0.1"]
    assert values(fields, "X-Forwarded-Proto") == ["http"]
    assert values(fields, "X-Forwarded-Host") == ["shop.example:8443"]
    assert values(fields, "X-Forwarded-Port") == [str(lbd.port)]


SPOOFED = [("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "5.6.7.8, 9.9.9.9"), ("X-Forwarded-Proto", "https"),
           ("X-Forwarded-Host", "evil.example")]


def test_spoofed_forwarded_fields_are_replaced(box):
    _, fields, _ = forwarded(box, SPOOFED)
    assert values(fields, "X-Forwarded-For") == ["127.0.0.1"]
    assert values(fields, "X-Forwarded-Proto") == ["http"]
    assert values(fields, "X-Forwarded-Host") == ["test.example"]


def test_trusted_proxies_are_kept_and_the_peer_is_last(box):
    _, fields, _ = forwarded(box, SPOOFED, frontend={"trusted_proxies": ["127.0.0.0/8"]})
    assert values(fields, "X-Forwarded-For") == ["1.2.3.4, 5.6.7.8, 9.9.9.9, 127.0.0.1"]
    assert values(fields, "X-Forwarded-Proto") == ["https"]
    assert values(fields, "X-Forwarded-Host") == ["evil.example"]
    # Ours would not belong to that protocol and that name.
    assert values(fields, "X-Forwarded-Port") == []


def test_what_a_trusted_proxy_does_not_say_is_added(box):
    _, fields, (lbd, _) = forwarded(box, [("X-Forwarded-For", ""), ("X-Forwarded-For", "::1")],
                                    frontend={"trusted_proxies": ["10.0.0.0/8", "127.0.0.1"]})
    assert values(fields, "X-Forwarded-For") == ["::1, 127.0.0.1"]
    assert values(fields, "X-Forwarded-Proto") == ["http"]
    assert values(fields, "X-Forwarded-Host") == ["test.example"]
    assert values(fields, "X-Forwarded-Port") == [str(lbd.port)]


def test_who_is_not_among_the_trusted_proxies_is_replaced(box):
    _, fields, _ = forwarded(box, SPOOFED + [("Forwarded", "for=1.2.3.4")],
                             frontend={"trusted_proxies": ["127.0.0.2/31", "::1/128"]})
    assert values(fields, "X-Forwarded-For") == ["127.0.0.1"]
    assert values(fields, "X-Forwarded-Proto") == ["http"]
    assert values(fields, "Forwarded") == []


def test_connection_removes_what_a_trusted_proxy_said_but_not_ours(box):
    _, fields, _ = forwarded(box, SPOOFED + [("Connection", "X-Forwarded-For, X-Forwarded-Proto")],
                             frontend={"trusted_proxies": ["127.0.0.0/8"]})
    assert values(fields, "X-Forwarded-For") == ["127.0.0.1"]
    assert values(fields, "X-Forwarded-Proto") == ["http"]


def test_rules_see_the_real_peer_whatever_it_says(box):
    rules = [{"src": ["127.0.0.0/8"], "deny": 403}]
    lbd, _ = box.serve("a", frontend={"trusted_proxies": ["10.0.0.0/8"], "rules": rules})
    assert http(lbd.port, headers=SPOOFED).status == 403


def test_another_attempt_says_the_same(box):
    a = box.origin("a")
    config = box.config({"dead": f"127.0.0.1:{box.dead_port()}", "a": a},
                        {"trusted_proxies": ["127.0.0.0/8"], "forwarded": True, "request_id": True})
    lbd = box.lbd(config)
    with Client(lbd.port) as client:
        for _ in range(2):  # at least one of them meets the dead server first
            text = client.request(target="/_echo", headers=SPOOFED + [("X-Request-Id", "one")]).text
    assert int(lbd.stat("app", "BACKEND")["wretr"]) >= 1
    fields = [tuple(line.split(": ", 1)) for line in text.split("\r\n\r\n")[0].split("\r\n")[1:]]
    assert values(fields, "X-Forwarded-For") == ["1.2.3.4, 5.6.7.8, 9.9.9.9, 127.0.0.1"]
    assert values(fields, "Forwarded") == ["for=127.0.0.1;host=test.example;proto=http"]
    assert values(fields, "X-Request-Id") == ["one"]


def test_order_and_repetition_are_kept(box):
    headers = [("X-A", "1"), ("X-B", "2"), ("X-A", "3"), ("Cookie", "a=b; c=d"), ("X-Tab", "a\tb"), ("X-High", "\xe9")]
    _, fields, _ = forwarded(box, headers)
    seen = [(name.lower(), value) for name, value in fields if name.lower() in ("x-a", "x-b", "cookie")]
    assert seen == [(name.lower(), value) for name, value in headers[:4]]
    assert values(fields, "X-Tab") == ["a\tb"] and len(values(fields, "X-High")) == 1


@pytest.mark.parametrize("setting,expected", [("preserve", "test.example"), ("www.internal", "www.internal")])
def test_host_header(box, setting, expected):
    _, fields, _ = forwarded(box, [], backend={"host_header": setting})
    assert values(fields, "Host") == [expected]


def test_absolute_form_becomes_origin_form(box):
    line, fields, _ = forwarded(box, [], target="http://other.example/_echo?x", host="other.example")
    assert line == "GET /_echo?x HTTP/1.1"
    assert values(fields, "Host") == ["other.example"]


def test_response_fields_arrive_and_hop_by_hop_ones_do_not(box):
    raw = (b"HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nETag: \"x\"\r\nKeep-Alive: timeout=5\r\n"
           b"Connection: X-Gone\r\nX-Gone: 1\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nok")
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        response = client.request(target=f"/_raw?hex={raw.hex()}")
        assert response.all("Set-Cookie") == ["a=1", "b=2"]
        assert (response.reason, response.get("ETag"), response.body) == ("Fine", '"x"', b"ok")
        assert response.get("X-Gone") is None and response.get("Keep-Alive") is None
        assert client.request().status == 200


def test_http_1_0_response_becomes_1_1(box):
    raw = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"
    lbd, _ = box.serve("a")
    response = http(lbd.port, target=f"/_raw?hex={raw.hex()}&close=1")
    assert (response.version, response.body) == ("HTTP/1.1", b"ok")


def test_a_server_on_a_unix_socket_is_no_host(box):
    """HTTP/1.0 has no Host, and a path is none either."""
    path = box.path("origin.sock")
    origin = box.origin("a", listen=f"unix:{path}")
    lbd = box.lbd(box.config({"a": origin}))
    with Client(lbd.port) as client:
        client.send(b"GET /_echo HTTP/1.0\r\n\r\n")
        text = client.response().text
    assert "\r\nHost: localhost\r\n" in text and str(path) not in text
