"""accept_proxy = true: a connection begins with a PROXY header, which says who the client is."""
import json
import socket
import struct
import time

import pytest
from lbdtest import Client, took, wait_for

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
GET = b"GET /_echo HTTP/1.1\r\nHost: test.example\r\n\r\n"


def v1(source="192.0.2.1", destination="198.51.100.9", ports=(56324, 8443), family="TCP4"):
    return f"PROXY {family} {source} {destination} {ports[0]} {ports[1]}\r\n".encode()


def v2(family=0x11, body=b"", command=0x21):
    return SIGNATURE + struct.pack("!BBH", command, family, len(body)) + body


def v2_addresses(source, destination, ports=(56324, 8443), tlvs=b""):
    kind = socket.AF_INET6 if ":" in source else socket.AF_INET
    body = socket.inet_pton(kind, source) + socket.inet_pton(kind, destination) + struct.pack("!HH", *ports)
    return v2(0x21 if ":" in source else 0x11, body + tlvs)


def serve(box, **frontend):
    path = box.path("access.log")
    lbd, origin = box.serve("a", frontend={"accept_proxy": True, "access_log": {"format": "json", "target": str(path)},
                                           **frontend})

    def logged(count):
        wait_for(lambda: path.exists() and len(path.read_text().splitlines()) >= count, what=f"{count} lines")
        return [json.loads(line) for line in path.read_text().splitlines()]
    return lbd, origin, logged


def fields(text):
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in text.split("\r\n")[1:])}


TOLD = [
    (v1(), "192.0.2.1:56324", "8443"),
    (v1("2001:db8::1", "2001:db8::2", family="TCP6"), "[2001:db8::1]:56324", "8443"),
    (v2_addresses("192.0.2.1", "198.51.100.9"), "192.0.2.1:56324", "8443"),
    (v2_addresses("2001:db8::1", "::1"), "[2001:db8::1]:56324", "8443"),
    (v2_addresses("192.0.2.1", "198.51.100.9", tlvs=b"\x04\x0f\x00" + bytes(0xf00)), "192.0.2.1:56324", "8443"),
]
NOT_TOLD = [b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN ::1 ::1 1 2\r\n", v2(0, command=0x20), v2(0x11, bytes(12), 0x20),
            v2(0), v2(0, b"abc")]


@pytest.mark.parametrize("header,client,port", TOLD)
def test_the_header_is_the_client(box, header, client, port):
    lbd, _, logged = serve(box)
    with Client(lbd.port) as c:
        for _ in range(2):  # it holds for all requests of the connection
            seen = fields(c.send(header + GET).response().text)
            assert seen["x-forwarded-for"] == client.rsplit(":", 1)[0].strip("[]")
            assert seen["x-forwarded-port"] == port
            header = b""
    assert [row["client"] for row in logged(2)] == [client] * 2


@pytest.mark.parametrize("header", NOT_TOLD)
def test_without_addresses_the_connection_is_the_client(box, header):
    lbd, _, logged = serve(box)
    with Client(lbd.port) as client:
        seen = fields(client.send(header + GET).response().text)
        port = client.socket.getsockname()[1]
    assert (seen["x-forwarded-for"], seen["x-forwarded-port"]) == ("127.0.0.1", str(lbd.port))
    assert logged(1)[0]["client"] == f"127.0.0.1:{port}"


def test_a_unix_socket_is_the_client(box):
    lbd, _, logged = serve(box)
    with Client(lbd.port) as client:
        seen = fields(client.send(v2(0x31, b"/a" + bytes(214)) + GET).response().text)
    assert "x-forwarded-port" not in seen and logged(1)[0]["client"] == "unix:1"


