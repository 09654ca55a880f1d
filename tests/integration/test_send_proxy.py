"""send_proxy: each connection to a server begins with a PROXY header, and carries one client only."""
import threading

import pytest
from lbdtest import Client, http, wait_for
from test_accept_proxy import SIGNATURE, v1


def read_header(client):
    """(version, family or command word, source, destination) of the header at the start of a connection."""
    if client.need(6) == b"PROXY ":
        words = client.until(b"\r\n").decode().split()
        return (1, words[0], *words[1:])
    assert client.need(6) == SIGNATURE[6:]
    command, family, high, low = client.need(4)
    body = client.need(high << 8 | low)
    if family != 0x11:
        return 2, (command, family), body
    return (2, (command, family), ".".join(map(str, body[:4])), ".".join(map(str, body[4:8])),
            str(int.from_bytes(body[8:10], "big")), str(int.from_bytes(body[10:], "big")))


def recorder(box, seen, handle=None):
    def script(client, _number):
        seen.append(read_header(client))
        if handle:
            handle(client)
            return
        while client.until(b"\r\n\r\n"):
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    return box.scripted(script)


FAMILY = {"v1": (1, "TCP4"), "v2": (2, (0x21, 0x11))}


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_it_tells_client_and_address(box, version):
    seen = []
    lbd = box.lbd(box.config({"s": recorder(box, seen)}, backend={"send_proxy": version}))
    with Client(lbd.port) as client:
        assert client.request().body == b"ok"
        port = client.socket.getsockname()[1]
    assert seen == [(*FAMILY[version], "127.0.0.1", "127.0.0.1", str(port), str(lbd.port))]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_what_came_by_proxy_goes_by_proxy(box, version):
    seen = []
    lbd = box.lbd(box.config({"s": recorder(box, seen)}, {"accept_proxy": True}, {"send_proxy": version}))
    with Client(lbd.port) as client:
        assert client.send(v1()).request().body == b"ok"
    assert seen == [(*FAMILY[version], "192.0.2.1", "198.51.100.9", "56324", "8443")]


def idle(lbd, name="s"):
    return lbd.stat("app", name)["idle_conn_cur"]


def test_a_connection_is_used_again_for_its_own_client_only(box):
    seen = []
    scripted = recorder(box, seen)
    lbd = box.lbd(box.config({"s": scripted}, backend={"send_proxy": "v2"}, top={"global": {"threads": 1}}))
    with Client(lbd.port) as one, Client(lbd.port) as two:
        for client in (one, two, one, two, two, one):
            assert client.request().body == b"ok"
        ports = [str(client.socket.getsockname()[1]) for client in (one, two)]
        assert [header[4] for header in seen] == ports
        row = lbd.stat("app", "s")
        assert (row["connect"], row["reuse"], row["idle_conn_cur"]) == ("2", "4", "2")
    # It ends with its client.
    wait_for(lambda: idle(lbd) == "0" and len(scripted.errors) == 2)
    assert http(lbd.port).body == b"ok" and len(seen) == 3


def test_a_client_that_sends_no_more_requests_keeps_none(box):
    seen = []

    def handle(client):
        client.until(b"\r\n\r\n")
        client.need(2)
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        client.until(b"\r\n\r\n")
    lbd = box.lbd(box.config({"s": recorder(box, seen, handle)}, backend={"send_proxy": "v2"}))
    with Client(lbd.port) as client:
        assert client.request("POST", headers={"Connection": "close"}, body=b"me").body == b"ok"
        wait_for(lambda: idle(lbd) == "0", deadline=3)


def test_a_client_keeps_the_one_that_it_used_last(box):
    seen = []
    servers = {name: recorder(box, seen) for name in "ab"}
    lbd = box.lbd(box.config(servers, backend={"send_proxy": "v1"}, top={"global": {"threads": 1}}))
    with Client(lbd.port) as client:
        for _ in range(4):  # in turn
            assert client.request().body == b"ok"
        assert len(seen) == 4 and {header[4] for header in seen} == {str(client.socket.getsockname()[1])}
        assert sorted((idle(lbd, "a"), idle(lbd, "b"))) == ["0", "1"]
        lbd.act("disable server app/a")
        for _ in range(3):
            assert client.request().body == b"ok"
        assert len(seen) <= 5 and (idle(lbd, "a"), idle(lbd, "b")) == ("0", "1")
    wait_for(lambda: idle(lbd, "a") == idle(lbd, "b") == "0")


