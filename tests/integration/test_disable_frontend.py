"""disable frontend: no new connection is taken, those that are open go on, enable takes what waited. shutdown frontend:
its addresses are closed for good."""
import socket
import threading

import pytest
from lbdtest import Client, Load, build_request, http, merge, wait_for


def test_a_disabled_frontend_takes_nothing_until_it_is_enabled(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as before, Client(lbd.port) as waiting:
        assert before.request().status == 200
        assert waiting.request().status == 200
        lbd.act("disable frontend web")
        assert lbd.stat("web", "FRONTEND")["status"] == "PAUSED"
        assert before.request().status == 200
        clients = [Client(lbd.port, timeout=0.3) for _ in range(8)]
        for client in clients:
            client.send(build_request())
            with pytest.raises(socket.timeout):
                client.response()
        lbd.act("enable frontend web")
        for client in clients:
            client.socket.settimeout(5)
            assert client.response().status == 200
            client.close()
    assert http(lbd.port).status == 200


def test_a_paused_daemon_stops(box):
    lbd, _ = box.serve("a")
    lbd.act("disable frontend web")
    assert lbd.stop() == 0


def serve_two(box, **more):
    """Frontends web and other, of one backend."""
    config = merge(box.config({"a": box.origin("a")}, **more), {"frontends": {"other": {
        "bind": [f"127.0.0.1:{box.port()}"], "default_backend": "app"}}})
    return box.lbd(config)


def refused(port):
    try:
        Client(port).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_frontend_that_was_shut_down(box):
    lbd = serve_two(box)
    listeners = int(lbd.info()["Jobs"])
    with Client(lbd.port) as before, Client(lbd.ports["other"]) as other:
        assert before.request().status == other.request().status == 200
        lbd.act("shutdown frontend web")
        wait_for(lambda: refused(lbd.port), what="its address to be closed")
        assert lbd.stat("web", "FRONTEND")["status"] == "STOP"
        assert lbd.stat("other", "FRONTEND")["status"] == "OPEN"
        assert int(lbd.info()["Jobs"]) == listeners - 1 + 2
        for _ in range(2):
            assert before.request().status == other.request().status == 200
        assert lbd.stat("web", "FRONTEND")["scur"] == "1"
        assert http(lbd.ports["other"]).status == 200
    for command, answer in [("shutdown", "Frontend was already shut down."),
                            ("enable", "Frontend was previously shut down, cannot enable."),
                            ("disable", "Frontend was previously shut down, cannot disable.")]:
        assert lbd.cli(f"{command} frontend web").strip() == answer
    assert refused(lbd.port) and http(lbd.ports["other"]).status == 200
    assert lbd.stop() == 0


def test_one_that_was_disabled_serves_what_waits_before_it_ends(box):
    lbd = serve_two(box)
    lbd.act("disable frontend web")
    clients = [Client(lbd.port).send(build_request()) for _ in range(8)]
    lbd.act("shutdown frontend web")
    for client in clients:
        assert client.response().status == 200
        client.close()
    wait_for(lambda: refused(lbd.port), what="its address to be closed")


def test_one_that_is_full_waits_for_places_and_ends_no_session(box):
    lbd = serve_two(box, frontend={"maxconn": 2})
    idle = [Client(lbd.port) for _ in range(2)]
    for client in idle:
        assert client.request().status == 200
    waiting = Client(lbd.port).send(build_request())
    with Client(lbd.ports["other"]) as other:
        assert other.request().status == 200
        lbd.act("shutdown frontend web")
        waiting.socket.settimeout(0.7)
        with pytest.raises(socket.timeout):
            waiting.response()
        for client in (*idle, other):
            assert client.request().status == 200
        idle[0].close()
        waiting.socket.settimeout(5)
        assert waiting.response().status == 200
        wait_for(lambda: refused(lbd.port), what="its address to be closed")
        assert idle[1].request().status == other.request().status == 200


def test_a_stop_while_one_ends_and_after_all_did(box):
    lbd = serve_two(box, frontend={"maxconn": 1})
    with Client(lbd.port) as idle:
        assert idle.request().status == 200
        waiting = Client(lbd.port).send(build_request())
        lbd.act("shutdown frontend web")
        lbd.act("shutdown frontend other")
        wait_for(lambda: refused(lbd.ports["other"]))
        answers = []
        reader = threading.Thread(target=lambda: answers.append(waiting.response().status))
        reader.start()
        assert lbd.stop() == 0
        reader.join()
        assert answers == [200]


def test_under_load_nothing_is_lost(box):
    lbd = serve_two(box)
    other = Load(("127.0.0.1", lbd.ports["other"]), clients=4)
    web = [Load(("127.0.0.1", lbd.port), clients=2, headers={"Connection": "close"}, pause=0.002) for _ in range(2)]
    wait_for(lambda: sum(load.count(200) for load in web) > 50)
    lbd.act("shutdown frontend web")
    wait_for(lambda: all(load.refused for load in web))
    for load in (*web, other):
        load.stop()
        assert load.errors == [] and load.count(200) == len(load.results)
    assert other.refused == 0
