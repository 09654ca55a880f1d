"""limits.source: what one address may have and do; the others do not notice."""
import socket
import threading
import time

import pytest
from lbdtest import Client, build_request, http, wait_for

ATTACKER, HONEST = "127.0.0.66", "127.0.0.1"


class From(Client):
    def __init__(self, source, port, timeout=10.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout, (source, 0))
        self.timeout, self.buffer, self.received = timeout, b"", 0


def reasons(lbd):
    return {row["reason"]: int(row["count"]) for row in lbd.table("show reasons")}


def ask(source, port, **more):
    """The status; 0: the connection was closed."""
    try:
        with From(source, port) as client:
            return client.request(headers={"Connection": "close"}, **more).status
    except (OSError, AssertionError):
        return 0


def limited(box, frontend=None, **source):
    return box.serve("a", frontend={"limits": {"source": source}, **(frontend or {})}, top={"global": {"threads": 4}})[0]


def served(client):
    try:
        return client.request().status
    except (OSError, AssertionError):
        return 0


def test_a_full_table_lets_in_and_counts(box):
    """Nobody is refused because others have many addresses."""
    lbd = limited(box, connections=1, keys=1)
    clients = [From(f"127.0.0.{number}", lbd.port) for number in range(10, 50)]
    assert [served(client) for client in clients] == [200] * 40
    uncounted = int(lbd.stat("web", "FRONTEND")["sources_uncounted"])
    assert 0 < uncounted < 40 and lbd.stat("web", "FRONTEND")["dcon"] == "0"
    for client in clients:
        client.close()


def test_connections_at_a_time(box):
    lbd = limited(box, connections=5)
    clients = [From(ATTACKER, lbd.port) for _ in range(50)]
    in_ = [client for client in clients if served(client) == 200]
    assert len(in_) == 5
    assert lbd.stat("web", "FRONTEND")["smax"] == "5"
    assert [ask(HONEST, lbd.port) for _ in range(20)] == [200] * 20
    assert reasons(lbd)["source_connections"] == 45 and lbd.stat("web", "FRONTEND")["dcon"] == "45"
    # What ends is given back, exactly.
    for turn in range(3):
        for client in in_:
            assert served(client) == 200
            client.close()
        wait_for(lambda: lbd.info()["CurrConns"] == "0")
        in_ = [From(ATTACKER, lbd.port) for _ in range(5)]
        assert [served(client) for client in in_] == [200] * 5, turn
        assert ask(ATTACKER, lbd.port) == 0


