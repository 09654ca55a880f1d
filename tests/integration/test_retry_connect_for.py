"""retry.connect_for: while no server takes a connection, requests wait and try again, so that a restart loses nothing."""
import signal
import socket
import threading
import time

import pytest
from attempts import Logged, Took
from lbdtest import Client, Load, build_request, http, in_time, wait_for


def waits(lbd, count):
    wait_for(lambda: lbd.stat("app", "BACKEND")["qcur"] == str(count), what=f"{count} to wait")


class Away:
    """A server that is away until it is told to come back, and lbd before it."""

    def __init__(self, box, backend=None, top=None, server=None, echo=False):
        self.box, self.echo = box, echo
        self.origin = box.origin("a")
        self.origin.kill()
        self.log = Logged(box, {"a": {"address": self.origin.address, **(server or {})}}, backend=backend, top=top)
        self.lbd, self.port = self.log.lbd, self.log.port

    def send(self, count, *args, **more):
        clients = [Client(self.port).send(build_request(*args, **more)) for _ in range(count)]
        waits(self.lbd, count)
        return clients

    def back(self):
        self.origin = self.box.origin("a", listen=self.origin.address, echo=self.echo)


@pytest.mark.parametrize("method,body", [("GET", None), ("POST", 5000), ("DELETE", None)])
def test_who_comes_while_the_only_server_is_away_waits(box, method, body):
    away = Away(box, {"retry": {"connect_for": "20s"}})
    clients = away.send(20, method, body=body and b"x" * body)
    assert away.lbd.stat("app", "a")["scur"] == "0"
    away.back()
    assert [client.response().status for client in clients] == [200] * 20
    rows = away.log.rows(20)
    assert all(row["termination"] == "--" and row["retries"] > 0 and row["t_queue"] > 0 for row in rows)
    in_time(max(row["t_connect"] for row in rows) / 1e6, 0.1)
    row = away.lbd.stat("app", "BACKEND")
    assert (row["qcur"], row["qmax"], row["hrsp_2xx"], row["hrsp_5xx"]) == ("0", "20", "20", "0")
    wait_for(lambda: int(away.lbd.stat("app", "BACKEND")["qtime"]) > 0)


def test_a_restart_under_load_loses_nothing(box):
    lbd, a = box.serve("a", top={"global": {"threads": 4}}, backend={"retry": {"connect_for": "20s"}})
    load = Load(lbd.port, clients=12, pause=0.005)
    wait_for(lambda: len(load.results) > 200)
    a.kill()
    wait_for(lambda: int(lbd.stat("app", "BACKEND")["qcur"]) == 12)
    a.again(box)
    since = len(load.results)
    wait_for(lambda: len(load.results) > since + 200)
    load.stop()
    assert load.errors == [] and load.count(200) == len(load.results)


def test_it_ends(box):
    away = Away(box, {"retry": {"connect_for": "500ms"}})
    with Took(0.45, 2.5), Client(away.port) as client:
        assert client.request("DELETE").status == 503
        assert client.request().status == 503, "the connection goes on"
    first, second = away.log.rows(2)
    for row in first, second:
        assert (row["status"], row["reason"], row["termination"], row["server"]) == (503, "connect_failed", "SC", "a")
        in_time(row["t_queue"] / 1e6, 2, 0.4)
        assert row["t_connect"] is None
    # After 100, 200 and the rest of the 500 ms.
    assert first["retries"] == 3 and away.lbd.stat("app", "a")["econ"] == "8"


@pytest.mark.parametrize("backend", [
    {"retry": {"connect_for": 0}}, {"retry": {"attempts": 1}}, {"retry": {"on": ["reset"]}}, {"queue": {"max": 0}}])
def test_nobody_waits_where_that_is_off(box, backend):
    away = Away(box, backend)
    with Took(0, 1):
        assert http(away.port).status == 503
    assert away.log.end() == (503, "connect_failed", "SC", 0)
    assert away.lbd.stat("app", "a")["econ"] == "1"


def test_the_time_in_the_queue_ends_it_too(box):
    away = Away(box, {"timeouts": {"queue": "250ms"}})
    with Took(0.2, 2):
        response = http(away.port)
    assert response.status == 503
    assert away.log.end() == (503, "queue_timeout", "sQ", 1)


