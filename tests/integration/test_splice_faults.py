"""Large bodies that are spliced, when one side is slow, stops, goes away, or there are many of them."""
import concurrent.futures
import hashlib
import resource
import select
import signal
import socket
import threading
import time

import pytest
from attempts import Logged
from lbdtest import Client, build_request, curl, http, pattern, took, wait_for
from spliced import pipes

MB = 1_000_000
SIZE = 30 * MB
BODY = pattern(SIZE)
ONE = {"global": {"threads": 1}}
TCP = {"defaults": {"mode": "tcp"}, **ONE}


def md5(data):
    return hashlib.md5(data).hexdigest()


class Narrow(Client):
    """Little room to receive, so that most of a body waits on the way."""

    def __init__(self, port, room=65536):
        self.timeout, self.buffer, self.received = 30.0, b"", 0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.socket.settimeout(self.timeout)
        self.socket.connect(("127.0.0.1", port))


class Receiver:
    """A server of TCP that waits for go() before it reads, and then reads all, or resets."""

    def __init__(self, box, answer=b""):
        self.go, self.got, self.ended, self.connected = threading.Event(), b"", threading.Event(), threading.Event()

        def script(client, _number):
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            self.connected.set()
            self.go.wait(30)
            self.got = client.rest()
            client.send(answer)
            self.ended.set()
        self.server = box.scripted(script)


def begun(box, frontend=None, room=65536):
    """A download that stands still, with bytes in a pipe: (the log, the client, head and body so far)."""
    log = Logged(box, {"a": box.origin("a")}, frontend, top=ONE)
    client = Narrow(log.port, room)
    client.send(build_request(target=f"/?body={SIZE}"))
    head = client.read_head()
    assert head.status == 200
    wait_for(lambda: pipes(log.lbd) == 2)
    return log, client


def test_a_reader_that_stops_for_a_second_and_goes_on(box):
    log, client = begun(box)
    with client:
        time.sleep(0.2)
        cpu = log.lbd.cpu()
        time.sleep(1)
        assert log.lbd.cpu() - cpu < 0.1, "it must not spin"
        assert http(log.port).status == 200
        assert md5(client.need(SIZE)) == md5(BODY)
        assert client.request().status == 200, "the connection is still in order"
    assert {row["reason"] for row in log.rows(3)} == {"-"}


def test_a_server_that_stops_for_a_second_and_goes_on(box):
    receiver = Receiver(box, b"thanks")
    lbd = box.lbd(box.config({"s": receiver.server}, top=TCP))
    with Client(lbd.port, timeout=60) as client:
        writer = threading.Thread(target=lambda: (client.send(BODY), client.half_close()))
        writer.start()
        wait_for(lambda: pipes(lbd) == 2)
        time.sleep(0.2)
        cpu = lbd.cpu()
        time.sleep(1)
        assert lbd.cpu() - cpu < 0.1, "it must not spin"
        receiver.go.set()
        assert client.rest() == b"thanks"
        writer.join()
    assert md5(receiver.got) == md5(BODY)
    wait_for(lambda: lbd.stat("app", "s")["scur"] == "0")
    rows = [lbd.stat("web", "FRONTEND"), lbd.stat("app", "BACKEND"), lbd.stat("app", "s")]
    assert [(int(row["bin"]), int(row["bout"])) for row in rows] == [(SIZE, 6)] * 3


def test_a_slow_reader_is_not_cut_while_it_reads(box):
    """What it takes shows only in the kernel: bytes in the pipe do not go out for longer than its timeout."""
    log, client = begun(box, {"timeouts": {"client": "400ms"}}, 8192)
    with client:
        got = b""
        end = time.monotonic() + 2
        while time.monotonic() < end:
            got += client.need(2000)
            time.sleep(0.02)
        assert md5(got + client.need(SIZE - len(got))) == md5(BODY)
    assert log.end() == (200, "-", "--", 0)


def test_a_reader_that_stops_for_good_is_cut(box):
    log, client = begun(box, {"timeouts": {"client": "400ms"}})
    with client:
        log.lines()
        assert log.end() == (200, "client_timeout", "cD", 0)
        wait_for(lambda: pipes(log.lbd) == 0)


