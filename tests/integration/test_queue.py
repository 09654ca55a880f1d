"""A server's maxconn, and the backend's queue: who finds no slot waits for one, in order, within bounds."""
import json
import random
import signal
import threading
import time

import pytest
from lbdtest import Client, Load, build_request, http, in_time, took, wait_for


class Service:
    """lbd with an access log, its servers limited to maxconn requests each."""

    def __init__(self, box, *servers, maxconn=1, threads=4, mode="http", **backend):
        self.log = box.path("access.log")
        rows = {server.title: {"address": server, "maxconn": maxconn} for server in servers}
        config = box.config(rows, backend=backend, frontend={"access_log": {"format": "json", "target": str(self.log)}},
                            top={"global": {"threads": threads}, "defaults": {"mode": mode}})
        self.lbd = box.lbd(config)
        self.port, self.act, self.stat = self.lbd.port, self.lbd.act, self.lbd.stat

    def figure(self, name, server="BACKEND"):
        return int(self.stat("app", server)[name])

    def send(self, target="/", count=1, waiting=None, **more):
        """Clients that sent a request each, one after another once the queue shows that it is there."""
        clients = []
        for i in range(count):
            clients.append(Client(self.port).send(build_request(target=target, **more)))
            if waiting is not None:
                wait_for(lambda n=waiting + i + 1: self.figure("qcur") == n, what=f"{waiting + i + 1} to wait")
        return clients

    def busy(self, server, count=1):
        """Takes its slots with requests that last until they are let go, and that no other server may get."""
        clients = self.send("/?hang=1", count, method="POST", body=b"x")
        wait_for(lambda: server.stats()["busy"] == count)
        return clients

    def rows(self, count):
        def lines():
            text = self.log.read_text() if self.log.exists() else ""
            return [json.loads(line) for line in text.splitlines()]
        wait_for(lambda: len(lines()) >= count, what=f"{count} lines in the access log; {lines()}")
        return lines()


def let_go(clients):
    for client in clients:
        client.reset()


@pytest.mark.parametrize("algorithm", ["round_robin", "least_conn", "p2c", "first"])
def test_maxconn_is_never_exceeded(box, algorithm):
    a, b = box.origins("a", "b", delay=2)
    service = Service(box, a, b, maxconn=3, algorithm=algorithm)
    load = Load(service.port, clients=50, each=30).join()
    assert load.errors == [] and load.count(200) == 1500
    assert [server.stats()["busy_max"] for server in (a, b)] == [3, 3]
    for name in "ab":
        row = service.stat("app", name)
        assert (row["smax"], row["slim"], row["scur"], row["qcur"]) == ("3", "3", "0", "0")
    assert [service.figure(name) for name in ("qcur", "scur")] == [0, 0]
    assert 10 < service.figure("qmax") <= 44
    wait_for(lambda: service.figure("qtime") > 0)


def test_first_fills_one_server_before_the_next(box):
    a, b = box.origins("a", "b", delay=100)
    service = Service(box, a, b, maxconn=2, algorithm="first")
    for client in service.send(count=2):
        assert client.response().origin == "a"
    for client in service.send(count=5):
        assert client.response().status == 200
    assert a.stats()["busy_max"] == 2 and b.requests() >= 2