@pytest.mark.parametrize("header", [v1(), v2_addresses("192.0.2.1", "198.51.100.9", tlvs=b"\x04\0\x03abc")])
def test_any_fragmentation(box, header):
    lbd, _, logged = serve(box)
    data = header + GET
    clients = []
    for cut in range(1, len(header) + 3):
        client = Client(lbd.port)
        client.send(data[:cut])
        clients.append((client, cut))
    time.sleep(0.1)
    for client, cut in clients:
        with client:
            assert fields(client.send(data[cut:]).response().text)["x-forwarded-for"] == "192.0.2.1"
    with Client(lbd.port) as client:
        for byte in data:
            client.send(bytes([byte]))
            time.sleep(0.001)
        assert client.response().status == 200
    assert {row["client"] for row in logged(len(clients) + 1)} == {"192.0.2.1:56324"}


REFUSED = [
    (GET, "no_proxy_header"), (b"\x16\x03\x01\x02\x00", "no_proxy_header"), (b"\r\n\r\nGET", "no_proxy_header"),
    (v1(family="TCP6") + GET, "bad_address"), (v1(ports=(1, 65536)), "bad_port"), (v1(family="UDP4"), "bad_family"),
    (v1()[:-2] + b"\n" + GET, "bad_line_end"), (b"PROXY UNKNOWN " + b"x" * 200, "line_too_long"),
    (v2(0x11, bytes(11)), "bad_length"), (v2(0x11, bytes(12), 0x11), "bad_version"),
    (v2(0x12, bytes(12)), "bad_family"), (v2(0x11, bytes(12), 0x22), "bad_command"),
    (v2(0x11, bytes(12) + b"\x03\0\x04abcd"), "bad_checksum"), (v2(0x11, bytes(4081)), "too_long"),
]


@pytest.mark.parametrize("data,why", REFUSED)
def test_anything_else_is_reset(box, data, why):
    lbd, origin, logged = serve(box)
    with Client(lbd.port) as client:
        client.send(data)
        with pytest.raises(ConnectionResetError):
            client.more()
    row = logged(1)[0]
    assert (row["reason"], row["detail"], row["termination"]) == ("proxy_header", why, "PR")
    assert (row["server"], row["status"], row["client"][:10]) == (None, None, "127.0.0.1:")
    assert origin.requests() == 0 and lbd.stat("web", "FRONTEND")["ereq"] == "1"


@pytest.mark.parametrize("mode,timeouts", [("http", {"http_request": "300ms"}), ("tcp", {"client": "300ms"})])
def test_deadline(box, mode, timeouts):
    lbd, _, logged = serve(box, mode=mode, timeouts=timeouts) if mode == "http" else serve_tcp(box, timeouts=timeouts)
    with Client(lbd.port) as client:
        began = time.monotonic()
        with pytest.raises(OSError):
            for byte in v2(0x11, bytes(4000)):  # bytes that keep coming do not put it off
                client.send(bytes([byte]))
                time.sleep(0.02)
        took(began, 3, least=0.25)
    assert (logged(1)[0]["reason"], logged(1)[0]["detail"]) == ("proxy_header", "timeout")


def test_a_client_that_ends_early(box):
    lbd, _, logged = serve(box)
    with Client(lbd.port) as client:
        client.send(b"PROXY TCP4").half_close()
        with pytest.raises(ConnectionResetError):
            client.more()
    assert logged(1)[0]["detail"] == "closed"


@pytest.mark.parametrize("mode", ["http", "tcp"])
@pytest.mark.parametrize("end", ["close", "reset", "timeout"])
def test_who_says_nothing_is_no_error(box, mode, end):
    timeouts = {"http_request": "300ms", "client": "300ms"}
    lbd, _, logged = serve(box, timeouts=timeouts) if mode == "http" else serve_tcp(box, timeouts={"client": "300ms"})
    for _ in range(3):
        with Client(lbd.port) as client:
            if end == "timeout":
                assert client.closed()
            elif end == "reset":
                client.reset()
    wait_for(lambda: [lbd.stat("web", "FRONTEND")[name] for name in ("stot", "scur")] == ["3", "0"])
    row = lbd.stat("web", "FRONTEND")
    assert (row["ereq"], row["hrsp_4xx"] or "0") == ("0", "0")
    with Client(lbd.port) as client:
        client.send(b"PROXY TCP4 half").close()
    assert [line["detail"] for line in logged(1)] == ["closed"]