def test_a_reader_that_resets(box):
    log, client = begun(box)
    client.reset()
    assert log.end() == (200, "client_closed", "CD", 0)
    wait_for(lambda: pipes(log.lbd) == 0)
    assert http(log.port).status == 200
    wait_for(lambda: log.lbd.stat("app", "a")["scur"] == "0")


def test_a_server_that_resets_in_an_upload(box):
    resetting = threading.Event()

    def script(client, number):
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.until(b"\r\n\r\n")
        resetting.wait(20)
        client.reset()
    log = Logged(box, {"s": box.scripted(script)}, top=ONE)
    with Client(log.port) as client:
        client.send(build_request("POST", headers={"Content-Length": SIZE}))
        client.socket.setblocking(False)
        sent, end = 0, time.monotonic() + 2
        while time.monotonic() < end and pipes(log.lbd) < 2:
            try:
                sent += client.socket.send(BODY[sent:sent + MB])
            except BlockingIOError:
                time.sleep(0.01)
        assert pipes(log.lbd) == 2
        resetting.set()
        client.socket.settimeout(10)
        assert client.response().status == 502
    assert log.end()[:3] == (502, "server_closed", "SH")
    wait_for(lambda: pipes(log.lbd) == 0)


@pytest.mark.parametrize("how", ["cut", "reset"])
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_server_that_ends_short(box, how, version):
    """Content-Length to both clients: each must see that something is missing."""
    log = Logged(box, {"a": box.origin("a", **{how: 10 * MB})}, top=ONE)
    with Client(log.port) as client:
        client.send(f"GET /?body={SIZE} HTTP/{version}\r\nHost: a\r\n\r\n".encode())
        assert client.read_head().get("Content-Length") == str(SIZE)
        try:
            rest = client.rest()
        except ConnectionResetError:
            rest = b""
        assert len(rest) <= 10 * MB and BODY.startswith(rest[:MB])
    assert log.end() == (200, "server_closed", "SD", 0)


