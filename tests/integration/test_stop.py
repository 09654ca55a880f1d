"""SIGTERM and its relatives: what runs is finished, nothing is lost, the exit status is 0."""
import signal
import time

import pytest
from lbdtest import Client, Load, build_request, took, wait_for


def test_term_finishes_the_running_exchange(box):
    lbd, a = box.serve("a")
    with Client(lbd.port) as client, Client(lbd.port) as idle:
        assert idle.request().status == 200
        client.send(build_request(target="/?delay=500"))
        wait_for(lambda: a.requests() == 2)
        lbd.signal(signal.SIGTERM)
        response = client.response()
        assert (response.status, response.get("Connection").lower()) == (200, "close")
        assert client.closed() and idle.closed()
    assert lbd.wait() == 0


@pytest.mark.parametrize("repeat", range(10))
def test_term_under_load_loses_nothing(box, repeat):
    lbd, a, b = box.serve("a", "b", top={"global": {"threads": 4}}, delay=5)
    keep = Load(lbd.port, clients=12, may_close=True)
    close = Load(lbd.port, clients=6, headers={"Connection": "close"})
    wait_for(lambda: len(keep.results) > 100 * (repeat % 3) and len(close.results) > 20)
    lbd.signal(signal.SIGTERM)
    assert lbd.wait() == 0
    for load in keep, close:
        load.stop()
        assert load.errors == []
        assert load.count(200) == len(load.results)
    assert len(keep.results) + len(close.results) == a.requests() + b.requests()


def test_int_is_the_same(box):
    lbd, _ = box.serve("a")
    lbd.signal(signal.SIGINT)
    assert lbd.wait() == 0


def test_usr1_has_no_deadline(box):
    lbd, a = box.serve("a", top={"global": {"shutdown_timeout": "200ms"}})
    with Client(lbd.port) as client:
        client.send(build_request(target="/?delay=1000"))
        wait_for(lambda: a.requests() == 1)
        lbd.signal(signal.SIGUSR1)
        assert client.response().status == 200
    assert lbd.wait() == 0


def test_shutdown_timeout_ends_what_hangs(box):
    lbd, a = box.serve("a", top={"global": {"shutdown_timeout": "300ms"}})
    with Client(lbd.port) as client:
        client.send(build_request(target="/?hang=1"))
        wait_for(lambda: a.requests() == 1)
        start = time.monotonic()
        lbd.signal(signal.SIGTERM)
        assert lbd.wait() == 0
        took(start, 3, least=0.2)


def test_a_second_term_stops_at_once(box):
    lbd, a = box.serve("a", top={"global": {"shutdown_timeout": "30s"}})
    with Client(lbd.port) as client:
        client.send(build_request(target="/?hang=1"))
        wait_for(lambda: a.requests() == 1)
        lbd.signal(signal.SIGTERM)
        time.sleep(0.2)
        assert lbd.running
        lbd.signal(signal.SIGTERM)
        assert lbd.wait(3) == 0


def test_the_socket_file_is_removed(box):
    import os
    lbd, _ = box.serve("a")
    assert os.path.exists(lbd.stats_path)
    assert lbd.stop() == 0
    assert not os.path.exists(lbd.stats_path)


def test_a_stale_socket_file_does_not_stop_the_start(box):
    config = box.config({"a": box.origin()})
    lbd = box.lbd(config)
    lbd.kill()
    lbd.checked = True
    again = box.lbd(config)
    assert again.cli("show version").startswith("2.6.0-lbd")


def test_pipe_is_ignored_and_the_clock_may_stand_still(box):
    from lbdtest import http
    lbd, _ = box.serve("a")
    lbd.signal(signal.SIGPIPE)
    with Client(lbd.port) as client:
        assert client.request().status == 200
        lbd.pause()
        time.sleep(1)
        lbd.resume()
        assert client.request().status == 200
    assert http(lbd.port).status == 200


def test_the_deadline_ends_pipelined_requests_too(box):
    lbd, a = box.serve("a", top={"global": {"shutdown_timeout": "300ms", "threads": 1}})
    with Client(lbd.port) as client:
        client.send(build_request(target="/?hang=1") * 3)
        wait_for(lambda: a.requests() == 1)
        lbd.signal(signal.SIGTERM)
        assert client.response().status == 503
        assert client.closed()
    assert lbd.wait(3) == 0
    assert a.requests() == 1


def test_sessions_of_every_state_end(box):
    lbd, a = box.serve("a", top={"global": {"shutdown_timeout": "500ms"}})
    clients = [Client(lbd.port) for _ in range(6)]
    clients[1].send(b"GET / HT")
    assert clients[2].request().status == 200
    clients[3].send(build_request("POST", "/_len", {"Content-Length": "100"}))
    assert clients[4].request(headers={"Connection": "close"}).status == 200
    clients[5].request(target="/_upgrade", headers={"Connection": "upgrade", "Upgrade": "websocket"})
    start = time.monotonic()
    lbd.signal(signal.SIGTERM)
    assert lbd.wait() == 0
    took(start, 3)
    for client in clients:
        client.close()
