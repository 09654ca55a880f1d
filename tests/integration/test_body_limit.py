"""limits.body: a request body above it is refused with 413, before any server is asked when its length is announced."""
import pytest
from attempts import Logged, Plan, answer, read_body, silent
from lbdtest import Client, build_request, http, pattern, wait_for

LIMIT = {"limits": {"body": 1000}}


def test_body_above_the_limit(box):
    lbd, a = box.serve("a", frontend=LIMIT)
    assert http(lbd.port, "POST", "/_len", body=b"x" * 1001).status == 413
    assert http(lbd.port, "POST", "/_len", body=b"x" * 1000).status == 200
    assert a.requests() == 1


def test_an_announced_length_is_refused_at_once(box):
    plan = Plan(box, "a", answer())
    log = Logged(box, plan.servers, LIMIT)
    with Client(log.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n")
        response = client.response()
        assert (response.status, response.get("Connection")) == (413, "close")
        assert b"body_too_large" in response.body
        assert client.closed()
    assert plan.scripted["a"].connections == 0
    assert log.end() == (413, "body_too_large", "PR", 0)
    assert log.lbd.stat("web", "FRONTEND")["dreq"] == "1" and log.lbd.stat("app", "BACKEND")["req_tot"] == "0"


@pytest.mark.parametrize("sizes", [[1000], [500, 500], [1] * 1000])
def test_chunks_up_to_the_limit_pass(box, sizes):
    plan = Plan(box, "a", answer())
    log = Logged(box, plan.servers, LIMIT)
    with Client(log.port) as client:
        chunks = [b"y" * size for size in sizes]
        assert client.request("POST", chunks=chunks).status == 200
        assert client.request("POST", chunks=chunks).status == 200
    assert [len(seen.body) for seen in plan.seen] == [1000] * 2


@pytest.mark.parametrize("sizes", [[1001], [500, 501], [1] * 1001, [100_000]])
def test_chunks_above_it_are_413_and_the_servers_request_is_cut(box, sizes):
    cut = []

    def watch(connection, seen):
        try:
            read_body(connection, seen)
            cut.append("whole")
        except Exception as error:  # whatever says that the stream ended too early
            cut.append(repr(error))
    plan = Plan(box, "a", watch)
    log = Logged(box, plan.servers, LIMIT)
    with Client(log.port) as client:
        client.send(build_request("POST", chunks=[b"y" * size for size in sizes]))
        response = client.response()
        assert (response.status, response.get("Connection")) == (413, "close")
        assert client.closed()
    wait_for(lambda: len(cut) == len(plan.seen))
    assert "whole" not in cut
    assert log.end() == (413, "body_too_large", "PH", 0)


def test_above_it_after_the_answer_began_the_connection_ends(box):
    def early(connection, _seen):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.rest()
    plan = Plan(box, "a", early)
    log = Logged(box, plan.servers, LIMIT)
    with Client(log.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        assert client.read_head().status == 200
        client.send(b"7d0\r\n" + b"y" * 2000)
        assert client.rest() == b"half"
    assert log.end()[:3] == (200, "body_too_large", "PD")


def test_no_second_attempt_gets_more_than_the_limit(box):
    plan = Plan(box, "ab", silent, answer())
    log = Logged(box, plan.servers, LIMIT,
                 {"retry": {"methods": ["POST"], "on": ["timeout"]}, "timeouts": {"server": "300ms"}})
    assert http(log.port, "POST", chunks=[pattern(1000)]).status == 200
    assert [seen.body for seen in plan.seen] == [pattern(1000)] * 2


def test_the_next_request_on_the_connection_is_not_what_was_refused(box):
    plan = Plan(box, "a", answer())
    log = Logged(box, plan.servers, LIMIT)
    inner = build_request(target="/smuggled")
    with Client(log.port) as client:
        client.send(build_request("POST", body=inner + b"z" * 2000))
        assert client.response().status == 413
        client.rest()
    assert plan.seen == []