def test_the_pauses(box):
    """100, 200, 400, 800 and 1000 ms, and then the rest."""
    away = Away(box)
    with Took(2.9, 5):
        assert http(away.port).status == 503
    assert away.log.end() == (503, "connect_failed", "SC", 6)
    assert away.lbd.stat("app", "BACKEND")["econ"] == "7"
    other = Away(box, {"retry": {"pause": "10ms", "connect_for": "150ms"}})
    assert http(other.port).status == 503
    assert other.log.end() == (503, "connect_failed", "SC", 4)


def test_no_more_than_the_queue_holds(box):
    away = Away(box, {"queue": {"max": 2}, "retry": {"connect_for": "20s"}})
    clients = away.send(2)
    with Took(0, 1):
        response = http(away.port)
    assert response.status == 503
    assert away.log.end() == (503, "queue_full", "sQ", 0)
    away.back()
    assert [client.response().status for client in clients] == [200] * 2


def test_without_an_eligible_server_nobody_waits(box):
    away = Away(box, {"retry": {"connect_for": "20s", "pause": "10s"}})
    clients = away.send(3)
    with Took(0, 2):
        away.lbd.act("disable server app/a")
        assert [client.response().status for client in clients] == [503] * 3
        assert http(away.port).status == 503
    assert {(row["reason"], row["termination"]) for row in away.log.rows(4)} == {
        ("connect_failed", "SC"), ("no_server", "SC")}


def test_rounds_over_all_servers(box):
    """More servers than attempts, all away: whichever comes back takes them."""
    origins = box.origins(*"abcde")
    for origin in origins:
        origin.kill()
    log = Logged(box, {o.title: o for o in origins}, backend={"retry": {"connect_for": "20s"}})
    clients = [Client(log.port).send(build_request("PUT", body=b"x")) for _ in range(6)]
    waits(log.lbd, 6)
    origins[3].again(box)
    assert [client.response().origin for client in clients] == ["d"] * 6


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_a_client_that_leaves(box, mode):
    away = Away(box, {"retry": {"connect_for": "20s"}}, top={"defaults": {"mode": mode}})
    if mode == "http":
        stays, leaves, resets = away.send(3)
        leaves.close()
    else:
        stays, leaves, resets = [Client(away.port) for _ in range(3)]
        waits(away.lbd, 3)
        leaves.reset()
    resets.reset()
    waits(away.lbd, 1)
    assert {row["termination"] for row in away.log.rows(2)} == {"CQ"}
    stays.close()


def test_no_place_is_held_while_it_pauses(box):
    """With one place, each of them finds it free in turn."""
    away = Away(box, {"retry": {"connect_for": "20s"}}, server={"maxconn": 1})
    clients = [Client(away.port).send(build_request(target="/?delay=10")) for _ in range(8)]
    waits(away.lbd, 8)
    wait_for(lambda: int(away.lbd.stat("app", "a")["econ"]) >= 8)
    assert away.lbd.stat("app", "a")["scur"] == "0"
    away.back()
    assert [client.response().status for client in clients] == [200] * 8
    assert away.origin.stats()["busy_max"] == 1


def test_a_stop_lets_them_finish(box):
    away = Away(box, {"retry": {"connect_for": "20s"}}, top={"global": {"shutdown_timeout": "20s"}})
    clients = away.send(5)
    away.lbd.signal(signal.SIGTERM)
    away.back()
    assert [client.response().status for client in clients] == [200] * 5
    assert away.lbd.wait() == 0


def test_a_second_term_ends_them(box):
    away = Away(box, {"retry": {"connect_for": "20s", "pause": "10s"}}, top={"global": {"shutdown_timeout": "20s"}})
    clients = away.send(5)
    away.lbd.signal(signal.SIGTERM)
    time.sleep(0.2)
    assert away.lbd.running
    away.lbd.signal(signal.SIGTERM)
    assert away.lbd.wait(5) == 0
    assert [client.response().status for client in clients] == [503] * 5
    assert {(row["reason"], row["termination"]) for row in away.log.rows(5)} == {("shutdown", "KQ")}