def test_connections_under_churn(box):
    lbd = limited(box, connections=3)
    wrong = []

    def churn():
        for _ in range(60):
            client = From(ATTACKER, lbd.port)
            served(client)
            client.close()
        for _ in range(10):
            client = From(ATTACKER, lbd.port)
            client.reset()
    threads = [threading.Thread(target=churn) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        sessions = int(lbd.stat("web", "FRONTEND")["scur"])
        if sessions > 3:
            wrong.append(sessions)
    assert wrong == []

    def exactly_three_fit():
        clients = [From(ATTACKER, lbd.port) for _ in range(4)]
        statuses = sorted(served(client) for client in clients)
        for client in clients:
            client.close()
        return statuses == [0, 200, 200, 200]
    # Those that were reset may still be in the kernel's queue.
    wait_for(exactly_three_fit, every=0.2, what="all places to be given back")


def test_connection_rate(box):
    lbd = limited(box, connection_rate=10, per="60s")
    assert sorted(ask(ATTACKER, lbd.port) for _ in range(40)) == [0] * 30 + [200] * 10
    assert ask(HONEST, lbd.port) == 200
    assert reasons(lbd)["source_connection_rate"] == 30


def test_requests(box):
    lbd = limited(box, requests=10, per="60s")
    client = From(ATTACKER, lbd.port)
    answers = [client.request() for _ in range(40)]
    assert [answer.status for answer in answers] == [200] * 10 + [429] * 30
    assert 1 <= int(answers[-1].get("Retry-After")) <= 6
    assert http(lbd.port).status == 200
    row = lbd.stat("web", "FRONTEND")
    assert reasons(lbd)["source_requests"] == 30 and row["dreq"] == "30" and row["dcon"] == "0"


@pytest.mark.parametrize("bad", [b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", b"GET / HTTP/1.1\r\n"])
def test_bad_requests(box, bad):
    """Malformed, or never ended: 400 and 408."""
    lbd = limited(box, {"timeouts": {"http_request": "300ms"}}, bad_requests=5, per="60s")
    stays = From(ATTACKER, lbd.port)
    assert served(stays) == 200
    for _ in range(5):
        with From(ATTACKER, lbd.port) as client:
            client.send(bad)
            assert client.response().status in (400, 408)
    assert [ask(ATTACKER, lbd.port) for _ in range(10)] == [0] * 10
    assert served(stays) == 200
    assert [ask(HONEST, lbd.port) for _ in range(10)] == [200] * 10
    assert reasons(lbd)["source_bad_requests"] == 10


def test_a_servers_errors_are_not_the_clients(box):
    lbd = limited(box, bad_requests=3, per="60s")
    assert [ask(ATTACKER, lbd.port, target="/?status=400") for _ in range(10)] == [400] * 10


def test_networks(box):
    lbd = limited(box, connection_rate=4, per="60s", v4_prefix=24)
    assert [ask(f"127.0.7.{n}", lbd.port) for n in range(1, 7)] == [200] * 4 + [0] * 2
    assert ask("127.0.8.1", lbd.port) == 200


def test_behind_a_trusted_proxy(box):
    """The proxy has as many connections as it likes; requests and bad ones count for whom it names."""
    lbd = limited(box, {"trusted_proxies": ["127.0.0.9"], "limits": {"min_rate": 1000, "source": {
        "connections": 2, "connection_rate": 2, "requests": 5, "bad_requests": 1, "per": "60s"}}})
    proxy = [From("127.0.0.9", lbd.port) for _ in range(10)]

    def request(client, who):
        return client.request(headers={"X-Forwarded-For": who}).status
    assert [request(client, "192.0.2.1") for client in proxy] == [200] * 5 + [429] * 5
    assert [request(client, "192.0.2.2") for client in proxy[:5]] == [200] * 5
    assert [served(client) for client in proxy] == [200] * 10  # its own
    # What cannot be read names nobody.
    proxy[0].send(b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n")
    assert proxy[0].response().status == 400
    assert served(From("127.0.0.9", lbd.port)) == 200
    chunked = build_request("POST", headers={"X-Forwarded-For": "192.0.2.3", "Transfer-Encoding": "chunked"})
    proxy[1].send(chunked + b"zz\r\n")
    assert proxy[1].response().status == 400
    assert request(proxy[2], "192.0.2.3") == 429
    assert request(proxy[2], "192.0.2.4") == 200


def test_behind_a_proxy_header(box):
    lbd = limited(box, {"accept_proxy": True}, connections=2)

    def connect(who):
        client = Client(lbd.port)
        client.send(f"PROXY TCP4 {who} 127.0.0.1 1234 80\r\n".encode())
        return client
    clients = [connect("192.0.2.1") for _ in range(5)]
    assert sorted(served(client) for client in clients) == [0, 0, 0, 200, 200]
    assert served(connect("192.0.2.2")) == 200
    for client in clients:
        client.close()
    wait_for(lambda: lbd.info()["CurrConns"] in "01")
    assert served(connect("192.0.2.1")) == 200
    own = []
    for _ in range(5):
        own.append(Client(lbd.port))
        own[-1].send(b"PROXY UNKNOWN\r\n")
    assert [served(client) for client in own] == [200] * 5


def test_tcp_mode(box):
    a = box.origin("a", echo=True)
    lbd = box.lbd(box.config({"a": a}, {"mode": "tcp", "limits": {"source": {"connections": 3}}}, {"mode": "tcp"}))
    clients = [From(ATTACKER, lbd.port) for _ in range(6)]
    alive = []
    for client in clients:
        try:
            client.send(b"x")
            if client.need(1) == b"x":
                alive.append(client)
        except (OSError, AssertionError):
            pass
    assert len(alive) == 3
    with From(HONEST, lbd.port) as client:
        client.send(b"y")
        assert client.need(1) == b"y"


def test_an_attack_of_connections_beside_honest_clients(box):
    """20 honest clients beside one address that opens what it can and keeps it, with maxconn 100."""
    for source, expected in (({}, False), ({"connections": 20}, True)):
        lbd = limited(box, {"maxconn": 100, "timeouts": {"http_request": "20s"}}, **source)
        held = []
        for _ in range(300):
            client = From(ATTACKER, lbd.port)
            client.send(b"GET / HTTP/1.1\r\n")
            held.append(client)
        wait_for(lambda least=20 if source else 100, d=lbd: int(d.stat("web", "FRONTEND")["scur"]) >= least)
        honest = [From(HONEST, lbd.port, 1) for _ in range(20)]
        begin = time.monotonic()
        got = [served(client) for client in honest if time.monotonic() - begin < 3]
        assert (got == [200] * 20) == expected, got
        for client in held + honest:
            client.close()
