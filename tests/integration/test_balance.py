"""Who gets the requests."""
from collections import Counter

import pytest
from lbdtest import Client, Load, http, wait_for

ALGORITHMS = ["round_robin", "smooth_wrr", "least_conn"]


def shares(port, count):
    with Client(port) as client:
        return Counter(client.request().origin for _ in range(count))


@pytest.mark.parametrize("threads", [1, 4])
def test_round_robin_differs_by_at_most_one(box, threads):
    lbd, *_ = box.serve("a", "b", "c", top={"global": {"threads": threads}})
    load = Load(lbd.port, clients=8, each=125).join()
    counts = Counter(origin for _, origin, _ in load.results)
    assert load.errors == [] and sum(counts.values()) == 1000
    assert max(counts.values()) - min(counts.values()) <= 1 and len(counts) == 3


@pytest.mark.parametrize("threads", [1, 4])
def test_smooth_wrr_is_exact_over_a_cycle(box, threads):
    a, b, c = box.origins("a", "b", "c")
    config = box.config({"a": {"address": a, "weight": 5}, "b": {"address": b, "weight": 1}, "c": {"address": c, "weight": 1}},
                        backend={"algorithm": "smooth_wrr"}, top={"global": {"threads": threads}})
    load = Load(box.lbd(config).port, clients=20, each=35).join()
    assert load.errors == []
    assert Counter(origin for _, origin, _ in load.results) == {"a": 500, "b": 100, "c": 100}


def test_smooth_wrr_spreads_the_heavy_one(box):
    a, b, c = box.origins("a", "b", "c")
    config = box.config({"a": {"address": a, "weight": 5}, "b": {"address": b, "weight": 1}, "c": {"address": c, "weight": 1}},
                        backend={"algorithm": "smooth_wrr"}, top={"global": {"threads": 1}})
    with Client(box.lbd(config).port) as client:
        row = "".join(client.request().origin for _ in range(14))
    assert row == "aabacaa" * 2


def test_least_conn_avoids_the_busy_server(box):
    lbd, a, b = box.serve("a", "b", backend={"algorithm": "least_conn"})
    a.set(delay=3000)
    slow = []
    while not slow:
        client = Client(lbd.port)
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: a.requests() + b.requests() >= 1)
        slow = [client] if a.requests() else []
    before = a.requests()
    assert set(shares(lbd.port, 40)) == {"b"}
    assert a.requests() == before
    slow[0].reset()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_serves_and_leaves_out_weight_0(box, algorithm):
    a, b, c = box.origins("a", "b", "c")
    config = box.config({"a": a, "b": {"address": b, "weight": 0}, "c": c}, backend={"algorithm": algorithm})
    load = Load(box.lbd(config).port, clients=6, each=50).join()
    assert (load.count(200), load.errors) == (300, [])
    assert load.count(origin="b") == b.requests() == 0 and load.count(origin="a") > 0 and load.count(origin="c") > 0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_weight_set_at_run_time_changes_the_shares(box, algorithm):
    lbd, *_ = box.serve("a", "b", backend={"algorithm": algorithm})
    lbd.act("set weight app/a 0")
    assert set(shares(lbd.port, 20)) == {"b"}
    lbd.act("set server app/a weight 100%")
    assert set(shares(lbd.port, 20)) == {"a", "b"}


def test_shares_follow_a_new_weight_exactly(box):
    lbd, *_ = box.serve("a", "b", backend={"algorithm": "smooth_wrr"}, top={"global": {"threads": 1}})
    lbd.act("set weight app/a 3")
    lbd.act("set weight app/b 1")
    assert lbd.cli("get weight app/a") == "3 (initial 100)\n\n"
    wait_for(lambda: shares(lbd.port, 4)["a"] == 3)
    assert shares(lbd.port, 400) == {"a": 300, "b": 100}


def test_a_backup_serves_when_nobody_else_can(box):
    a, b = box.origins("a", "b")
    lbd = box.lbd(box.config({"a": a, "b": {"address": b, "backup": True}}))
    assert set(shares(lbd.port, 10)) == {"a"}
    lbd.act("disable server app/a")
    assert set(shares(lbd.port, 10)) == {"b"}
    lbd.act("enable server app/a")
    assert set(shares(lbd.port, 10)) == {"a"}



def test_a_full_queue_is_503(box):
    origin = box.origin("a", delay=1000)
    config = box.config({"a": {"address": origin, "maxconn": 1}},
                        backend={"queue": {"max": 1}, "timeouts": {"queue": "300ms"}})
    lbd = box.lbd(config)
    load = Load(lbd.port, clients=5, each=1).join()
    assert (load.count(200), load.count(503)) == (1, 4)
    assert http(lbd.port).status == 200