def test_a_reset_is_not_the_end_of_a_body_until_close(box):
    log = Logged(box, {"a": box.origin("a", reset=10 * MB)}, top=ONE)
    with Client(log.port) as client:
        client.send(f"GET /?body={SIZE}&until_close=1 HTTP/1.0\r\nHost: a\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            client.rest()
    assert log.end() == (200, "server_closed", "SD", 0)


def test_a_client_that_ends_short(box):
    log = Logged(box, {"a": box.origin("a")}, top=ONE)
    with Client(log.port) as client:
        client.send(build_request("POST", target="/_len", headers={"Content-Length": SIZE}))
        client.send(BODY[:10 * MB]).half_close()
        client.rest()
    status, reason, termination, _ = log.end()
    assert (reason, termination[0]) == ("client_closed", "C"), (status, reason, termination)


def test_two_hundred_blocked_readers_are_more_than_there_are_pipes(box):
    """The rest is copied; all get everything, and then there are as many descriptors as before."""
    size = 8 * MB
    lbd, _ = box.serve("a", top=ONE, frontend={"timeouts": {"client": "60s"}})
    assert http(lbd.port, target=f"/?body={size}").status == 200
    wait_for(lambda: pipes(lbd) == 0)
    before = len(lbd.held_fds())
    clients = [Narrow(lbd.port) for _ in range(200)]
    for client in clients:
        client.send(build_request(target=f"/?body={size}", headers={"Connection": "close"}))
    wait_for(lambda: pipes(lbd) == 128, what="all 64 pipes to be in use")
    assert http(lbd.port).status == 200

    def read(client):
        client.read_head()
        return md5(client.need(size))
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert set(pool.map(read, clients)) == {md5(pattern(size))}
    for client in clients:
        client.close()
    wait_for(lambda: pipes(lbd) == 0 and len(lbd.held_fds()) <= before)
    row = lbd.stat("web", "FRONTEND")
    assert int(row["bout"]) > 201 * size and row["econ"] in ("", "0")


def test_blocked_readers_that_all_go_away_leave_nothing(box):
    lbd, _ = box.serve("a", top=ONE)
    assert http(lbd.port).status == 200
    before = len(lbd.held_fds())
    clients = [Narrow(lbd.port) for _ in range(100)]
    for client in clients:
        client.send(build_request(target=f"/?body={SIZE}"))
    wait_for(lambda: pipes(lbd) == 128)
    for number, client in enumerate(clients):
        if number % 2:
            client.reset()
        else:
            client.close()
    wait_for(lambda: pipes(lbd) == 0 and len(lbd.held_fds()) <= before)
    wait_for(lambda: lbd.stat("app", "a")["scur"] == "0")


def test_without_descriptors_bodies_are_copied(box):
    lbd, _ = box.serve("a", top=ONE)
    with Client(lbd.port, timeout=30) as client:
        assert client.request().status == 200
        # What listener and upstream may keep back is not what a pipe gets.
        limit = max(lbd.fds()) + 1
        resource.prlimit(lbd.pid, resource.RLIMIT_NOFILE, (limit, 20000))
        response = client.request(target=f"/?body={SIZE}")
        assert md5(response.body) == md5(BODY)
        assert pipes(lbd) == 0
        resource.prlimit(lbd.pid, resource.RLIMIT_NOFILE, (20000, 20000))
        time.sleep(1.1)
        assert md5(client.request(target=f"/?body={SIZE}").body) == md5(BODY)
        assert pipes(lbd) == 2


def test_small_requests_have_their_turn_beside_large_bodies(box):
    """From a server of their own: the demo server finishes one answer before another while it is read fast enough."""
    small = {"frontends": {"small": {"bind": [f"127.0.0.1:{box.port()}"], "default_backend": "small"}},
             "backends": {"small": {"servers": {"b": {"address": box.origin("b").address}}}}}
    lbd, _ = box.serve("a", top={**ONE, **small})
    url = f"http://127.0.0.1:{lbd.ports['web']}/?body={1000 * MB}"
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        large = [pool.submit(curl, "-o", "/dev/null", url, timeout=90) for _ in range(4)]
        wait_for(lambda: pipes(lbd) > 0)
        took = []
        with Client(lbd.ports["small"]) as client:
            for _ in range(50):
                start = time.monotonic()
                assert client.request().status == 200
                took.append(time.monotonic() - start)
        assert not all(future.done() for future in large)
        assert [future.result() for future in large] == [(0, b"", "")] * 4
    assert sorted(took)[25] < 0.1, took


def test_a_graceful_stop_in_the_middle_loses_nothing(box):
    log, client = begun(box)
    with client:
        log.lbd.signal(signal.SIGTERM)
        time.sleep(0.3)
        assert log.lbd.running
        assert md5(client.need(SIZE)) == md5(BODY)
        assert client.closed()
    assert log.lbd.wait() == 0
    assert log.end() == (200, "-", "--", 0)


def test_a_stop_with_bytes_in_a_pipe_ends_in_time(box):
    config = {"global": {"threads": 1, "shutdown_timeout": "500ms"}}
    lbd, _ = box.serve("a", top=config)
    with Narrow(lbd.port) as client:
        client.send(build_request(target=f"/?body={SIZE}"))
        wait_for(lambda: pipes(lbd) == 2)
        start = time.monotonic()
        lbd.signal(signal.SIGTERM)
        assert lbd.wait() == 0
        took(start, 4, least=0.3)


def test_the_end_of_a_tunnel_waits_for_what_is_in_the_pipe(box):
    """The client sends much and ends; the server has answered and ended long before it reads."""
    receiver = Receiver(box)
    lbd = box.lbd(box.config({"s": receiver.server}, top={**TCP, "defaults": {"mode": "tcp", "timeouts": {"server": "20s"}}}))
    with Client(lbd.port, timeout=30) as client:
        writer = threading.Thread(target=lambda: (client.send(BODY), client.half_close()))
        writer.start()
        wait_for(lambda: pipes(lbd) == 2)
        receiver.go.set()
        writer.join()
        assert client.rest() == b""
    assert receiver.ended.wait(20) and md5(receiver.got) == md5(BODY)


def test_a_pipelined_request_behind_a_large_one(box):
    """Nothing of the next request goes with the body before it."""
    lbd, _ = box.serve("a", top=ONE)
    body = pattern(5 * MB)
    with Client(lbd.port, timeout=30) as client:
        wire = build_request("POST", "/_len", body=body) + build_request(target="/?body=3")
        writer = threading.Thread(target=lambda: client.send(wire * 3))
        writer.start()
        for _ in range(3):
            assert b'"length":5000000' in client.response().body.replace(b" ", b"")
            assert client.response().body == pattern(3)
        writer.join()
        assert not select.select([client.socket], [], [], 0.1)[0]
