"""Taking a server out and back while it works."""
from lbdtest import Client, Load, build_request, http, wait_for


def test_drain_finishes_what_runs_and_gives_nothing_new(box):
    lbd, a, b = box.serve("a", "b")
    running = []
    for _ in range(6):
        client = Client(lbd.port)
        running.append(client.send(build_request(target="/?delay=600")))
    wait_for(lambda: a.requests() + b.requests() == 6)
    lbd.act("set server app/a state drain")
    begun = a.requests()
    assert begun > 0
    assert {http(lbd.port).origin for _ in range(20)} == {"b"}
    assert lbd.stat("app", "a")["status"] == "DRAIN"
    assert [client.response().status for client in running] == [200] * 6
    assert a.requests() == begun
    wait_for(lambda: lbd.stat("app", "a")["scur"] == "0")
    lbd.act("set server app/a state ready")
    assert {http(lbd.port).origin for _ in range(20)} == {"a", "b"}
    for client in running:
        client.close()


def test_drain_under_load_loses_nothing(box):
    lbd, a, _ = box.serve("a", "b", top={"global": {"threads": 3}})
    load = Load(lbd.port, clients=8)
    for _ in range(5):
        before = len(load.results)
        lbd.act("set server app/a state drain")
        wait_for(lambda: lbd.stat("app", "a")["scur"] == "0")
        held = a.requests()
        wait_for(lambda: len(load.results) > before + 100)
        assert a.requests() == held
        lbd.act("set server app/a state ready")
        wait_for(lambda: a.requests() > held)
    load.stop()
    assert load.errors == [] and load.count(200) == len(load.results) > 500


def test_maintenance_is_shown_and_taken_back(box):
    lbd, _, _ = box.serve("a", "b")
    lbd.act("disable server app/a")
    assert lbd.stat("app", "a")["status"] == "MAINT"
    assert {http(lbd.port).origin for _ in range(10)} == {"b"}
    lbd.act("enable server app/a")
    assert {http(lbd.port).origin for _ in range(10)} == {"a", "b"}


def test_all_servers_drained_is_503(box):
    lbd, _ = box.serve("a")
    lbd.act("set server app/a state drain")
    assert http(lbd.port).status == 503
    lbd.act("set server app/a state ready")
    assert http(lbd.port).status == 200


def test_a_disabled_server_starts_in_maintenance(box):
    a, b = box.origins("a", "b")
    lbd = box.lbd(box.config({"a": {"address": a, "disabled": True}, "b": b}))
    assert lbd.stat("app", "a")["status"] == "MAINT"
    assert {http(lbd.port).origin for _ in range(10)} == {"b"}
