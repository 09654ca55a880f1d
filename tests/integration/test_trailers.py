"""Trailers go on behind chunked bodies, both ways; not where the other side has no chunks, and not those that may not be
said."""
import pytest
from attempts import Plan, says
from lbdtest import Client

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
ANSWER = HEAD + b"Trailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\ngrpc-status:0\r\nSet-Cookie: a=b\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n%s\r\n5\r\nhello\r\n0\r\n%s\r\n"


def raw(act=None, then=OK):
    """A server that keeps the whole of what it got: seen.body ends with the trailers."""
    def read(connection, seen):
        seen.body = connection.until(b"0\r\n")
        while not seen.body.endswith(b"\r\n\r\n"):
            seen.body += connection.until(b"\r\n")
        if act:
            return act(connection, seen)
        connection.send(then)
        return True
    return read


def serve(box, *acts, frontend=None, backend=None, names="a"):
    plan = Plan(box, names, *acts)
    return plan, box.lbd(box.config(plan.servers, frontend, backend))


def trailers(body):
    return body.rpartition(b"\r\n0\r\n")[2].split(b"\r\n")[:-2]


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_of_a_request(box, cut):
    plan, lbd = serve(box, raw())
    data = POST % (b"Trailer: X-Sum\r\n", b"X-Sum: 1\r\ngrpc-status:0\r\nX-Empty:\r\nHost: b\r\nContent-Type: x\r\n")
    with Client(lbd.port) as client:
        for start in range(0, len(data), cut or len(data)):
            client.send(data[start:start + (cut or len(data))])
        assert client.response().status == 200
    assert b"\r\nTrailer: X-Sum\r\n" in plan.seen[0].head
    assert trailers(plan.seen[0].body) == [b"X-Sum: 1", b"grpc-status: 0", b"X-Empty: "]


@pytest.mark.parametrize("asked", [b"", b"TE: trailers\r\n"])
def test_of_an_answer(box, asked):
    plan, lbd = serve(box, says(ANSWER))
    with Client(lbd.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n%s\r\n" % asked)
        data = client.until(b"0\r\n") + client.until(b"\r\n\r\n")
    assert b"\r\nTrailer: X-Sum\r\n" in data and trailers(data) == [b"X-Sum: 1", b"grpc-status: 0"]
    head = plan.seen[0].head
    assert (b"\r\nTE: trailers\r\n" in head, b"\r\nConnection: TE\r\n" in head) == (bool(asked), bool(asked))


def test_http_1_0_gets_none(box):
    _, lbd = serve(box, says(ANSWER))
    with Client(lbd.port) as client:
        data = client.send(b"GET / HTTP/1.0\r\nHost: a\r\nTE: trailers\r\n\r\n").rest()
    assert data.endswith(b"\r\n\r\nhello") and b"Trailer" not in data


CLAIMS = b"X-Real-IP: 1\r\nX-Forwarded-For: 1\r\nX_Forwarded_For: 1\r\nX_User: 1\r\nX-Set: 1\r\nX-Gone: 1\r\nX-Kept: 1\r\n"
EDITS = [{"set_header": {"name": "X-Set", "value": "ours"}}, {"del_header": "X_Gone"}]


@pytest.mark.parametrize("frontend,kept", [
    ({"rules": EDITS}, [b"X-Kept: 1"]),
    ({"rules": EDITS, "underscores": "pass"}, [b"X_User: 1", b"X-Kept: 1"]),
    ({"trusted_proxies": ["127.0.0.1"]}, [b"X-Real-IP: 1", b"X-Set: 1", b"X-Gone: 1", b"X-Kept: 1"]),
    ({"claims": ["X-Kept"]}, [b"X-Real-IP: 1", b"X-Set: 1", b"X-Gone: 1"]),
])
def test_what_a_head_may_not_say_does_not_come_behind_the_body(box, frontend, kept):
    plan, lbd = serve(box, raw(), frontend=frontend)
    with Client(lbd.port) as client:
        assert client.send(POST % (b"", CLAIMS)).response().status == 200
    assert trailers(plan.seen[0].body) == kept


@pytest.mark.parametrize("backend", [{}, {"buffer_request": "16k"}])
def test_another_attempt_has_them_too(box, backend):
    plan, lbd = serve(box, raw(lambda connection, seen: None), raw(), backend={"retry": {"methods": ["POST"]}, **backend}, names="ab")
    with Client(lbd.port) as client:
        assert client.send(POST % (b"", b"X-Sum: 1\r\n")).response().status == 200
    assert [trailers(seen.body) for seen in plan.seen] == [[b"X-Sum: 1"]] * 2


def test_malformed_ones_are_refused(box):
    plan, lbd = serve(box, raw())
    with Client(lbd.port) as client:
        response = client.send(POST % (b"", b"X-Sum : 1\r\n")).response()
    assert (response.status, response.text) == (400, "400 Bad Request\nbad_trailer\n")
