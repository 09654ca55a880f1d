"""How long a tunnel may be idle, of TCP mode and behind a 101: whose timeout runs, and how its end is told."""
import time

import pytest
from attempts import Logged
from lbdtest import Client, build_request, took, wait_for

TIMEOUTS = {"client_fin": "100ms", "client": "400ms", "server": "800ms", "tunnel": "1300ms"}
RANGES = {"client_fin": (0.05, 0.38), "client": (0.35, 0.78), "server": (0.75, 1.28), "tunnel": (1.25, 2.5)}
HTTP_MODE, TCP_MODE = "http", "tcp"


def puppet(mode):
    """Does what the client says: s: says something; f: FIN. At the end of what the client sends it waits."""
    def script(connection, _number):
        if mode == HTTP_MODE:
            connection.until(b"\r\n\r\n")
            connection.send(b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        while data := connection.socket.recv(100):
            if b"s" in data:
                connection.send(b"r")
            if b"f" in data:
                connection.half_close()
        time.sleep(3)
    return script


def serve(box, mode, timeouts, backend=None, script=None):
    top = {"defaults": {"mode": mode, "timeouts": timeouts}}
    return Logged(box, {"s": box.scripted(script or puppet(mode))}, backend=backend, top=top)


def connect(log, mode):
    client = Client(log.port)
    if mode == HTTP_MODE:
        client.send(build_request(headers={"Connection": "upgrade", "Upgrade": "websocket"}))
        assert client.response().status == 101
    return client


def nothing(_client):
    pass


def asks(client):
    client.send(b"q")


def speak(client):
    client.send(b"s").need(1)


def speak_and_end(client):
    client.send(b"s").need(1)
    client.half_close()


def ask_and_end(client):
    client.send(b"q").half_close()


def server_ends(client):
    client.send(b"sf").need(1)
    assert not client.more()


CASES = [
    # mode, what happens, the timeout that runs then, and how its end is told
    (TCP_MODE, nothing, "client", "client_timeout", "cD"),
    (TCP_MODE, asks, "server", "server_timeout", "sD"),
    (TCP_MODE, speak, "tunnel", "tunnel_timeout", "cD"),
    (TCP_MODE, speak_and_end, "server", "tunnel_server_timeout", "sD"),
    (TCP_MODE, ask_and_end, "server", "tunnel_server_timeout", "sD"),
    (TCP_MODE, server_ends, "client_fin", "client_timeout", "cD"),
    (HTTP_MODE, nothing, "tunnel", "tunnel_timeout", "cD"),
    (HTTP_MODE, asks, "tunnel", "tunnel_timeout", "cD"),
    (HTTP_MODE, speak, "tunnel", "tunnel_timeout", "cD"),
    (HTTP_MODE, speak_and_end, "server", "tunnel_server_timeout", "sD"),
    (HTTP_MODE, server_ends, "client_fin", "client_timeout", "cD"),
]


def ends(log, timeout):
    start, (least, most) = time.monotonic(), RANGES[timeout]
    row = log.rows()[0]
    took(start, most, least)
    return row["reason"], row["termination"]


@pytest.mark.parametrize("mode,act,timeout,reason,termination", CASES, ids=lambda value: getattr(value, "__name__", value))
def test_which_one_runs(box, mode, act, timeout, reason, termination):
    log = serve(box, mode, TIMEOUTS)
    with connect(log, mode) as client:
        act(client)
        assert ends(log, timeout) == (reason, termination)
    assert log.lbd.stat("app", "s")["eresp"] == ("1" if reason == "server_timeout" else "0")


@pytest.mark.parametrize("mode,act", [(TCP_MODE, nothing), (TCP_MODE, asks), (TCP_MODE, speak_and_end)],
                         ids=lambda value: getattr(value, "__name__", value))
def test_none_is_longer_than_the_tunnels(box, mode, act):
    log = serve(box, mode, {"client": "10s", "server": 0, "client_fin": 0, "tunnel": "400ms"})
    with connect(log, mode) as client:
        act(client)
        assert ends(log, "client") == ("tunnel_timeout", "cD")


@pytest.mark.parametrize("mode", [TCP_MODE, HTTP_MODE])
@pytest.mark.parametrize("where", ["frontend", "backend"])
def test_the_shorter_one_of_frontend_and_backend(box, mode, where):
    top = {"defaults": {"mode": mode}}
    shorter = {"timeouts": {"tunnel": "400ms"}}
    log = Logged(box, {"s": box.scripted(puppet(mode))}, shorter if where == "frontend" else None,
                 shorter if where == "backend" else None, top)
    with connect(log, mode) as client:
        speak(client)
        assert ends(log, "client") == ("tunnel_timeout", "cD")


@pytest.mark.parametrize("mode", [TCP_MODE, HTTP_MODE])
def test_either_direction_keeps_it_open(box, mode):
    def talk(connection, _number):
        if mode == HTTP_MODE:
            connection.until(b"\r\n\r\n")
            connection.send(b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        for _ in range(5):
            time.sleep(0.25)
            connection.send(b"r")
        connection.rest()
    short = {"client": "100ms", "server": "100ms", "tunnel": "500ms"}
    if mode == TCP_MODE:
        short |= {"client": "500ms", "server": "500ms"}
    log = serve(box, mode, short, script=talk)
    with connect(log, mode) as client:
        client.send(b"q").need(5)
        for _ in range(5):
            time.sleep(0.25)
            client.send(b"q")
        assert ends(log, "client") == ("tunnel_timeout", "cD")


@pytest.mark.parametrize("mode", [TCP_MODE, HTTP_MODE])
def test_a_server_that_takes_nothing(box, mode):
    def deaf(connection, _number):
        if mode == HTTP_MODE:
            connection.until(b"\r\n\r\n")
            connection.send(b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        connection.send(b"r")
        time.sleep(4)
    log = serve(box, mode, {"client": "100ms", "server": "100ms", "tunnel": "500ms"}, script=deaf)
    with connect(log, mode) as client:
        client.need(1)
        client.socket.setblocking(False)

        def stuffed():
            try:
                client.socket.send(b"x" * 65536)
            except BlockingIOError:
                pass
            except OSError:
                return True
            return log.path.exists() and log.path.read_text()
        wait_for(stuffed, 5)
        assert log.end()[1:3] == ("tunnel_server_timeout", "sD")