def test_rules_and_trust_look_at_the_told_client(box):
    lbd, *_ = serve(box, trusted_proxies=["192.0.2.0/24"], rules=[{"src": ["203.0.113.7"], "deny": 403}])
    claims = GET.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n")
    for source, seen in (("192.0.2.1", "1.1.1.1, 192.0.2.1"), ("198.51.100.1", "198.51.100.1")):
        with Client(lbd.port) as client:
            assert fields(client.send(v1(source) + claims).response().text)["x-forwarded-for"] == seen
    with Client(lbd.port) as client:
        assert client.send(v1("203.0.113.7") + GET).response().status == 403


@pytest.mark.parametrize("networks,owes", [(["127.0.0.0/8"], True), (["10.0.0.0/8", "127.0.0.1"], True),
                                           (["10.0.0.0/8", "::1"], False), ([], False)])
def test_a_list_says_who_sends_it(box, networks, owes):
    lbd, origin, logged = serve(box, accept_proxy=networks)
    for header in v1(), v2_addresses("192.0.2.1", "198.51.100.9"):
        with Client(lbd.port) as client:
            response = client.send(header + GET).response()
            if owes:
                assert fields(response.text)["x-forwarded-for"] == "192.0.2.1"
            else:
                assert (response.status, client.rest()) == (400, b"")
    with Client(lbd.port) as client:
        client.send(GET)
        if owes:
            with pytest.raises(ConnectionResetError):
                client.more()
        else:
            assert fields(client.response().text)["x-forwarded-for"] == "127.0.0.1"
    reasons = [row["reason"] for row in logged(3)]
    assert reasons == (["-", "-", "proxy_header"] if owes else ["malformed_request", "malformed_request", "-"])
    assert origin.requests() == (2 if owes else 1)


def test_a_list_and_a_unix_socket(box):
    lbd, _, logged = serve(box, accept_proxy=["0.0.0.0/0"], bind=[f"unix:{box.path('f.sock')}"])
    with Client(str(box.path("f.sock"))) as client:
        assert client.send(GET).response().status == 200


def test_an_idle_connection_does_not_hold_up_a_stop(box):
    lbd, *_ = serve(box)
    with Client(lbd.port) as client:
        client.send(b"PROXY ")
        began = time.monotonic()
        lbd.check()
        took(began, 4)


def serve_tcp(box, **frontend):
    path = box.path("access.log")
    lbd = box.lbd(box.config({"a": box.origin("a", echo=True)}, {
        "accept_proxy": True, "access_log": {"format": "json", "target": str(path)}, **frontend},
        top={"defaults": {"mode": "tcp"}}))

    def logged(count):
        wait_for(lambda: path.exists() and len(path.read_text().splitlines()) >= count, what=f"{count} lines")
        return [json.loads(line) for line in path.read_text().splitlines()]
    return lbd, None, logged


@pytest.mark.parametrize("header,client", [case[:2] for case in TOLD])
def test_tcp_mode(box, header, client):
    lbd, _, logged = serve_tcp(box)
    with Client(lbd.port) as c:
        c.send(header + b"with it").half_close()
        assert c.rest() == b"with it"
    with Client(lbd.port) as c:
        c.send(header)
        time.sleep(0.05)
        assert c.send(b"later").need(5) == b"later"
    assert [row["client"] for row in logged(2)] == [client] * 2
    assert logged(2)[0]["bytes_in"] == len(b"with it")


def test_tcp_mode_refuses_too(box):
    lbd, _, logged = serve_tcp(box)
    with Client(lbd.port) as client:
        client.send(b"hello, server\r\n")
        with pytest.raises(ConnectionResetError):
            client.more()
    assert logged(1)[0]["reason"] == "proxy_header"
