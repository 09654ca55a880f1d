"""Where features meet: retries and the queue, a stale upstream and a large request, tunnels and rewritten paths."""
import json
import threading
import time

import pytest
from attempts import Logged, Plan, answer, reset, silent, vanish
from lbdtest import Client, build_request, http, in_time, wait_for
from test_same_turn import stopped


def waits_in_queue(lbd, count=1):
    wait_for(lambda: int(lbd.stat("app", "BACKEND")["qcur"]) == count, what=f"{count} to wait")


def busy_and_lost(box, *acts, **backend):
    """Server b is full; a GET was lost by server a and waits for a slot on b."""
    plan = Plan(box, "a", *acts)
    b = box.origin("b")
    servers = {"b": {"address": b, "maxconn": 1}, "a": plan.servers["a"]}
    log = Logged(box, servers, backend={"algorithm": "first", **backend})
    busy = Client(log.port).send(build_request("POST", "/?hang=1", body=b"x"))
    wait_for(lambda: b.stats()["busy"] == 1)
    client = Client(log.port).send(build_request())
    waits_in_queue(log.lbd)
    assert len(plan.seen) == 1
    return plan, log, busy, client


def test_who_is_turned_away_from_the_queue_asks_a_server_again(box):
    plan, log, busy, client = busy_and_lost(box, vanish, answer())
    log.lbd.act("disable server app/b")
    response = client.response()
    assert (response.status, response.body) == (200, b"fine")
    assert plan.order == ["a", "a"]
    assert log.end() == (200, "-", "--", 1)
    busy.reset()


def test_who_is_turned_away_from_the_queue_without_another_server(box):
    """The one that took no connection is not asked again."""
    b = box.origin("b")
    log = Logged(box, {"b": {"address": b, "maxconn": 1}, "d": f"127.0.0.1:{box.dead_port()}"},
                 backend={"algorithm": "first", "retry": {"connect_for": 0}})
    busy = Client(log.port).send(build_request("POST", "/?hang=1", body=b"x"))
    wait_for(lambda: b.stats()["busy"] == 1)
    client = Client(log.port).send(build_request())
    waits_in_queue(log.lbd)
    log.lbd.act("disable server app/b")
    assert client.response().status == 503
    assert log.end()[:2] == (503, "connect_failed")
    assert int(log.lbd.stat("app", "d")["econ"]) == 1
    busy.reset()


def test_a_request_that_waits_for_its_second_attempt_can_be_ended(box):
    plan, log, busy, client = busy_and_lost(box, vanish, answer())
    rows = [line for line in log.lbd.cli("show sess").splitlines() if "step=queue" in line]
    assert len(rows) == 1
    log.lbd.act(f"shutdown session {rows[0].split(':')[0]}")
    assert client.response().status == 503
    waits_in_queue(log.lbd, 0)
    assert log.end()[1] == "killed"
    busy.reset()
    assert [http(log.port).status for _ in range(3)] == [200] * 3


def test_an_upstream_that_began_to_answer_was_not_stale(box):
    """The client has seen part of an answer: the request is not sent again, on whatever connection."""
    def hints(connection, _seen):
        connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    plan = Plan(box, "a", answer(), hints, answer())
    log = Logged(box, plan.servers)
    with Client(log.port) as client:
        assert client.request().status == 200
        client.send(build_request())
        interim = []
        assert client.response(interim=interim).status == 502
        assert [response.status for response in interim] == [103]
    assert len(plan.seen) == 2
    assert log.end(2)[:2] == (502, "server_closed")


