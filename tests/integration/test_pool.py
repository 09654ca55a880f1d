"""Idle connections to servers: how many are kept, how long, for how many requests, and that a server which closes them
costs no request."""
import concurrent.futures
import threading
import time

import pytest
from lbdtest import Client, Failure, http, took, wait_for
from real_nginx import start_nginx


def idle(lbd, name="a"):
    return int(lbd.stat("app", name)["srv_icur"])


def all_at_once(lbd, count):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return [r.status for r in pool.map(lambda _: http(lbd.port, target="/?delay=300"), range(count))]


@pytest.mark.parametrize("most", [0, 1, 3])
def test_max_idle_is_what_is_kept(box, most):
    lbd, a = box.serve("a", backend={"pool": {"max_idle": most}}, top={"global": {"threads": 1}})
    before = a.stats()["connections"]
    assert all_at_once(lbd, 8) == [200] * 8
    wait_for(lambda: idle(lbd) == most, 5, f"{most} idle connections")
    assert a.stats()["connections"] - before >= 8
    row = lbd.stat("app", "a")
    assert (row["src_ilim"], row["reuse"]) == (str(most), "0")
    # What is kept is used again, one after the other: no further connection.
    connects = int(row["connect"])
    for _ in range(5):
        assert http(lbd.port).status == 200
    assert int(lbd.stat("app", "a")["connect"]) - connects == (0 if most else 5)


@pytest.mark.parametrize("most", [1, 3, 5])
def test_max_idle_is_for_all_workers_together(box, most):
    lbd, _ = box.serve("a", backend={"pool": {"max_idle": most}}, top={"global": {"threads": 4}})
    for _ in range(3):
        assert all_at_once(lbd, 60) == [200] * 60
        wait_for(lambda: lbd.stat("app", "a")["scur"] == "0")
        assert idle(lbd) == most


def test_max_requests_is_the_last_on_a_connection(box):
    lbd, a = box.serve("a", backend={"pool": {"max_requests": 5}}, top={"global": {"threads": 1}})
    before = a.stats()["connections"]
    with Client(lbd.port) as client:
        for _ in range(20):
            assert client.request().status == 200
    row = lbd.stat("app", "a")
    # The statistics themselves were asked for on a connection of their own, counted before.
    assert a.stats()["connections"] - before - 1 == 4
    assert (row["connect"], row["reuse"]) == ("4", "16")


def test_idle_ends_a_connection_that_nobody_needs(box):
    lbd, _ = box.serve("a", backend={"pool": {"idle": "600ms"}}, top={"global": {"threads": 1}})
    for _ in range(4):
        assert http(lbd.port).status == 200
        time.sleep(0.15)
    # Use begins the time anew.
    start = time.monotonic()
    assert http(lbd.port).status == 200
    assert idle(lbd) == 1
    wait_for(lambda: idle(lbd) == 0, 5, "the idle connection to be closed")
    took(start, 3, least=0.4)
    assert lbd.stat("app", "a")["connect"] == "1"


def test_a_connection_that_the_server_closes_leaves_at_once(box):
    lbd, a = box.serve("a", top={"global": {"threads": 1}})
    assert all_at_once(lbd, 6) == [200] * 6
    wait_for(lambda: idle(lbd) == 6)
    a.kill()
    wait_for(lambda: idle(lbd) == 0, 1, "the dead connections to leave the pool")
    a.again(box)
    assert http(lbd.port, "POST", body=b"x").status == 200


NGINX = """
  keepalive_timeout 60ms;
  server {{ listen 127.0.0.1:{port} reuseport; location / {{ return 200 "ok\\n"; }} }}
"""


LONG = 0.090


class Waves:
    """A client that asks, waits, and asks again, together with others that wait as long."""

    def __init__(self, port, pauses, together):
        self.port, self.pauses, self.together, self.good, self.errors = port, pauses, together, 0, []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            with Client(self.port) as client:
                for pause in self.pauses:
                    self.together.wait(20)
                    response = client.request()
                    if (response.status, response.body) != (200, b"ok\n"):
                        self.errors.append(repr(response))
                    else:
                        self.good += 1
                    time.sleep(pause)
        except (OSError, Failure, threading.BrokenBarrierError) as error:
            self.errors.append(repr(error))
            self.together.abort()


def test_a_server_with_a_shorter_timeout_costs_no_request_in_a_thousand(box):
    """nginx closes after 60 ms, and the clients come back after about that time: as many races as can be had."""
    port = box.port()
    start_nginx(box, NGINX.format(port=port), [port])
    lbd = box.lbd(box.config({"n": f"127.0.0.1:{port}"}))
    pauses = [LONG, 0.056, LONG, 0.058, 0.059, LONG, 0.060, LONG, 0.061, 0.062] * 5
    together = threading.Barrier(20)
    loads = [Waves(lbd.port, pauses, together) for _ in range(20)]
    for load in loads:
        load.thread.join(60)
    assert [load.errors for load in loads] == [[]] * 20
    assert [load.good for load in loads] == [50] * 20
    row = lbd.stat("app", "n")
    # Both ways were taken, or the test tests nothing: after a long pause nothing is left to use again.
    assert int(row["connect"]) >= pauses.count(LONG) and int(row["reuse"]) > 50, (row["connect"], row["reuse"])
    assert row["hrsp_5xx"] == "0"
    wait_for(lambda: idle(lbd, "n") == 0, 5, "nginx to have closed all, and lbd to have noticed")
