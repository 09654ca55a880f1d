"""What must not be sent twice goes out only on a connection that there is reason to trust, and where that was not enough
the client is left to repeat it."""
import socket
import time

import pytest
from lbdtest import Client, Failure, build_request, http, wait_for

ONE = {"global": {"threads": 1}}
OK = "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}"


class Server:
    """Answers with the number of the connection. last: asked with the request's head whether FIN comes with the answer.
    behind: called with the connection behind each answer; True ends it. head: more lines of each answer."""

    def __init__(self, box, behind=None, head="", last=None):
        self.behind, self.head, self.last = behind, head, last
        self.scripted = box.scripted(self.run)
        self.address = self.scripted.address

    @property
    def connections(self):
        return self.scripted.connections

    def run(self, client, number):
        while True:
            try:
                head = client.until(b"\r\n\r\n").decode()
            except (OSError, Failure):
                return
            if "Content-Length: " in head:
                client.need(int(head.split("Content-Length: ")[1].split("\r\n")[0]))
            text = str(number)
            answer = OK.format(len(text), self.head, text)
            if head.startswith("HEAD"):
                answer = "HTTP/1.1 200 OK\r\n\r\n"
            if self.last and self.last(head):
                # One segment.
                client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
                client.send(answer.encode())
                client.half_close()
                return
            client.send(answer.encode())
            if self.behind and self.behind(client):
                return


def daemon(box, server, **backend):
    return box.lbd(box.config({"s": server}, {"access_log": {"format": "httplog", "target": "stdout"}},
                              backend=backend, top=ONE))


def idle(lbd):
    return int(lbd.stat("app", "s")["srv_icur"])


def ends(lbd):
    return {row["reason"]: int(row["count"]) for row in lbd.table("show reasons web") if row["count"] != "0"}


@pytest.mark.parametrize("first", ["GET", "HEAD"])
def test_a_pipelined_post_behind_an_answer_with_a_fin(box, first):
    lbd = daemon(box, Server(box, last=lambda head: head.startswith(first)))
    for _ in range(20):
        with Client(lbd.port) as client:
            client.send(build_request(first) + build_request("POST", body=b"x"))
            assert client.response(first).status == 200
            assert client.response().status == 200


FIRST = [("POST", b"x", {}, True), ("POST", None, {}, True), ("PATCH", b"", {}, True), ("PUT", b"x", {}, True),
         ("GET", None, {}, False), ("DELETE", None, {}, False),
         ("POST", b"x", {"methods": ["POST"]}, False), ("POST", None, {"methods": ["POST"]}, False),
         ("POST", b"xx", {"methods": ["POST"], "body": 1}, True), ("POST", b"x", {"methods": ["POST"], "attempts": 1}, True)]


@pytest.mark.parametrize("method,body,retry,fresh", FIRST)
def test_the_first_request_of_a_client_that_must_not_be_repeated_gets_a_new_connection(box, method, body, retry, fresh):
    lbd = daemon(box, Server(box), retry=retry)
    assert http(lbd.port).text == "1"
    with Client(lbd.port) as client:
        first = client.request(method, body=body).text
        assert first == ("2" if fresh else "1")
        # A later one takes what is idle, and any client may have it for what can be repeated.
        assert client.request(method, body=body).text == first
    assert http(lbd.port).text == first