@pytest.mark.parametrize("head,body", [(300, 9000), (9000, 7500), (15000, 2000)])
def test_a_large_request_on_an_upstream_that_became_stale(box, head, body):
    """Head and body together are more than waits for the end of the turn."""
    leave, left = threading.Event(), threading.Event()

    def script(client, number):
        if number == 1:
            client.until(b"\r\n\r\n")
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
            leave.wait(10)
            return left.set()
        client.until(b"\r\n\r\n")
        client.need(body)
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")
        client.rest()
    scripted = box.scripted(script)
    lbd = box.lbd(box.config({"s": scripted}, top={"global": {"threads": 1}}))
    with Client(lbd.port) as client:
        assert client.request().text == "1"
        lbd.pause()
        wait_for(lambda: stopped(lbd.pid))
        client.send(build_request("POST", body=b"b" * body, headers={f"X-{i}": "v" * 490 for i in range(head // 500)}))
        time.sleep(0.1)
        leave.set()
        assert left.wait(10)
        time.sleep(0.2)
        lbd.resume()
        assert client.response().text == "2"


def test_the_time_of_a_proxy_header_is_not_the_servers(box):
    path = box.path("access.log")
    lbd = box.lbd(box.config({"a": box.origin("a")}, {
        "accept_proxy": True, "access_log": {"format": "json", "target": str(path)}}, top={"defaults": {"mode": "tcp"}}))
    with Client(lbd.port) as client:
        time.sleep(0.5)
        client.send(b"PROXY TCP4 192.0.2.1 198.51.100.9 1 2\r\n" + build_request(headers={"Connection": "close"}))
        assert client.response().status == 200
    wait_for(lambda: path.exists() and path.read_text().endswith("\n"))
    row = json.loads(path.read_text().splitlines()[0])
    in_time(row["t_connect"] / 1e6, 0.2)
    assert row["t_total"] >= 300_000, row


def test_the_attempts_that_operators_see(box):
    plan = Plan(box, "a", reset, reset, silent)
    log = Logged(box, plan.servers)
    client = Client(log.port).send(build_request())
    wait_for(lambda: len(plan.seen) == 3)
    session = log.lbd.cli("show sess").split(":")[0]
    assert "attempt=3" in log.lbd.cli(f"show sess {session}")
    client.reset()


def test_the_time_in_the_queue_that_operators_see(box):
    """Not the attempts before it."""
    def late(connection, _seen):
        time.sleep(3)
    plan = Plan(box, "a", late)
    b = box.origin("b")
    log = Logged(box, {"b": {"address": b, "maxconn": 1}, "a": plan.servers["a"]}, backend={"algorithm": "first"})
    busy = Client(log.port).send(build_request("POST", "/?hang=1", body=b"x"))
    wait_for(lambda: b.stats()["busy"] == 1)
    client = Client(log.port).send(build_request())
    waits_in_queue(log.lbd)
    line = next(line for line in log.lbd.cli("show sess").splitlines() if "step=queue" in line)
    assert line.endswith(("queue=0s", "queue=1s")), line
    client.reset()
    busy.reset()


def test_a_connect_keeps_its_target(box):
    """A path or host that a rule sets is for requests that have a path."""
    plan = Plan(box, "a", answer(404, b"no"))
    log = Logged(box, plan.servers, frontend={"connect": True, "rules": [{"rewrite_path": "/inside", "host_header": "b.example"}]})
    with Client(log.port) as client:
        client.send(b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n")
        assert client.response("GET").status == 404
    assert plan.seen[0].head.startswith(b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n")


@pytest.mark.parametrize("framing", [b"Content-Length: 30\r\n", b"Transfer-Encoding: chunked\r\n"])
@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"])
def test_what_follows_a_limited_request_with_a_body_is_no_request(box, framing, expect):
    plan = Plan(box, "a", answer())
    log = Logged(box, plan.servers, frontend={"rules": [{"rate_limit": {"rate": 1, "per": "60s"}}]})
    assert http(log.port).status == 200
    with Client(log.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\n" + framing + expect + b"\r\n")
        response = client.response()
        assert (response.status, response.get("Connection")) == (429, "close")
        client.send(b"GET /behind HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.rest() == b""
    assert len(plan.seen) == 1 and len(log.rows(2)) == 2


def test_places_of_sessions_that_are_ended_in_every_state(box):
    plan = Plan(box, "a", silent)
    log = Logged(box, plan.servers, frontend={"maxconn": 4})

    def ids():
        return [line.split(":")[0] for line in log.lbd.cli("show sess").splitlines() if "fe=web" in line]
    for _ in range(3):
        clients = [Client(log.port) for _ in range(4)]
        clients[1].send(b"GET / HT")
        clients[2].send(build_request())
        clients[3].send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nabc")
        seen = len(plan.seen)
        wait_for(lambda n=seen: len(ids()) == 4 and len(plan.seen) >= n)
        for session in ids():
            log.lbd.act(f"shutdown session {session}")
        assert clients[2].response().status == 503
        for client in clients:
            client.close()
        wait_for(lambda: ids() == [])
    assert log.lbd.stat("web", "FRONTEND")["scur"] == log.lbd.stat("app", "BACKEND")["scur"] == "0"


def test_a_body_that_turns_out_too_large_behind_the_queue(box):
    b = box.origin("b")
    log = Logged(box, {"b": {"address": b, "maxconn": 1}}, frontend={"limits": {"body": 1000}})
    busy = Client(log.port).send(build_request("POST", "/?hang=1", body=b"x"))
    wait_for(lambda: b.stats()["busy"] == 1)
    client = Client(log.port).send(build_request("POST", "/_len", chunks=[b"x" * 1024]))
    waits_in_queue(log.lbd)
    busy.reset()
    assert client.response().status == 413
    wait_for(lambda: log.lbd.stat("app", "b")["scur"] == "0")


def test_clients_that_leave_while_their_second_attempt_waits(box):
    _plan, log, busy, client = busy_and_lost(box, vanish)
    others = [Client(log.port).send(build_request()) for _ in range(4)]
    waits_in_queue(log.lbd, 5)
    for other in others:
        other.reset()
    busy.reset()
    assert client.response().status == 200
    wait_for(lambda: (log.lbd.stat("app", "BACKEND")["qcur"], log.lbd.stat("app", "BACKEND")["scur"]) == ("0", "0"))
