"""Behind trusted proxies the client is whom the chain of X-Forwarded-For or Forwarded names: for rules, limits, logs and
show sess. The peer stays what it is."""
import json

import pytest
from lbdtest import Client, build_request, http, wait_for

TRUST = {"trusted_proxies": ["127.0.0.0/8", "10.0.0.0/8", "2001:db8:1::/48"]}
XFF, FWD = "X-Forwarded-For", "Forwarded"


class Service:
    def __init__(self, box, frontend, **more):
        self.path = box.path("access.log")
        self.lbd, self.origin = box.serve("a", frontend={
            "access_log": {"format": "json", "target": str(self.path)}, **frontend}, **more)
        self.port = self.lbd.port

    def rows(self, count):
        wait_for(lambda: self.path.exists() and len(self.path.read_text().splitlines()) >= count, what=f"{count} lines")
        return [json.loads(line) for line in self.path.read_text().splitlines()]


CHAINS = [
    ([(XFF, "192.0.2.1")], "192.0.2.1:0"),
    ([(XFF, "192.0.2.1:567")], "192.0.2.1:567"),
    ([(XFF, "[2001:db8::1]:80")], "[2001:db8::1]:80"),
    ([(XFF, "::ffff:192.0.2.1")], "192.0.2.1:0"),
    ([(XFF, "9.9.9.9, 192.0.2.1, 10.0.0.1")], "192.0.2.1:0"),
    ([(XFF, "9.9.9.9"), (XFF, "192.0.2.1"), (XFF, "10.0.0.1, 2001:db8:1::1")], "192.0.2.1:0"),
    ([(XFF, "192.0.2.1, junk, 10.0.0.1")], "10.0.0.1:0"),
    ([(XFF, "10.0.0.2, 10.0.0.1")], "10.0.0.2:0"),
    ([(XFF, "192.0.2.1, unknown")], None),
    ([(XFF, "")], None),
    ([], None),
    ([(FWD, 'for=192.0.2.1, for="[2001:db8:1::1]:80";by=_x')], "192.0.2.1:0"),
    ([(FWD, 'for="[2001:db8::1]:80"')], "[2001:db8::1]:80"),
    ([(FWD, "for=_hidden")], None),
    ([(FWD, "for=192.0.2.1"), (XFF, "192.0.2.2")], "192.0.2.2:0"),
    # Connection speaks of the next hop, which we are.
    ([("Connection", XFF), (XFF, "192.0.2.1")], "192.0.2.1:0"),
]


def test_the_log_has_client_and_peer(box):
    service = Service(box, TRUST)
    with Client(service.port) as client:
        port = client.socket.getsockname()[1]
        for chain, _ in CHAINS:
            assert client.request(headers=chain).status == 200
    peer = f"127.0.0.1:{port}"
    for row, (chain, expected) in zip(service.rows(len(CHAINS)), CHAINS):
        assert (row["client"], row["peer"]) == (expected or peer, peer), chain


def test_of_others_nothing_is_believed(box):
    service = Service(box, {"trusted_proxies": ["127.0.0.2", "10.0.0.0/8", "::1"]})
    with Client(service.port) as client:
        port = client.socket.getsockname()[1]
        for chain, _ in CHAINS:
            assert client.request(headers=chain).status == 200
    assert {row["client"] for row in service.rows(len(CHAINS))} == {f"127.0.0.1:{port}"}


@pytest.mark.parametrize("client_from,expected", [
    ("any", "192.0.2.1"), ("x-forwarded-for", "192.0.2.1"), ("forwarded", "192.0.2.2"), ("peer", "127.0.0.1")])
def test_which_field_is_read(box, client_from, expected):
    service = Service(box, {**TRUST, "client_from": client_from})
    http(service.port, headers=[(XFF, "192.0.2.1"), (FWD, "for=192.0.2.2")])
    assert service.rows(1)[0]["client"].split(":")[0] == expected


RULES = [
    {"path": "^/src", "src": ["192.0.2.0/24"], "deny": 403},
    {"path": "^/not_src", "not_src": ["192.0.2.0/24"], "deny": 403},
    {"path": "^/peer", "peer": ["127.0.0.1"], "deny": 403},
    {"path": "^/not_peer", "not_peer": ["127.0.0.1"], "deny": 403},
    {"path": "^/limited", "rate_limit": {"rate": 1, "per": "1h", "burst": 1, "key": "src"}},
]


def test_rules_see_the_client_and_the_peer(box):
    service = Service(box, {**TRUST, "rules": RULES})
    with Client(service.port) as client:
        def status(path, source):
            return client.request(target=path, headers=[(XFF, source)]).status
        assert [status("/src", s) for s in ("192.0.2.1", "192.0.3.1", "192.0.3.1, 192.0.2.1")] == [403, 200, 403]
        assert [status("/not_src", s) for s in ("192.0.2.1", "192.0.3.1")] == [200, 403]
        assert [status(p, "192.0.2.1") for p in ("/peer", "/not_peer")] == [403, 200]


def test_a_limit_counts_clients_and_not_their_proxy(box):
    service = Service(box, {**TRUST, "rules": RULES})
    with Client(service.port) as client:
        seen = [client.request(target="/limited", headers=[(XFF, f"192.0.2.{n}")]).status for n in (1, 2, 3, 1)]
    assert seen == [200, 200, 200, 429]


def test_servers_are_told_the_chain_and_the_peer_last(box):
    service = Service(box, TRUST)
    text = http(service.port, target="/_echo", headers=[(XFF, "9.9.9.9, 192.0.2.1")]).text
    assert "\r\nX-Forwarded-For: 9.9.9.9, 192.0.2.1, 127.0.0.1\r\n" in text


def test_show_sess_has_both(box):
    service = Service(box, TRUST)
    with Client(service.port) as client:
        port = client.socket.getsockname()[1]
        client.send(build_request(target="/?delay=1000", headers=[(XFF, "192.0.2.1:77")]))
        line = wait_for(lambda: next((line for line in service.lbd.cli("show sess").splitlines()
                                      if "src=192.0.2.1:77 " in line), None), what="the session")
        assert line.endswith(f" peer=127.0.0.1:{port}")
        assert f"source=192.0.2.1:77 peer=127.0.0.1:{port}\n" in service.lbd.cli("show sess all")
        assert client.response().status == 200
        # It was the client of that request alone.
        wait_for(lambda: f"src=127.0.0.1:{port} " in service.lbd.cli("show sess"), what="the idle session")
        assert "peer=" not in service.lbd.cli("show sess")


def test_httplog_has_the_client(box):
    path = box.path("http.log")
    lbd, _ = box.serve("a", frontend={"access_log": {"format": "httplog", "target": str(path)}, **TRUST})
    http(lbd.port, headers=[(XFF, "2001:db8::1")])
    wait_for(lambda: path.exists() and path.read_text().startswith("2001:db8::1:0 ["), what="the line")


def test_peer_in_mode_tcp(box):
    rules = [{"peer": ["127.0.0.1"], "not_src": ["127.0.0.1"], "deny": 403}, {"peer": ["127.0.0.0/8"], "backend": "app"}]
    lbd = box.lbd(box.config({"a": box.origin("a", echo=True)}, {"mode": "tcp", "rules": rules, "default_backend": ""},
                             {"mode": "tcp"}))
    with Client(lbd.port) as client:
        assert client.send(b"hello").need(5) == b"hello"