def test_in_the_order_in_which_they_came(box):
    a = box.origin("a", delay=30)
    service = Service(box, a)
    holder, = service.send("/?delay=800")
    wait_for(lambda: a.requests() == 1)
    order, clients = [], []

    def read(number, client):
        assert client.response().status == 200
        order.append(number)
    for number in range(12):
        clients += service.send(waiting=number)
    threads = [threading.Thread(target=read, args=pair) for pair in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert holder.response().status == 200
    assert order == list(range(12))
    assert service.figure("qmax") == 12
    # Lines of several workers come in no order; who waited longer had more before it.
    ahead = [row["t_queue"] for row in sorted(service.rows(13), key=lambda row: row["t_queue"])]
    assert ahead[0] == 0 and ahead[-1] > 300_000


def test_a_full_queue(box):
    a = box.origin("a")
    service = Service(box, a, queue={"max": 2}, timeouts={"queue": "10s"})
    holder = service.busy(a)
    waiting = service.send(count=2, waiting=0)
    response = http(service.port)
    assert response.status == 503 and "queue" not in response.text
    let_go(holder)
    assert [client.response().status for client in waiting] == [200, 200]
    row, = [row for row in service.rows(4) if row["status"] == 503]
    assert (row["termination"], row["reason"], row["server"], row["t_connect"]) == ("sQ", "queue_full", None, None)
    assert service.figure("econ") == 1


def test_a_queue_of_none(box):
    a = box.origin("a")
    service = Service(box, a, queue={"max": 0})
    holder = service.busy(a)
    assert http(service.port).status == 503
    assert service.figure("qmax") == 0
    let_go(holder)


def test_the_wait_has_an_end(box):
    a = box.origin("a")
    service = Service(box, a, timeouts={"queue": "300ms"})
    holder = service.busy(a)
    start = time.monotonic()
    first, = service.send(waiting=0)
    second, = service.send(waiting=1)
    for client in first, second:
        response = client.response()
        assert response.status == 503
        # Nothing was begun that could be broken: the connection can be used again.
        client.send(build_request())
    took(start, 2, least=0.25)
    assert [client.response().status for client in (first, second)] == [503, 503]
    rows = service.rows(4)
    for row in rows:
        assert (row["termination"], row["reason"], row["server"]) == ("sQ", "queue_timeout", None)
        in_time(row["t_queue"] / 1e6, 2, 0.28)
        assert row["t_connect"] is None
    row = service.stat("app", "BACKEND")
    assert (row["qcur"], row["qmax"], row["econ"], row["scur"]) == ("0", "2", "4", "1")
    let_go(holder)


def test_httplog_of_a_wait(box):
    log = box.path("http.log")
    a = box.origin("a")
    config = box.config({"a": {"address": a, "maxconn": 1}}, backend={"timeouts": {"queue": "200ms"}},
                        frontend={"access_log": {"format": "httplog", "target": str(log)}})
    lbd = box.lbd(config)
    holder = Client(lbd.port).send(build_request(target="/?delay=400"))
    wait_for(lambda: a.requests() == 1)
    clients = []
    for number in range(3):
        clients.append(Client(lbd.port).send(build_request()))
        wait_for(lambda n=number: int(lbd.stat("app", "BACKEND")["qcur"]) == n + 1)
    assert [client.response().status for client in clients] == [503] * 3
    assert holder.response().status == 200
    lines = wait_for(lambda: len(log.read_text().splitlines()) == 4 and log.read_text().splitlines())
    refused = sorted(line.split()[11] for line in lines if " 503 " in line)
    assert refused == ["0/1"] * 3  # nobody was served before any of them
    for line in lines:
        if " 503 " in line:
            tr, tw, tc, response, _ = map(int, line.split()[4].split("/"))
            assert tr >= 0 and 180 <= tw < 2000 and (tc, response) == (-1, -1) and " sQ-- " in line


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_client_that_leaves(box, leave):
    a = box.origin("a")
    service = Service(box, a)
    holder = service.busy(a)
    leaver, = service.send("/left", waiting=0)
    stays, = service.send("/stays", waiting=1)
    getattr(leaver, leave)()
    wait_for(lambda: service.figure("qcur") == 1)
    let_go(holder)
    assert stays.response().status == 200
    assert a.requests() == 2
    row, = [row for row in service.rows(3) if row["path"] == "/left"]
    assert (row["termination"], row["reason"], row["status"], row["server"]) == ("CQ", "client_closed", None, None)
    assert row["bytes_out"] == 0 and row["t_queue"] > 0


def test_clients_that_come_and_leave_lose_no_slot(box):
    a, b = box.origins("a", "b", delay=3)
    service = Service(box, a, b, maxconn=2)
    stop = threading.Event()

    def leave(seed):
        dice = random.Random(seed)
        while not stop.is_set():
            client = Client(service.port).send(build_request())
            time.sleep(dice.random() * 0.02)
            if dice.random() < 0.5:
                client.reset()
            else:
                client.close()
    leavers = [threading.Thread(target=leave, args=(seed,)) for seed in range(10)]
    for thread in leavers:
        thread.start()
    load = Load(service.port, clients=10, each=60).join()
    stop.set()
    for thread in leavers:
        thread.join()
    assert load.errors == [] and load.count(200) == 600
    wait_for(lambda: [service.figure(name) for name in ("qcur", "scur")] == [0, 0])
    assert [service.figure("scur", name) for name in "ab"] == [0, 0]
    load = Load(service.port, clients=8, each=5).join()
    assert load.count(200) == 40


CHANGES = {
    "drain taken back": ("set server app/b state drain", "set server app/b state ready"),
    "out of maintenance": ("set server app/b state maint", "set server app/b state ready"),
    "weight above 0": ("set weight app/b 0", "set weight app/b 10"),
    "up again": ("set server app/b health down", "set server app/b health up"),
    "maxconn raised": ("set server app/b state drain", "set maxconn server app/a 4"),
    "maxconn lifted": ("set server app/b state drain", "set maxconn server app/a 0"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_an_operator_opens_serves_who_waits(box, change):
    before, after = CHANGES[change]
    a, b = box.origins("a", "b")
    service = Service(box, a, b)
    service.act("set maxconn server app/b 3")
    service.act(before)
    holder = service.busy(a)
    waiting = service.send(count=3, waiting=0)
    service.act(after)
    assert [client.response().origin for client in waiting] == ["a" if "maxconn" in change else "b"] * 3
    let_go(holder)


def test_lowering_maxconn_cuts_nobody(box):
    a = box.origin("a")
    service = Service(box, a, maxconn=3)
    running = service.send("/?delay=600", count=3)
    wait_for(lambda: a.stats()["busy"] == 3)
    service.act("set maxconn server app/a 1")
    waiting = service.send("/?delay=20", count=4, waiting=0)
    assert service.stat("app", "a")["slim"] == "1"
    assert [client.response().status for client in running + waiting] == [200] * 7
    load = Load(service.port, clients=4, each=20, target="/?delay=1")
    wait_for(lambda: len(load.results) > 5)
    assert a.stats()["busy"] <= 1
    load.join()


def test_set_maxconn_says_what_is_wrong(box):
    service = Service(box, box.origin("a"))
    for command, words in (("app/a", "Require <maxconn>."), ("app/a x", "no number"), ("app/a -1", "no number"),
                           ("app/a 100000001", "no number"), ("app", "Require 'backend/server'."),
                           ("app/z 1", "No such server."), ("z/a 1", "No such backend.")):
        assert words in service.lbd.cli(f"set maxconn server {command}"), command
    assert service.stat("app", "a")["slim"] == "1"
    service.act("set maxconn server app/a 0")
    assert service.stat("app", "a")["slim"] == ""


def test_without_a_server_nobody_waits(box):
    a = box.origin("a")
    service = Service(box, a)
    holder, = service.send("/?delay=1000")
    wait_for(lambda: a.requests() == 1)
    waiting = service.send(count=5, waiting=0)
    start = time.monotonic()
    service.act("set server app/a state maint")
    for client in waiting:
        response = client.response()
        assert response.status == 503
    took(start, 0.5)
    assert holder.response().status == 200
    rows = [row for row in service.rows(6) if row["status"] == 503]
    assert {(row["termination"], row["reason"]) for row in rows} == {("SQ", "no_server")}


def test_a_backup_serves_who_waits(box):
    a, b = box.origins("a", "b")
    config = box.config({"a": {"address": a, "maxconn": 1}, "b": {"address": b, "backup": True, "maxconn": 2}})
    lbd = box.lbd(config)
    holder = Client(lbd.port).send(build_request(target="/?hang=1"))
    wait_for(lambda: a.requests() == 1)
    waiting = [Client(lbd.port).send(build_request()) for _ in range(4)]
    wait_for(lambda: lbd.stat("app", "BACKEND")["qcur"] == "4")
    lbd.act("set server app/a state drain")
    assert [client.response().origin for client in waiting] == ["b"] * 4
    holder.reset()


@pytest.mark.parametrize("others", [0, 1])
def test_the_server_is_killed_while_they_wait(box, others):
    a, *rest = box.origins("a", *"b"[:others], delay=20)
    service = Service(box, a, *rest, algorithm="first", retry={"attempts": 3})
    holders = service.busy(a) + [client for server in rest for client in service.send("/?delay=300")]
    wait_for(lambda: all(server.stats()["busy"] for server in rest))
    waiting = service.send(count=20, waiting=0)
    a.kill()
    answers = [client.response().status for client in waiting]
    # A connection may still be accepted in the kernel while the process ends.
    assert set(answers) <= ({200} if others else {502, 503})
    assert service.figure("qcur") == 0
    let_go(holders)


def test_kept_connections_are_used_again(box):
    a = box.origin("a", delay=2)
    service = Service(box, a, maxconn=2, threads=1)
    load = Load(service.port, clients=10, each=30).join()
    assert load.errors == [] and load.count(200) == 300
    stats = a.stats()
    assert stats["busy_max"] == 2 and stats["connections"] <= 3
    assert service.figure("reuse", "a") >= 298


def test_a_retry_waits_too(box):
    a = box.origin("a", delay=300)
    dead = {"address": f"127.0.0.1:{box.dead_port()}", "maxconn": 1}
    config = box.config({"dead": dead, "a": {"address": a, "maxconn": 1}}, backend={"retry": {"attempts": 2}})
    lbd = box.lbd(config)
    clients = [Client(lbd.port).send(build_request()) for _ in range(6)]
    assert [client.response().status for client in clients] == [200] * 6
    assert a.stats()["busy_max"] == 1
    assert int(lbd.stat("app", "BACKEND")["wredis"]) >= 3


def test_one_server_without_a_limit_takes_all(box):
    a, b = box.origins("a", "b", delay=5)
    config = box.config({"a": {"address": a, "maxconn": 1}, "b": b}, top={"global": {"threads": 4}})
    lbd = box.lbd(config)
    load = Load(lbd.port, clients=30, each=20).join()
    assert load.count(200) == 600 and a.stats()["busy_max"] == 1
    row = lbd.stat("app", "BACKEND")
    assert (row["qcur"], row["qmax"]) == ("0", "0")


# ---- the end ----

def test_term_lets_those_who_wait_finish(box):
    a = box.origin("a", delay=50)
    service = Service(box, a)
    holder = service.send("/?delay=400")
    wait_for(lambda: a.requests() == 1)
    waiting = service.send(count=8, waiting=0)
    service.lbd.signal(signal.SIGTERM)
    for client in holder + waiting:
        assert client.response().status == 200
        client.close()
    assert service.lbd.wait() == 0


def test_a_second_term_ends_who_waits(box):
    a = box.origin("a")
    service = Service(box, a)
    service.busy(a)
    waiting = service.send(count=8, waiting=0)
    service.lbd.signal(signal.SIGTERM)
    time.sleep(0.2)
    assert service.lbd.running
    service.lbd.signal(signal.SIGTERM)
    assert service.lbd.wait(3) == 0
    # The slot that one worker frees may reach a request of another worker, and be used, before that one is ended too.
    answers = [client.response() for client in waiting]
    assert {answer.status for answer in answers} <= {200, 503}
    ends = [(row["termination"], row["reason"]) for row in service.rows(9)]
    assert set(ends) <= {("KQ", "shutdown"), ("KC", "shutdown"), ("KH", "shutdown"), ("--", "-")}
    assert ends.count(("KQ", "shutdown")) > 0


def test_stops_under_a_full_queue(box):
    """Grants that are on their way when their worker ends are passed on."""
    for _ in range(3):
        a, b = box.origins("a", "b", delay=1)
        service = Service(box, a, b)
        load = Load(service.port, clients=24, may_close=True)
        wait_for(lambda: len(load.results) > 100)
        service.lbd.signal(signal.SIGTERM)
        assert service.lbd.wait() == 0
        load.stop()
        assert load.errors == [] and load.count(200) == len(load.results)


# ---- TCP ----

def echo(client, _number):
    while True:
        data = client.socket.recv(65536)
        if not data:
            return
        client.send(data)


def test_tcp_connections_wait(box):
    server = box.scripted(echo)
    server.title = "s"
    service = Service(box, server, mode="tcp", timeouts={"queue": "5s"})
    with Client(service.port) as first:
        assert first.send(b"1").need(1) == b"1"
        second = Client(service.port).send(b"2")
        wait_for(lambda: service.figure("qcur") == 1)
        third = Client(service.port)
        wait_for(lambda: service.figure("qcur") == 2)
        assert server.connections == 1
    assert second.need(1) == b"2"
    third.send(b"3").half_close()
    assert service.figure("qcur") == 1
    second.close()
    # Its end came while it waited, and what it said before is said to the server.
    assert third.rest() == b"3"
    assert server.connections == 3


def test_tcp_ends_of_a_wait(box):
    server = box.scripted(echo)
    server.title = "s"
    service = Service(box, server, mode="tcp", timeouts={"queue": "300ms"}, queue={"max": 2})
    with Client(service.port) as first:
        assert first.send(b"1").need(1) == b"1"
        patient, leaver = Client(service.port).send(b"x"), Client(service.port)
        wait_for(lambda: service.figure("qcur") == 2)
        assert Client(service.port).closed(1)
        leaver.close()
        wait_for(lambda: service.figure("qcur") <= 1)
        assert patient.closed()
    rows = service.rows(4)
    assert sorted((row["termination"], row["reason"]) for row in rows) == [
        ("--", "-"), ("CQ", "client_closed"), ("sQ", "queue_full"), ("sQ", "queue_timeout")]
    assert server.connections == 1


def test_sessions_that_an_operator_ends_leave_their_slots(box):
    a = box.origin("a")
    service = Service(box, a)
    holder, = service.busy(a)
    waiting = service.send(count=6, waiting=0)
    service.act("shutdown sessions server app/a")
    assert holder.response().status == 503
    # Who gets the slot while the workers are gone through is served by it then, and may be ended too.
    answers = [client.response().status for client in waiting]
    assert set(answers) <= {200, 503} and answers.count(200) > 0
    assert [service.figure(name) for name in ("qcur", "scur")] == [0, 0]
    assert http(service.port).status == 200


def test_a_session_that_waits_can_be_ended(box):
    a = box.origin("a")
    service = Service(box, a)
    holder = service.busy(a)
    waiting, = service.send("/waits", waiting=0)
    (name, ) = [line.split(":", 1)[0] for line in service.lbd.cli("show sess").splitlines() if "step=queue" in line]
    service.act(f"shutdown session {name}")
    assert waiting.response().status == 503
    assert [service.figure(name) for name in ("qcur", "scur")] == [0, 1]
    let_go(holder)
    row, = [row for row in service.rows(2) if row["path"] == "/waits"]
    assert (row["termination"], row["reason"]) == ("KQ", "killed")