@pytest.mark.parametrize("garbage", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"])
def test_one_that_its_server_ends_is_replaced(box, garbage):
    seen = []

    def handle(client):
        client.until(b"\r\n\r\n")
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        client.send(garbage)
    lbd = box.lbd(box.config({"s": recorder(box, seen, handle)}, backend={"send_proxy": "v2"}))
    with Client(lbd.port) as client:
        for _ in range(3):
            assert client.request("POST", body=b"").body == b"ok"
            wait_for(lambda: idle(lbd) == "0")
    assert len(seen) == 3


def test_no_longer_than_pool_idle(box):
    seen = []
    lbd = box.lbd(box.config({"s": recorder(box, seen)}, backend={"send_proxy": "v2", "pool": {"idle": "100ms"}}))
    with Client(lbd.port) as client:
        for _ in range(2):
            assert client.request().body == b"ok"
            wait_for(lambda: idle(lbd) == "0")
    assert len(seen) == 2


def test_a_retry_tells_it_again(box):
    seen = []
    servers = {"dead": f"127.0.0.1:{box.dead_port()}", "s": recorder(box, seen)}
    lbd = box.lbd(box.config(servers, backend={"send_proxy": "v1"}))
    for _ in range(4):
        assert http(lbd.port).body == b"ok"
    assert len(seen) == 4 and {header[1] for header in seen} == {"TCP4"}


def test_a_request_with_a_body(box):
    seen, bodies = [], []

    def handle(client):
        client.until(b"\r\n\r\n")
        bodies.append(client.need(300000))
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    lbd = box.lbd(box.config({"s": recorder(box, seen, handle)}, backend={"send_proxy": "v2"}))
    assert http(lbd.port, "POST", body=b"x" * 300000).body == b"ok"
    assert bodies == [b"x" * 300000] and len(seen) == 1


def test_ipv6_and_unix_clients(box):
    seen = []
    bind = ["127.0.0.1:%d" % box.port(), f"[::1]:{box.port()}", f"unix:{box.path('c.sock')}"]
    lbd = box.lbd(box.config({"s": recorder(box, seen)}, {"bind": bind}, {"send_proxy": "v1"}))
    port = int(bind[1].rsplit(":", 1)[1])
    wait_for(lambda: box.path("c.sock").exists())
    with Client(("::1", port)) as client:
        assert client.request().body == b"ok"
        own = client.socket.getsockname()[1]
    assert http(str(box.path("c.sock"))).body == b"ok"
    assert seen == [(1, "TCP6", "::1", "::1", str(own), str(port)), (1, "UNKNOWN")]
    assert lbd.running


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_tcp_mode_where_the_server_speaks_first(box, version):
    seen, done = [], threading.Event()

    def greet(client):
        client.send(b"220 hello\r\n")
        assert client.until(b"\r\n") == b"quit\r\n"
        done.set()
    scripted = recorder(box, seen, greet)
    lbd = box.lbd(box.config({"s": scripted}, backend={"send_proxy": version}, top={"defaults": {"mode": "tcp"}}))
    with Client(lbd.port) as client:
        assert client.until(b"\r\n") == b"220 hello\r\n"
        client.send(b"quit\r\n")
        assert client.closed()
        port = str(client.socket.getsockname()[1])
    assert done.is_set() and scripted.errors == []
    assert seen == [(*FAMILY[version], "127.0.0.1", "127.0.0.1", port, str(lbd.port))]


@pytest.mark.parametrize("kind", ["tcp", "http"])
def test_probes_tell_that_they_are_nobody_elses(box, kind):
    seen = {"v1": [], "v2": []}
    servers = {version: recorder(box, seen[version]) for version in seen}
    config = box.config({}, top={"backends": {"app": {"algorithm": "round_robin", "servers": {"x": "127.0.0.1:1"}}}})
    check = {"type": kind, "interval": "50ms", "fast_interval": "50ms"}
    config["backends"] = {version: {"send_proxy": version, "check": check, "mode": "http",
                                    "servers": {"s": {"address": servers[version].address}}} for version in seen}
    config["frontends"]["web"]["default_backend"] = "v1"
    lbd = box.lbd(config)
    wait_for(lambda: all(len(found) >= 4 for found in seen.values()), what=f"probes: {seen}")
    assert {header[:2] for header in seen["v2"]} == {(2, (0x20, 0))}
    # Version 1 has no word for it that all servers take: the probe's own addresses, as the specification advises.
    assert {header[1:4] for header in seen["v1"]} == {("TCP4", "127.0.0.1", "127.0.0.1")}
    for version in seen:
        assert lbd.stat(version, "s")["status"] == "UP"
        if kind == "tcp":
            # Each ended with FIN, behind the header.
            assert all("the stream ended" in error for error in servers[version].errors)