def test_a_chunked_body_may_be_longer_than_what_is_kept(box):
    lbd = daemon(box, Server(box), retry={"methods": ["GET"]})
    assert http(lbd.port).text == "1"
    with Client(lbd.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert client.response().text == "2"


def test_behind_a_head_without_a_length(box):
    lbd = daemon(box, Server(box))
    with Client(lbd.port) as client:
        assert client.request("HEAD").status == 200
        time.sleep(0.05)
        assert client.request("POST", body=b"x").text == "2"
        # What is in doubt is the last to be taken by others; its next answer ends the doubt.
        assert client.request().text == "2"
    together = [Client(lbd.port) for _ in range(2)]
    lbd.pause()
    for client in together:
        client.send(build_request())
    lbd.resume()
    assert {client.response().text for client in together} == {"1", "2"}


def test_behind_an_early_answer(box):
    took = []

    def script(client, number):
        head = client.until(b"\r\n\r\n")
        if head.startswith(b"PUT"):
            client.need(5)
            client.send(OK.format(1, "", "").encode())
            took.append(client.need(5))
            client.send(b"%d" % number)
        else:
            client.send(OK.format(1, "Connection: close\r\n", number).encode())
            return
        client.until(b"\r\n\r\nx")
        client.send(OK.format(1, "", number).encode())
        client.rest()
    lbd = daemon(box, box.scripted(script))
    with Client(lbd.port) as one, Client(lbd.port) as two:
        assert one.request().text == "1"
        two.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabcde")
        assert two.read_head().status == 200
        two.send(b"fghij")
        assert two.rest() == b"2"
        wait_for(lambda: idle(lbd) == 1)
        assert one.request("POST", body=b"x").text == "3"
    assert took == [b"fghij"]


@pytest.mark.parametrize("seconds,fresh", [(1, True), (60, False)])
def test_half_of_the_time_that_keep_alive_announced(box, seconds, fresh):
    lbd = daemon(box, Server(box, head=f"Keep-Alive: timeout={seconds}, max=100\r\n"))
    with Client(lbd.port) as client:
        assert client.request().text == "1"
        time.sleep(0.6)
        assert client.request("POST", body=b"x").text == ("2" if fresh else "1")
        assert client.request().text == ("2" if fresh else "1")


@pytest.mark.parametrize("closes", [True, False])
def test_the_time_after_which_a_server_was_seen_to_close(box, closes):
    left = []

    def behind(_client):
        if closes and not left:
            left.append(True)
            time.sleep(0.3)
            return True
        return False
    lbd = daemon(box, Server(box, behind))
    with Client(lbd.port) as client:
        assert client.request().text == "1"
        wait_for(lambda: idle(lbd) == (not closes))
        first = client.request().text
        assert first == ("2" if closes else "1")
        time.sleep(0.5)
        assert client.request("POST", body=b"x").text == ("3" if closes else "1")


def lost(box, **backend):
    """The second request on a connection is read, and the connection ends without an answer."""
    count = []

    def behind(client):
        if count:
            return False
        count.append(True)
        client.until(b"\r\n\r\nx")
        return True
    server = Server(box, behind)
    return daemon(box, server, **backend), server


@pytest.mark.parametrize("reuse", ["never", "safe", "always"])
def test_a_request_that_is_lost_is_left_to_a_client_that_may_repeat_it(box, reuse):
    lbd, server = lost(box, pool={"reuse": reuse})
    with Client(lbd.port) as client:
        assert client.request().text == "1"
        wait_for(lambda: idle(lbd) == 1)
        client.send(build_request("POST", target="/left", body=b"x"))
        assert client.rest() == b""
    with Client(lbd.port) as client:
        assert client.request("POST", body=b"x").text == "2"
    assert server.connections == 2
    assert ends(lbd) == {"left_to_client": 1}
    front, back, row = lbd.stat("web", "FRONTEND"), lbd.stat("app", "BACKEND"), lbd.stat("app", "s")
    for who in (front, back, row):
        assert (who["hrsp_2xx"], who["hrsp_5xx"], who["hrsp_other"]) == ("2", "0", "1")
    assert (front["req_tot"], back["req_tot"]) == ("3", "3")
    # The server did nothing that a server must not do.
    assert (back["eresp"], row["eresp"]) == ("0", "0")
    line = wait_for(lambda: [line for line in lbd.out.splitlines() if "/left" in line])
    assert " -1 0 - - SH-- " in line[0], line


def test_the_first_request_of_its_client_is_answered(box):
    lbd, _ = lost(box, pool={"reuse": "always"})
    assert http(lbd.port).text == "1"
    wait_for(lambda: idle(lbd) == 1)
    assert http(lbd.port, "POST", body=b"x").status == 502
    assert ends(lbd) == {"stale_upstream": 1}
    assert lbd.stat("app", "s")["eresp"] == "0"


@pytest.mark.parametrize("answer", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_server_that_had_begun_to_answer_has_failed(box, answer):
    count = []

    def behind(client):
        if not count:
            count.append(True)
            client.until(b"\r\n\r\nx")
            client.send(answer)
        return True
    lbd = daemon(box, Server(box, behind), pool={"reuse": "always"})
    with Client(lbd.port) as client:
        assert client.request().text == "1"
        assert client.request("POST", body=b"x").status == 502
    assert set(ends(lbd)) == {"server_closed"}
