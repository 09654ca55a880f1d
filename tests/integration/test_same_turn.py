"""What happens between two looks of the loop: a stopped daemon finds it all at once, in either order."""
import pathlib
import threading
import time

import pytest
from lbdtest import Client, build_request, wait_for


def stopped(pid):
    """The signal is on its way for a while, thread by thread."""
    stats = pathlib.Path(f"/proc/{pid}/task").glob("*/stat")
    return all(stat.read_text().rsplit(")", 1)[1].split()[0] == "T" for stat in stats)


def stale(box, method, server_first, garbage=b""):
    leave, left = threading.Event(), threading.Event()

    def script(client, number):
        client.until(b"\r\n\r\n")
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)
        if number == 1:
            leave.wait(10)
            client.send(garbage)
            client.half_close()
            left.set()
            time.sleep(1)
        else:
            client.rest()
    scripted = box.scripted(script)
    lbd = box.lbd(box.config({"s": scripted}, top={"global": {"threads": 1}}))
    with Client(lbd.port) as client:
        assert client.request().text == "1"
        lbd.pause()
        wait_for(lambda: stopped(lbd.pid))
        request = build_request(method, body=b"x" if method == "POST" else None)
        if not server_first:
            client.send(request)
            time.sleep(0.1)
        leave.set()
        left.wait(10)
        time.sleep(0.1)
        if server_first:
            client.send(request)
        time.sleep(0.1)
        lbd.resume()
        return client.response()


@pytest.mark.parametrize("server_first", [False, True])
@pytest.mark.parametrize("garbage", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_idle_upstream_that_became_stale(box, method, server_first, garbage):
    response = stale(box, method, server_first, garbage)
    assert (response.status, response.text) == (200, "2")


def paused(lbd, *acts):
    """The daemon finds all that was done in one turn."""
    lbd.pause()
    wait_for(lambda: stopped(lbd.pid))
    for act in acts:
        act()
        time.sleep(0.1)
    lbd.resume()


@pytest.mark.parametrize("garbage", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"])
@pytest.mark.parametrize("server_first", [False, True])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_more_stale_upstreams_than_are_sent_to_at_once(box, method, server_first, garbage):
    """With LOOP_FLUSH_BATCH requests waiting, they leave before the turn ends. libev takes 64 events in a turn, and twice
    as many when it met so many; 200 clients make that 256, and 100 of their upstreams stay."""
    servers, everybody = [], threading.Barrier(200)

    def script(client, number):
        client.until(b"\r\n\r\n")
        servers.append(client)
        if number <= 200:
            everybody.wait(10)
        while True:
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n%s" % (b"old" if number <= 200 else b"new"))
            client.until(b"\r\n\r\n")

    def leave():
        for client in list(servers):
            try:
                if garbage:
                    client.socket.sendall(garbage)
                client.half_close()
            except OSError:
                pass  # this one was too many for the pool

    def ask(some, how):
        for client in some:
            client.send(build_request(how, body=b"x" if how == "POST" else None))
    scripted = box.scripted(script)
    lbd = box.lbd(box.config({"s": scripted}, backend={"pool": {"max_idle": 100}}, top={"global": {"threads": 1}}))
    clients = [Client(lbd.port) for _ in range(200)]
    for _ in range(2):
        paused(lbd, lambda: ask(clients, "GET"))
        assert {client.response().text for client in clients} <= {"old", "new"}
    some = clients[:100]
    acts = [leave, lambda: ask(some, method)]
    paused(lbd, *(acts if server_first else reversed(acts)))
    found = [(response.status, response.text) for response in map(Client.response, some)]
    assert found == [(200, "new")] * 100
    for client in clients:
        client.close()
    leave()


@pytest.mark.parametrize("garbage", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"])
def test_more_happened_than_one_turn_brings(box, garbage):
    """100 requests, and then the end of the 100 upstreams that they could use: the first turn of a loop that never met so
    much has 64 events, all of clients."""
    servers, everybody = [], threading.Barrier(100)

    def script(client, number):
        client.until(b"\r\n\r\n")
        servers.append(client)
        if number <= 100:
            everybody.wait(10)
        while True:
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n%s" % (b"old" if number <= 100 else b"new"))
            client.until(b"\r\n\r\n")

    def ask(how):
        for client in clients:
            client.send(build_request(how, body=b"x" if how == "POST" else None))

    def leave():
        for client in list(servers):
            if garbage:
                client.socket.sendall(garbage)
            client.half_close()
    lbd = box.lbd(box.config({"s": box.scripted(script)}, backend={"pool": {"max_idle": 100}},
                             top={"global": {"threads": 1}}))
    clients = [Client(lbd.port) for _ in range(100)]
    ask("GET")
    assert {client.response().text for client in clients} == {"old"}
    paused(lbd, lambda: ask("POST"), leave)
    found = [(response.status, response.text) for response in map(Client.response, clients)]
    assert found == [(200, "new")] * 100
    for client in clients:
        client.close()


def test_bytes_right_behind_a_switch_of_protocols(box):
    def script(client, _number):
        client.until(b"\r\n\r\n")
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.more()
        client.socket.settimeout(10)
        client.send(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nfrom server")
        assert client.need(30_011) == b"from client" + b"x" * 30_000
        client.send(b"bye")
    scripted = box.scripted(script)
    lbd = box.lbd(box.config({"s": scripted}))
    with Client(lbd.port) as client:
        client.send(build_request(headers={"Connection": "upgrade", "Upgrade": "websocket"}) + b"from client" + b"x" * 30_000)
        assert client.response().status == 101
        assert client.rest() == b"from serverbye"
    assert scripted.errors == []


@pytest.mark.parametrize("server_first", [False, True])
@pytest.mark.parametrize("reused", [False, True])
def test_an_early_answer_and_more_of_the_body(box, server_first, reused):
    """The head left long ago: the answer belongs to it, and a body is never sent as if it were a request."""
    taken, answer, answered = threading.Event(), threading.Event(), threading.Event()

    def script(client, number):
        if reused and number == 1:
            client.until(b"\r\n\r\n")
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
        client.until(b"\r\n\r\nabcde")
        taken.set()
        answer.wait(10)
        client.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nearly")
        answered.set()
        client.rest()
    scripted = box.scripted(script)
    lbd = box.lbd(box.config({"s": scripted}, top={"global": {"threads": 1}}))
    with Client(lbd.port) as client:
        if reused:
            assert client.request().text == "1"
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabcde")
        assert taken.wait(10)
        lbd.pause()
        wait_for(lambda: stopped(lbd.pid))
        for who in ("server", "client") if server_first else ("client", "server"):
            if who == "client":
                client.send(b"fghij")
            else:
                answer.set()
                answered.wait(10)
            time.sleep(0.1)
        lbd.resume()
        response = client.response()
        assert (response.status, response.text) == (413, "early")
    assert scripted.connections == 1
