"""What one client sends ahead is answered in shares: the others have their turn in between, and who does not read its
answers gets no more of them."""
import json
import select
import time

import pytest
from lbdtest import Client, build_request, pattern, wait_for

RULES = [{"path": "^/deny", "deny": 403}, {"path": "^/moved", "redirect": {"to": "/new", "status": 302}},
         {"path": "^/return", "return": {"status": 200, "body": "x" * 400}},
         {"path": "^/many", "rate_limit": {"rate": 1, "per": "1h", "key": "src"}}, {"path": "^/none", "backend": "none"}]
# A client in a burst, as the loop finds it: more requests than anybody gets through in one turn.
MANY = 2000


def daemon(box, **top):
    dead = {"none": {"servers": {"gone": {"address": f"unix:{box.path('nobody')}"}}, "retry": {"attempts": 1}}}
    return box.lbd(box.config({"a": box.origin("a")}, frontend={
        "rules": RULES, "access_log": {"format": "json", "target": str(box.path("access.log"))}}, top={
            "global": {"threads": 1}, "backends": dead, **top}))


def paths(box, count):
    """Of the requests, in the order in which they were done."""
    log = box.path("access.log")
    wait_for(lambda: log.exists() and log.read_text().count("\n") >= count, what=f"{count} lines")
    return [json.loads(line)["path"] for line in log.read_text().splitlines()]


@pytest.mark.parametrize("victim_first", [False, True])
@pytest.mark.parametrize("target", ["/deny", "/moved", "/return", "/many", "/none"])
def test_a_burst_does_not_hold_up_others(box, target, victim_first):
    lbd = daemon(box)
    burst, victim = Client(lbd.port), Client(lbd.port)
    for client in (burst, victim):
        client.request(target="/return")
    lbd.pause()
    # The events of one turn are served in either order.
    for client in (victim, burst) if victim_first else (burst, victim):
        client.send(build_request(target=target, host="x") * MANY if client is burst else build_request(target="/return/me"))
        time.sleep(0.05)
    lbd.resume()
    assert victim.response().status == 200
    for _ in range(MANY):
        burst.response()
    done = paths(box, MANY + 3)
    assert len(done) == MANY + 3
    assert done.index("/return/me") < 100


def test_the_rest_needs_no_new_bytes_and_no_spinning(box):
    lbd = daemon(box)
    with Client(lbd.port) as client:
        targets = [f"/return/{n}" for n in range(MANY)]
        client.send(b"".join(build_request(target=target, host="x") for target in targets))
        client.half_close()
        assert [client.response().status for _ in targets] == [200] * MANY
        assert client.closed()
        assert paths(box, MANY) == targets
    with Client(lbd.port) as client:
        client.send(build_request(target="/deny") * 100 + b"GET / HT")
        assert [client.response().status for _ in range(100)] == [403] * 100
        before = lbd.cpu()
        time.sleep(0.5)
        assert lbd.cpu() - before < 0.2
        client.send(b"TP/1.1\r\nHost: x\r\n\r\n")
        assert client.response().origin == "a"


def test_a_malformed_request_in_the_middle(box):
    lbd = daemon(box)
    with Client(lbd.port) as client:
        client.send(build_request(target="/deny") * 50 + b"GET  / HTTP/1.1\r\n\r\n" + build_request(target="/deny") * 50)
        assert [client.response().status for _ in range(51)] == [403] * 50 + [400]
        assert client.closed()


def test_who_is_in_the_middle_of_a_burst_is_stopped_and_killed(box):
    lbd = daemon(box)
    burst = Client(lbd.port)
    burst.send(build_request(target="/return") * MANY)
    lbd.signal(15)
    assert lbd.wait() == 0
    burst.close()


def drain(client):
    """What the kernel holds."""
    got = b""
    while select.select([client.socket], [], [], 0.2)[0]:
        data = client.socket.recv(1 << 20)
        if not data:
            break
        got += data
    return got


def counted(lbd, column):
    return int(lbd.stat("web", "FRONTEND")[column])


def settled(lbd, column):
    """The counter, once it stands still."""
    def still():
        before = counted(lbd, column)
        time.sleep(0.2)
        return before == counted(lbd, column)
    wait_for(still, 30)
    return counted(lbd, column)


@pytest.mark.parametrize("body", [0, 8000])
def test_who_does_not_read_gets_no_more_decided(box, body):
    rules = [{"path": "^/", "return": {"status": 200, "body": "x" * body}}]
    lbd = box.lbd(box.config({"a": f"127.0.0.1:{box.dead_port()}"}, frontend={"rules": rules}, top={"global": {"threads": 1}}))
    with Client(lbd.port) as client:
        client.socket.setblocking(False)
        request, sent = build_request(host="x"), 0

        def send():
            nonlocal sent
            try:
                while True:
                    at = sent % len(request)
                    sent += client.socket.send((request * 2000)[at:at + 60_000])
            except BlockingIOError:
                return True
        send()
        settled(lbd, "bout")
        send()
        decided, answered = settled(lbd, "req_tot"), counted(lbd, "bout")
        lbd.pause()
        kept = answered - len(drain(client))
        # A turn's output, and an answer that came on top.
        assert 0 < kept <= 16384 + 2 * (body + 200)
        assert decided < sent / len(request)
        lbd.resume()
        # It goes on as soon as it reads.
        client.socket.settimeout(10)
        assert client.need(max(1 << 20, kept)).count(b"HTTP/1.1 200") > 1


def test_tiny_chunks_are_joined(box):
    seen = []

    def script(client, _number):
        client.until(b"\r\n\r\n")
        raw = client.until(b"\r\n0\r\n\r\n")
        seen.append(raw)
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    lbd = box.lbd(box.config({"s": box.scripted(script)}, top={"global": {"threads": 1}}))
    body = pattern(30_000)
    with Client(lbd.port) as client:
        assert client.request("POST", chunks=[body[i:i + 1] for i in range(len(body))]).status == 200
    sizes, rest, joined = [], seen[0], b""
    while rest != b"0\r\n\r\n":
        size, rest = rest.split(b"\r\n", 1)
        size = int(size, 16)
        sizes.append(size)
        joined, rest = joined + rest[:size], rest[size + 2:]
    assert joined == body
    assert len(sizes) < len(body) / 20