def test_an_operator_ends_one(box):
    away = Away(box, {"retry": {"connect_for": "20s", "pause": "10s"}})
    client, = away.send(1)
    row, = [line for line in away.lbd.cli("show sess").splitlines() if "step=queue" in line]
    away.lbd.act(f"shutdown session {row.split(':')[0]}")
    assert client.response().status == 503
    assert away.log.end()[:3] == (503, "killed", "KQ")
    waits(away.lbd, 0)


def test_a_tcp_connection_too(box):
    away = Away(box, {"retry": {"connect_for": "20s"}}, top={"defaults": {"mode": "tcp"}}, echo=True)
    early, late = Client(away.port).send(b"hello"), Client(away.port)
    waits(away.lbd, 2)
    away.back()
    assert early.need(5) == b"hello"
    assert late.send(b"later").need(5) == b"later"
    short = Away(box, {"retry": {"connect_for": "300ms"}}, top={"defaults": {"mode": "tcp"}})
    with Took(0.25, 2), Client(short.port) as client:
        assert client.send(b"x").rest() == b""
    assert short.log.end() == (None, "connect_failed", "SC", 2)


class Brittle:
    """Listens anew for each connection, of which it reads the request, and is away for a moment after it."""

    def __init__(self, answers_from):
        self.answers_from, self.requests, self.ended = answers_from, 0, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while not self.ended:
            try:
                connection, _ = self.listener.accept()
                with connection:
                    if self.serve(connection):
                        continue
                    # First: a client that hears of the end may be back before the next line.
                    self.listener.close()
            except OSError:
                continue
            time.sleep(0.3)
            self.listener = socket.create_server(("127.0.0.1", self.port))

    def serve(self, connection):
        """False: it ends without an answer."""
        if not connection.recv(65536):
            return True
        self.requests += 1
        if self.requests < self.answers_from:
            return False
        connection.sendall(b"HTTP/1.1 204 Fine\r\nConnection: close\r\n\r\n")
        connection.recv(1)
        return True

    def close(self):
        self.ended = True
        self.listener.close()


def test_an_answer_lost_by_the_restart(box):
    server = Brittle(answers_from=2)
    box.closers.append(server)
    log = Logged(box, {"a": server.address})
    assert http(log.port).status == 204
    assert server.requests == 2 and log.rows()[0]["t_queue"] > 0


def test_a_request_that_ends_its_server_is_not_sent_without_end(box):
    server = Brittle(answers_from=100)
    box.closers.append(server)
    log = Logged(box, {"a": server.address}, backend={"retry": {"connect_for": "20s"}})
    assert http(log.port).status == 502
    assert server.requests == 3 and log.end()[:3] == (502, "server_closed", "SH")


def test_a_unix_socket_whose_queue_is_full(box):
    path = str(box.path("full.sock"))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(8)
    box.closers.append(listener)

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                time.sleep(0.01)
                connection.sendall(b"HTTP/1.1 204 Fine\r\nConnection: close\r\n\r\n")
    log = Logged(box, {"a": f"unix:{path}"}, backend={"retry": {"connect_for": "20s"}})
    clients = [Client(log.port, timeout=20).send(build_request("POST", body=b"x")) for _ in range(60)]
    wait_for(lambda: int(log.lbd.stat("app", "BACKEND")["qcur"]) >= 50)
    threading.Thread(target=serve, daemon=True).start()
    assert [client.response().status for client in clients] == [204] * 60


def test_as_many_as_may_be_tried(box):
    """What was tried is remembered for so many; one more was written behind the end of it."""
    servers = {f"s{n}": f"127.0.0.1:{box.dead_port()}" for n in range(20)}
    config = box.config(servers, backend={"retry": {"attempts": 16, "pause": "10ms", "connect_for": "100ms"}})
    lbd = box.lbd(config)
    with Client(lbd.port) as client:
        assert [client.request().status for _ in range(3)] == [503] * 3
    assert {row["econ"] for row in lbd.show_stat() if row["svname"].startswith("s")} != {"0"}
    config["backends"]["app"]["retry"]["attempts"] = 17
    status, _, err = box.check_config(config)
    assert status == 1 and "attempts" in err and "16" in err
