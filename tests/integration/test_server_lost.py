"""Servers that die, refuse, stall: only their own exchanges suffer."""
import time

from lbdtest import Client, Load, build_request, http, took, wait_for


def test_no_server_is_503(box):
    lbd = box.lbd(box.config({"s": f"127.0.0.1:{box.dead_port()}"}, backend={"retry": {"connect_for": 0}}))
    response = http(lbd.port)
    assert response.status == 503
    assert "no server" in response.text.lower() and "connect" not in response.text.lower()
    with Client(lbd.port) as client:
        assert [client.request().status for _ in range(3)] == [503] * 3


def test_a_refused_connect_goes_to_the_next_server(box):
    a = box.origin("a")
    lbd = box.lbd(box.config({"dead": f"127.0.0.1:{box.dead_port()}", "a": a}))
    for method in ("GET", "POST"):
        assert [http(lbd.port, method, body=b"x").status for _ in range(10)] == [200] * 10
    assert int(lbd.stat("app", "dead")["econ"]) > 0


def test_only_exchanges_of_the_killed_server_suffer(box):
    lbd, a, b = box.serve("a", "b", backend={"retry": {"attempts": 1}})
    clients = []
    for _ in range(8):
        client = Client(lbd.port)
        clients.append(client.send(build_request("POST", "/?delay=500", body=b"x")))
    wait_for(lambda: a.requests() + b.requests() == 8)
    lost, kept = a.requests(), b.requests()
    a.kill()
    statuses = sorted(client.response().status for client in clients)
    assert statuses == [200] * kept + [502] * lost and lost > 0
    for client in clients:
        client.close()


def test_kill_under_load_is_absorbed_by_retries(box):
    lbd, a, b = box.serve("a", "b", "c")[:3]
    load = Load(lbd.port, clients=8)
    wait_for(lambda: len(load.results) > 200)
    a.kill()
    wait_for(lambda: len(load.results) > 1500)
    load.stop()
    assert load.errors == []
    assert load.count(200) == len(load.results)


def test_a_server_that_comes_back_is_used_again(box):
    config_backend = {"passive": {"window": 0}}
    lbd, a, _ = box.serve("a", "b", backend=config_backend)
    a.kill()
    assert [http(lbd.port).status for _ in range(10)] == [200] * 10
    a.again(box)
    wait_for(lambda: http(lbd.port).origin == "a")


def test_a_stalled_server_does_not_stall_the_others(box):
    lbd, a, _ = box.serve("a", "b", backend={"timeouts": {"server": "1s"}, "retry": {"attempts": 1}})
    a.pause()
    start = time.monotonic()
    load = Load(lbd.port, clients=4, each=10).join()
    a.resume()
    assert load.count(200) + load.count(504) == 40 and load.count(504) > 0
    took(start, 15)


def test_a_stale_upstream_is_replaced_without_a_trace(box):
    lbd, a = box.serve("a", top={"global": {"threads": 1}})
    for _ in range(5):
        assert http(lbd.port, "POST", body=b"x").status == 200
        a.kill()
        a = a.again(box)
        time.sleep(0.05)
    assert http(lbd.port).status == 200


def test_connections_closed_by_the_server_after_each_answer(box):
    lbd, *_ = box.serve("a", "b", keep=1)
    load = Load(lbd.port, clients=8, each=50).join()
    assert (load.count(200), load.errors) == (400, [])
