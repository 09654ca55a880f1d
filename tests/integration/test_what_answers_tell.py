"""Answers of the proxy itself: what is wrong with a request is said, what is wrong behind the proxy is not."""
import pytest
from lbdtest import Client, http

RULES = [{"path": "^/hidden", "deny": 404}, {"path": "^/many", "rate_limit": {"rate": 1, "per": "1h"}},
         {"path": "^/quiet", "rate_limit": {"rate": 1, "per": "1h", "status": 503}},
         {"path": "^/nowhere", "backend": "none"}]
NO_SERVER = "503 Service Unavailable\nNo server can take this request now.\n"


def world(box, **frontend):
    config = box.config({"a": box.origin("a")}, {"rules": RULES, "limits": {"body": 100}, **frontend}, {
        "retry": {"attempts": 1}, "timeouts": {"server": "300ms"}}, {
        "backends": {"none": {"servers": {"dead": {"address": f"127.0.0.1:{box.dead_port()}"}}}}})
    return box.lbd(config)


def raw(answer):
    return f"/_raw?hex={answer.hex()}&close=1"


# request, what is said in the body, and what X-Reason says when it is asked for
ANSWERS = [
    ({"target": "/nowhere"}, NO_SERVER, "connect_failed"),
    ({"target": raw(b"junk\r\n\r\n")}, "502 Bad Gateway\nThe server gave no valid answer.\n",
     "malformed_response, bad_status_line"),
    ({"target": raw(b"HTTP/1.1 2")}, "502 Bad Gateway\nThe server gave no valid answer.\n", "server_closed"),
    ({"target": "/?delay=3000"}, "504 Gateway Timeout\nThe server did not answer in time.\n", "server_timeout"),
    ({"target": "/hidden"}, "404 Not Found\n", "denied"),
    ({"target": "/many"}, "429 Too Many Requests\nrate_limited\n", "rate_limited"),
    ({"target": "/quiet"}, NO_SERVER, "rate_limited"),
    ({"method": "POST", "body": b"x" * 101}, "413 Content Too Large\nbody_too_large\n", "body_too_large"),
    ({"host": "a b"}, "400 Bad Request\nbad_host\n", "malformed_request, bad_host"),
    ({"method": "CONNECT", "target": "a:1"}, "405 Method Not Allowed\nconnect_refused\n",
     "malformed_request, connect_refused"),
]


@pytest.mark.parametrize("asked", [False, True])
def test_bodies_and_fields(box, asked):
    lbd = world(box, x_reason=asked)
    for target in "/many", "/quiet":
        assert http(lbd.port, target=target).get("X-Reason") is None
    for request, body, reason in ANSWERS:
        response = http(lbd.port, **request)
        assert (response.text, response.all("X-Reason")) == (body, [reason] if asked else []), request


def test_the_field_stands_beside_retry_after_and_in_answers_to_head(box):
    lbd = world(box, x_reason=True)
    http(lbd.port, target="/many")
    response = http(lbd.port, target="/many")
    assert response.get("X-Reason") == "rate_limited" and int(response.get("Retry-After")) > 3000
    with Client(lbd.port) as client:
        response = client.request("HEAD", "/nowhere")
        assert (response.status, response.get("X-Reason"), response.body) == (503, "connect_failed", b"")


def test_a_servers_own_answers_and_those_of_rules_have_none(box):
    lbd, _ = box.serve("a", frontend={"x_reason": True, "rules": [{"path": "^/told", "return": {"status": 503}}]})
    for target, status in (("/?status=503", 503), ("/told", 503)):
        response = http(lbd.port, target=target)
        assert (response.status, response.get("X-Reason")) == (status, None)


def test_what_never_became_a_request(box):
    lbd, _ = box.serve("a", frontend={"x_reason": True, "timeouts": {"http_request": "200ms"}})
    with Client(lbd.port) as client:
        response = client.send(b"GET / HT").response()
        assert (response.status, response.get("X-Reason")) == (408, "request_timeout")
    with Client(lbd.port) as client:
        response = client.send(b"GET  / HTTP/1.1\r\n\r\n").response()
        assert (response.status, response.get("X-Reason")) == (400, "malformed_request, bad_target")
