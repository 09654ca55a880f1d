"""Frontends and servers of every family, side by side: IPv4, IPv6, Unix sockets, and names resolved at start."""
import socket

import pytest
from lbdtest import Client, PortHolder, curl, http, pattern

MB = 1_000_000


def front(box, kind):
    """(address for the configuration, address for a client, words for curl)"""
    if kind == "unix":
        path = box.path("front.sock")
        return f"unix:{path}", str(path), ["--unix-socket", path, "http://test.example"]
    host = {"ipv4": "127.0.0.1", "ipv6": "::1", "name": "localhost"}[kind]
    holder = PortHolder("::1" if kind == "ipv6" else "127.0.0.1")
    box.closers.append(holder)
    shown = f"[{host}]:{holder.port}" if kind == "ipv6" else f"{host}:{holder.port}"
    return shown, ("::1" if kind == "ipv6" else "127.0.0.1", holder.port), ["-g", f"http://{shown}"]


def server(box, kind):
    listen = {"ipv4": "127.0.0.1:0", "ipv6": "[::1]:0", "unix": f"unix:{box.path('s.sock')}", "name": "127.0.0.1:0"}
    # Whichever of its addresses the name has first, the one that works is found. The machine itself may not know the name.
    origin = box.origin("a", listen=listen[kind])
    return f"localhost:{origin.port}" if kind == "name" else origin.address


@pytest.mark.parametrize("there", ["ipv4", "ipv6", "unix", "name"])
@pytest.mark.parametrize("here", ["ipv4", "ipv6", "unix", "name"])
def test_every_family_to_every_other(box, here, there):
    bind, address, words = front(box, here)
    lbd = box.lbd(box.config({"a": server(box, there)}, frontend={"bind": [bind]}), wait=False)
    # The harness waits for ports; here the socket commands tell that all stands.
    lbd.ports = {}
    lbd.wait_ready()
    with Client(address) as client:
        assert client.request(target="/?body=100000").body == pattern(100_000)
        assert client.request("POST", "/_echo", body=b"x" * 1000).text.endswith("x" * 1000)
    code, out, err = curl(*words[:-1], f"{words[-1]}/?body={MB}")
    assert (code, err) == (0, "") and out == pattern(MB)
    row = lbd.stat("app", "a")
    assert (row["econ"], row["eresp"], row["hrsp_2xx"]) == ("0", "0", "3")


def test_forwarded_for_names_the_client_in_its_family(box):
    for kind, expected in (("ipv4", "127.0.0.1"), ("ipv6", "::1")):
        bind, address, _ = front(box, kind)
        lbd = box.lbd(box.config({"a": box.origin("a")}, frontend={"bind": [bind]}))
        head = http(address, "POST", "/_echo", body=b"x").text
        assert f"x-forwarded-for: {expected}\r\n" in head.lower(), head
        lbd.check()


def test_a_client_of_a_unix_socket_has_no_address(box):
    bind, address, _ = front(box, "unix")
    config = box.config({"a": box.origin("a")}, frontend={"bind": [bind]})
    lbd = box.lbd(config, wait=False)
    lbd.ports = {}
    lbd.wait_ready()
    response = http(address, "POST", "/_echo", body=b"x")
    assert response.status == 200
    assert "127.0.0.1" not in "".join(line for line in response.text.lower().splitlines()
                                      if line.startswith("x-forwarded-for"))


def test_ipv6_and_ipv4_on_one_port(box):
    holder = PortHolder("127.0.0.1")
    box.closers.append(holder)
    config = box.config({"a": box.origin("a")},
                        frontend={"bind": [f"127.0.0.1:{holder.port}", f"[::1]:{holder.port}"]})
    box.lbd(config)
    assert http(("127.0.0.1", holder.port)).text == "a\n"
    assert http(("::1", holder.port)).text == "a\n"
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.2", holder.port), timeout=1)
