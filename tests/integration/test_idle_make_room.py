"""At maxconn, sessions that wait for a request make room, the longest idle first, on whichever worker; others stay."""
import time

import pytest
from lbdtest import Client, Load, build_request, http, wait_for

LIMITS = {"frontend": lambda n: {"frontend": {"maxconn": n}, "top": {"global": {"threads": 4}}},
          "global": lambda n: {"top": {"global": {"threads": 4, "maxconn": n}}}}


def closed_idle(lbd):
    return sum(int(row["count"]) for row in lbd.table("show reasons") if row["reason"] == "idle_closed")


def served(port, **more):
    client = Client(port, timeout=20, **more)
    assert client.request().status == 200
    return client


@pytest.mark.parametrize("which", LIMITS)
def test_the_longest_idle_makes_room(box, which):
    lbd, _ = box.serve("a", **LIMITS[which](6))
    idle = []
    for _ in range(6):
        idle.append(served(lbd.port))
        time.sleep(0.02)
    # The first was idle the longest, until it asked again.
    assert idle[0].request().status == 200
    new = [served(lbd.port) for _ in range(2)]
    assert idle[1].closed() and idle[2].closed()
    assert closed_idle(lbd) == 2
    for client in [idle[0], *idle[3:], *new]:
        assert client.request().status == 200
    assert lbd.stat("web", "FRONTEND")["smax"] == "6"


def test_silent_connections_make_room(box):
    lbd, _ = box.serve("a", **LIMITS["frontend"](4))
    silent = [Client(lbd.port) for _ in range(3)]
    empty_lines = Client(lbd.port)
    empty_lines.send(b"\r\n\r\n")
    wait_for(lambda: lbd.info()["CurrConns"] == "4")
    new = [served(lbd.port) for _ in range(4)]
    assert closed_idle(lbd) == 4
    assert [client.closed() for client in [*silent, empty_lines]] == [True] * 4
    for client in new:
        assert client.request().status == 200


def test_who_has_its_last_answer_makes_room(box):
    """Clients that do not close, and one that goes on sending."""
    lbd, _ = box.serve("a", frontend={"maxconn": 4, "timeouts": {"client_fin": "60s"}})
    ended = [Client(lbd.port) for _ in range(4)]
    for client in ended[:3]:
        client.send(build_request("POST", headers={"Connection": "close"}, body=b"abc") + b"x")
    ended[3].send(b"nonsense\r\n\r\n")
    statuses = [client.response().status for client in ended]
    assert statuses == [200] * 3 + [400]
    new = [served(lbd.port) for _ in range(3)]
    ended[3].send(b"more")
    new.append(served(lbd.port))
    assert closed_idle(lbd) == 4
    for client in new:
        assert client.request().status == 200


def test_who_is_at_work_is_left(box):
    lbd, _ = box.serve("a", **LIMITS["frontend"](3))
    half, busy, sends = (Client(lbd.port, timeout=20) for _ in range(3))
    half.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
    busy.send(build_request(target="/?delay=2500"))
    sends.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1")
    wait_for(lambda: lbd.info()["CurrConns"] == "3")
    waits = Client(lbd.port, timeout=20)
    waits.send(build_request())
    assert busy.response().status == 200
    assert closed_idle(lbd) == 0
    # It became idle while somebody waited.
    assert waits.response().status == 200
    assert busy.closed() and closed_idle(lbd) == 1
    half.send(b"\r\n")
    sends.send(b"2")
    assert half.response().status == 200 and sends.response().status == 200


def test_each_frontend_makes_its_own_room(box):
    a = box.origin("a")
    other = box.port()
    lbd = box.lbd(box.config({"a": a}, frontend={"maxconn": 2}, top={"frontends": {
        "other": {"bind": [f"127.0.0.1:{other}"], "default_backend": "app"}}}))
    stranger = served(other)
    idle = [served(lbd.port) for _ in range(2)]
    assert served(lbd.port).request().status == 200
    assert [client.closed(0.2) for client in idle].count(True) == 1
    assert stranger.request().status == 200


def test_crowd_of_idle_clients_shuts_nobody_out(box):
    """200 connections of somebody who asks once and stays: 20 others get on, with connections of their own each time."""
    lbd, _ = box.serve("a", **LIMITS["frontend"](200))
    crowd = [served(lbd.port) for _ in range(200)]
    load = Load(lbd.port, clients=20, each=5, headers={"Connection": "close"}).join()
    assert load.errors == [] and load.count(200) == 100
    assert 1 <= closed_idle(lbd) <= 100
    assert http(lbd.port).status == 200
    for client in crowd:
        client.close()
    wait_for(lambda: lbd.info()["CurrConns"] == "0")
