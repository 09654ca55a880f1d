"""What Host a server gets, and with which target: every form of a target, with and without a rule's host_header, for each
host_header of a backend."""
import pytest
from attempts import Plan, answer
from lbdtest import Client

row = pytest.mark.row
FORMS = [
    # request line and Host as they come; target and Host as they go on, where nobody sets another one
    ("GET /a?b HTTP/1.1", "Host: C.example:81", "/a?b", "C.example:81"),
    ("GET /a?b HTTP/1.1", "Host: [::1]:81", "/a?b", "[::1]:81"),
    ("GET /a?b HTTP/1.0", "Host: c.example", "/a?b", "c.example"),
    ("GET /a?b HTTP/1.0", "", "/a?b", ""),
    ("GET http://c.example:81/a?b HTTP/1.1", "Host: c.example:81", "/a?b", "c.example:81"),
    ("GET HTTP://c.example/a?b HTTP/1.1", "Host: C.EXAMPLE:80", "/a?b", "c.example"),
    ("GET https://c.example:443/a?b HTTP/1.1", "Host: c.example", "/a?b", "c.example:443"),
    ("GET http://c.example?b HTTP/1.1", "Host: c.example", "/?b", "c.example"),
    ("GET http://c.example/a HTTP/1.0", "", "/a", "c.example"),
    ("OPTIONS http://c.example HTTP/1.1", "Host: c.example", "*", "c.example"),
    ("OPTIONS * HTTP/1.1", "Host: c.example", "*", "c.example"),
    ("CONNECT c.example:443 HTTP/1.1", "Host: c.example:443", "c.example:443", "c.example:443"),
    ("CONNECT [::1]:443 HTTP/1.1", "Host: [::1]:443", "[::1]:443", "[::1]:443"),
    ("CONNECT c.example:443 HTTP/1.0", "", "c.example:443", "c.example:443"),
]


@row("RL18")
@pytest.mark.parametrize("rule", [None, "r.example:82"])
@pytest.mark.parametrize("backend", ["preserve", "server", "b.example"])
def test_host(box, backend, rule):
    plan = Plan(box, "a", answer(404, b"no"))
    frontend = {"connect": True, "rules": [{"host_header": rule}] if rule else []}
    lbd = box.lbd(box.config(plan.servers, frontend, {"host_header": backend}))
    server = plan.servers["a"]
    found, expected = [], []
    for line, field, target, host in FORMS:
        with Client(lbd.port) as client:
            client.send(f"{line}\r\n{field}{chr(13) + chr(10) if field else ''}\r\n".encode())
            assert client.response().status == 404
        lines = plan.seen[-1].head.decode().split("\r\n")
        found.append((line, lines[0], [text for text in lines if text.lower().startswith("host:")]))
        method = line.split()[0]
        if method != "CONNECT":
            host = rule or {"preserve": host or server, "server": server}.get(backend, backend)
        expected.append((line, f"{method} {target} HTTP/1.1", [f"Host: {host}"]))
    assert found == expected


@pytest.mark.parametrize("line,field", [
    ("GET http://c.example/a HTTP/1.1", "Host: d.example"), ("GET http://c.example:81/a HTTP/1.1", "Host: c.example"),
    ("GET https://c.example/a HTTP/1.1", "Host: c.example:80"), ("GET http://c.example/a HTTP/1.0", "Host: d.example"),
    ("CONNECT c.example:443 HTTP/1.1", "Host: c.example"), ("CONNECT c.example:443 HTTP/1.0", "Host: d.example:443")])
@pytest.mark.parametrize("backend", ["preserve", "b.example"])
def test_a_host_that_is_not_the_targets_is_refused(box, backend, line, field):
    """Also where what it says would be replaced."""
    plan = Plan(box, "a", answer())
    lbd = box.lbd(box.config(plan.servers, {"connect": True, "rules": [{"host_header": "r.example"}]}, {"host_header": backend}))
    with Client(lbd.port) as client:
        client.send(f"{line}\r\n{field}\r\n\r\n".encode())
        assert client.response().status == 400
        assert client.closed()
    assert plan.seen == []
