"""disable frontend: no new connection is taken, those that are open go on, enable takes what waited."""
import socket

import pytest
from lbdtest import Client, build_request, http


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
