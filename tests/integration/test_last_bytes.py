"""What was answered arrives, whatever the client did with its own direction meanwhile."""
import time

import pytest
from lbdtest import Client, build_request, http, pattern, wait_for


@pytest.mark.parametrize("before", [0, 0.8])
@pytest.mark.parametrize("headers", [{}, {"Connection": "close"}])
def test_a_half_close_in_the_turn_of_the_answer(box, headers, before):
    lbd, a = box.serve("a", top={"global": {"threads": 1}})
    with Client(lbd.port) as client:
        client.send(build_request(target="/?delay=500", headers=headers))
        wait_for(lambda: a.requests() == 1)
        lbd.pause()
        time.sleep(before)
        client.half_close()
        time.sleep(0.8)
        lbd.resume()
        assert client.response().text == "a\n"
        assert client.closed()


def test_pipelined_requests_before_a_half_close_are_answered(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        client.send(build_request(target="/?delay=100&body=1") + build_request(target="/?body=2"))
        client.send(build_request(target="/?body=3")).half_close()
        assert [len(client.response().body) for _ in range(3)] == [1, 2, 3]
        assert client.closed()


def test_a_tunnel_ends_when_the_server_has_taken_everything(box):
    size, got = 3_000_000, []

    def script(client, _number):
        client.half_close()
        time.sleep(0.5)
        while len(got) < 1 or got[-1]:
            got.append(len(client.socket.recv(4096)))
    scripted = box.scripted(script)
    lbd = box.lbd(box.config({"s": scripted}, top={"defaults": {"mode": "tcp"}}))
    with Client(lbd.port) as client:
        assert client.closed()
        data = pattern(size)
        for at in range(0, size, 5000):
            client.send(data[at:at + 5000])
        client.half_close()
        wait_for(lambda: got and got[-1] == 0)
    assert sum(got) == size and scripted.errors == []


def test_a_reset_by_the_server_of_a_tunnel_is_no_clean_end(box):
    def script(client, _number):
        client.send(b"half")
        client.until(b"\n")
        client.reset()
    lbd = box.lbd(box.config({"s": box.scripted(script)}, top={"defaults": {"mode": "tcp"}}))
    with Client(lbd.port) as client:
        assert client.need(4) == b"half"
        client.send(b"go\n")
        with pytest.raises(ConnectionResetError):
            client.rest()


def test_the_body_of_a_request_is_never_read_twice(box):
    def script(client, _number):
        client.until(b"\r\n\r\n")
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        client.until(b"\r\n\r\n")
    scripted = box.scripted(script)
    lbd = box.lbd(box.config({"s": scripted}, top={"global": {"threads": 1}}))
    with Client(lbd.port, timeout=3) as client:
        assert client.request().status == 200
        # The server leaves without an answer; nothing of the empty body can be read again for another one, and so the
        # client is left to repeat it.
        client.send(build_request("PUT", chunks=[]))
        assert client.rest() == b""


def test_a_client_that_takes_nothing_has_no_further_request_served(box):
    lbd, a = box.serve("a", top={"defaults": {"timeouts": {"client": "300ms", "keep_alive": "3s", "client_fin": "300ms"}}})
    clients = []
    # The sizes go around what both kernels hold, so that some answer is complete here but not taken.
    for size in range(1_500_000, 6_000_000, 45_000):
        client = Client(lbd.port)
        client.send(build_request(target=f"/?body={size}") + build_request("POST", target="/_len", body=b"x"))
        clients.append(client)

    def given_up():
        return int(lbd.stat("app", "BACKEND")["cli_abrt"])

    # Either both requests were served, or the client was given up in the first answer.
    wait_for(lambda: a.requests() + given_up() >= 2 * len(clients), 30, what="every client's end")
    wait_for(lambda: lbd.stat("app", "BACKEND")["scur"] == "0", 30, what="the last exchange")
    # One size may be such that the first answer just fits, and the client is given up in the second.
    assert given_up() > 0 and a.requests() + given_up() - 2 * len(clients) <= 1
    for client in clients:
        client.close()
    assert http(lbd.port).status == 200


def test_a_pipelining_client_that_does_not_read_costs_little(box):
    lbd = box.lbd(box.config({"dead": f"127.0.0.1:{box.dead_port()}"}, backend={"retry": {"connect_for": 0}}))
    sent = 0
    block = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 4000
    with Client(lbd.port, timeout=1.0) as client:
        try:
            while sent < 60_000_000:
                sent += client.socket.send(block)
        except TimeoutError:
            pass
        # It is not read any more, so nothing grows.
        assert sent < 30_000_000
        # And it goes on when the client reads.
        client.socket.settimeout(10)
        assert [client.response().status for _ in range(5000)] == [503] * 5000
