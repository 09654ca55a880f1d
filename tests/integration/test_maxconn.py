"""frontend.maxconn and global.maxconn hold exactly, over all workers: who finds no place waits, unharmed, for its turn."""
import select
import threading
import time

import pytest
from lbdtest import Client, Load, build_request, http, took, wait_for

WORKERS = {"global": {"threads": 4}}
LIMITS = {"frontend": lambda n: {"frontend": {"maxconn": n}, "top": WORKERS},
          "global": lambda n: {"top": {"global": {"threads": 4, "maxconn": n}}}}


def crowd(lbd, count, target="/", more=b""):
    """Clients that have sent a request each. more: the beginning of another one, so that they are never idle."""
    clients = [Client(lbd.port, timeout=20) for _ in range(count)]
    for client in clients:
        client.send(build_request(target=target) + more)
    return clients


def answered(clients, still=0.3):
    """Those with an answer, once none has come for a while."""
    seen = []
    while True:
        ready = select.select([c.socket for c in clients if c not in seen], [], [], still)[0]
        if not ready:
            return seen
        seen += [c for c in clients if c.socket in ready]


@pytest.mark.parametrize("which", LIMITS)
def test_no_more_than_maxconn_are_served_at_a_time(box, which):
    lbd, _ = box.serve("a", **LIMITS[which](20))
    waiting = crowd(lbd, 200)
    served = 0
    while waiting:
        now = answered(waiting)
        assert len(now) == min(20, len(waiting)), f"{len(now)} of {len(waiting)} that were left"
        assert lbd.stat("web", "FRONTEND")["scur"] == str(len(now))
        for client in now:
            assert client.response().status == 200
            waiting.remove(client)
            client.close()
        served += len(now)
    assert served == 200
    assert lbd.stat("web", "FRONTEND")["smax"] == "20"
    wait_for(lambda: lbd.info()["CurrConns"] == "0", what="the places to be free again")


@pytest.mark.parametrize("which", LIMITS)
def test_the_limit_holds_under_churn(box, which):
    lbd, a = box.serve("a", **LIMITS[which](7))
    load = Load(lbd.port, clients=40, each=40, headers={"Connection": "close"}).join()
    assert load.errors == [] and load.count(200) == 1600
    row = lbd.stat("web", "FRONTEND")
    assert row["smax"] == "7" and row["stot"] == "1600"
    wait_for(lambda: lbd.info()["CurrConns"] == "0")


def test_one_place_goes_round(box):
    """Workers that never meet a free place by luck: with one place, every waiting client must be woken for it."""
    lbd, _ = box.serve("a", frontend={"maxconn": 1}, top=WORKERS)
    order, lock = [], threading.Lock()

    def run(number, client):
        assert client.response().status == 200
        with lock:
            order.append(number)
        client.close()
    clients = crowd(lbd, 60)
    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(clients)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(order) == 60
    took(start, 10)


def test_paused_workers_take_turns(box):
    """Each worker's queue holds clients; places that free go to the workers in rotation."""
    lbd, _ = box.serve("a", frontend={"maxconn": 4}, top=WORKERS)
    holders = crowd(lbd, 4)
    assert len(answered(holders)) == 4
    waiting = crowd(lbd, 80)
    assert answered(waiting) == []
    waits = int(lbd.info()["Maxconn_waits"])
    assert 1 <= waits <= 8  # each worker stands in the queue once; nobody tries again and again
    for holder in holders:
        holder.close()
    rounds = 0
    while waiting:
        now = answered(waiting, 0.05)
        for client in now:
            client.response()
            client.close()
            waiting.remove(client)
        rounds += 1
        assert rounds < 200
    assert int(lbd.info()["Maxconn_waits"]) > waits


def test_a_global_place_serves_another_frontend(box):
    """A frontend that is full keeps no place of the process from another one."""
    a = box.origin("a")
    other = box.port()
    config = box.config({"a": a}, frontend={"maxconn": 2}, top={"global": {"threads": 4, "maxconn": 5}, "frontends": {
        "other": {"bind": [f"127.0.0.1:{other}"], "default_backend": "app"}}})
    lbd = box.lbd(config)
    full = crowd(lbd, 6)
    assert len(answered(full)) == 2
    others = [Client(other) for _ in range(6)]
    for client in others:
        client.send(build_request())
    assert len(answered(others)) == 3
    assert lbd.info()["CurrConns"] == "5"
    for client in others:
        client.close()
    assert http(other).status == 200
    assert len(answered(full)) == 2
    for client in full:
        client.close()


def test_clients_that_leave_while_they_wait_cost_nothing(box):
    lbd, _ = box.serve("a", frontend={"maxconn": 2}, top=WORKERS)
    holders = crowd(lbd, 2)
    assert len(answered(holders)) == 2
    for client in crowd(lbd, 60):
        client.reset()
    patient = crowd(lbd, 4)
    assert answered(patient) == []
    for holder in holders:
        holder.close()
    while patient:
        for client in answered(patient):
            assert client.response().status == 200
            patient.remove(client)
            client.close()
    wait_for(lambda: lbd.info()["CurrConns"] == "0")


def test_disable_and_enable_at_the_limit(box):
    lbd, _ = box.serve("a", frontend={"maxconn": 2}, top=WORKERS)
    holders = crowd(lbd, 2)
    waiting = crowd(lbd, 8)
    wait_for(lambda: lbd.stat("web", "FRONTEND")["scur"] == "2")
    lbd.act("disable frontend web")
    served = answered(holders + waiting)
    assert len(served) == 2
    for client in served:
        client.close()
    assert answered([c for c in waiting if c.socket.fileno() >= 0]) == []
    lbd.act("enable frontend web")
    left = [c for c in holders + waiting if c.socket.fileno() >= 0]
    while left:
        for client in answered(left):
            assert client.response().status == 200
            left.remove(client)
            client.close()


def test_stop_serves_who_waits_for_a_place(box):
    lbd, _ = box.serve("a", frontend={"maxconn": 3}, top={"global": {"threads": 4, "shutdown_timeout": "10s"}})
    idle = [Client(lbd.port) for _ in range(3)]
    for client in idle:
        assert client.request().status == 200
    waiting = crowd(lbd, 12)
    assert answered(waiting) == []
    stopped = threading.Thread(target=lbd.stop)
    stopped.start()
    while waiting:
        for client in answered(waiting):
            assert client.response().status == 200
            waiting.remove(client)
            client.close()
    stopped.join(15)
    assert lbd.child.returncode == 0


def test_a_second_term_ends_who_waits_for_a_place(box):
    lbd, _ = box.serve("a", frontend={"maxconn": 2}, top={"global": {"threads": 4, "shutdown_timeout": "60s"}})
    crowd(lbd, 30, "/?hang=1")
    wait_for(lambda: lbd.stat("web", "FRONTEND")["scur"] == "2")
    lbd.signal(15)
    time.sleep(0.3)
    assert lbd.running
    start = time.monotonic()
    assert lbd.stop() == 0
    took(start, 5)


# --- run time and what is shown

def test_set_maxconn_frontend(box):
    lbd, _ = box.serve("a", frontend={"maxconn": 2}, top=WORKERS)
    clients = crowd(lbd, 30, more=b"G")
    assert len(answered(clients)) == 2
    lbd.act("set maxconn frontend web 5")
    assert len(answered(clients)) == 5
    assert lbd.stat("web", "FRONTEND")["slim"] == "5"
    lbd.act("set maxconn frontend web 1")
    for client in answered(clients)[:4]:
        clients.remove(client)
        client.close()
    assert len(answered(clients)) == 1
    lbd.act("set maxconn frontend web 0")
    assert len(answered(clients)) == 26
    for command, answer in [("", "A frontend name is expected."), ("nix 3", "No such frontend."),
                            ("web", "Integer value expected."), ("web 3x", "Integer value expected."),
                            ("web -1", "Value out of range."), ("web 99999999999", "Value out of range.")]:
        assert lbd.cli(f"set maxconn frontend {command}") == answer + "\n\n"


def test_set_maxconn_global(box):
    lbd, _ = box.serve("a", top=WORKERS)
    hard = int(lbd.info()["Hard_maxconn"])
    assert lbd.info()["Maxconn"] == str(hard)
    lbd.act("set maxconn global 2")
    clients = crowd(lbd, 10, more=b"G")
    assert len(answered(clients)) == 2
    assert lbd.info()["Maxconn"] == "2"
    lbd.act("set maxconn global 0")
    assert len(answered(clients)) == 10
    assert lbd.info()["Maxconn"] == str(hard)
    for word, answer in [("", "Expects an integer value."), ("x", "Expects an integer value."),
                         ("-1", "Value out of range."), (str(hard + 1), "Value out of range.")]:
        assert lbd.cli(f"set maxconn global {word}") == answer + "\n\n"


def test_what_is_shown_and_said_at_the_limit(box):
    lbd, _ = box.serve("a", frontend={"maxconn": 2})
    said = "Frontend 'web' has reached its maxconn of 2 sessions"
    over = "Frontend 'web' is below its maxconn again"
    clients = crowd(lbd, 5)
    row = wait_for(lambda: answered(clients) and lbd.stat("web", "FRONTEND"))
    assert (row["slim"], row["scur"], row["status"]) == ("2", "2", "OPEN")
    wait_for(lambda: said in lbd.log)
    time.sleep(0.5)
    assert lbd.log.count(said) == 1 and over not in lbd.log
    for client in clients:
        client.close()
    wait_for(lambda: over in lbd.log)
    again = crowd(lbd, 5)
    time.sleep(0.5)
    assert lbd.log.count(said) == 1  # once in ten seconds
    info = lbd.info()
    assert int(info["Maxconn_waits"]) > 0 and info["Descriptor_shortages"] == "0"
    assert int(info["Maxsock"]) <= int(info["Ulimit-n"])
    for client in again:
        client.close()


def test_limits_that_change_under_load_lose_nobody(box):
    lbd, _ = box.serve("a", top=WORKERS)
    load = Load(lbd.port, clients=24, headers={"Connection": "close"})
    for turn in range(60):
        lbd.act(f"set maxconn frontend web {(1, 3, 0, 7)[turn % 4]}")
        lbd.act(f"set maxconn global {(5, 1, 2)[turn % 3]}")
        if turn % 10 == 5:
            lbd.act("disable frontend web")
            lbd.act("enable frontend web")
        time.sleep(0.03)
    load.stop()
    assert load.errors == [] and load.count(200) == len(load.results) > 100
    wait_for(lambda: lbd.info()["CurrConns"] == "0")
    lbd.act("set maxconn frontend web 1")
    assert http(lbd.port).status == 200
