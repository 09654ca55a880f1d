"""request_id = true: each request has one X-Request-Id, for its server and in the log."""
import json
import re

import pytest
from lbdtest import Client, http, wait_for

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def serve(box, **frontend):
    path = box.path("access.log")
    log = {"format": "json", "target": str(path)}
    lbd, _ = box.serve("a", frontend={"access_log": log, **frontend})

    def logged(count):
        wait_for(lambda: path.exists() and len(path.read_text().splitlines()) >= count, what=f"{count} lines")
        return [json.loads(line) for line in path.read_text().splitlines()]
    return lbd, logged


def ids(text):
    return [line.split(": ", 1)[1] for line in text.split("\r\n") if line.lower().startswith("x-request-id: ")]


def test_made_for_each_request_and_logged(box):
    lbd, logged = serve(box, request_id=True)
    seen = []
    for _ in range(20):
        with Client(lbd.port) as client:
            for _ in range(2):
                response = client.request(target="/_echo")
                assert response.get("X-Request-Id") is None  # for servers; not for clients
                seen += ids(response.text)
    assert len(set(seen)) == len(seen) == 40
    assert all(UUID.fullmatch(one) for one in seen)
    assert {row["request_id"] for row in logged(40)} == set(seen)


def test_not_the_same_after_a_restart(box):
    config = box.config({"a": box.origin("a")}, {"request_id": True}, top={"global": {"threads": 1}})
    seen = set()
    for _ in range(3):
        lbd = box.lbd(config)
        seen |= set(ids(http(lbd.port, target="/_echo").text))
        lbd.check()
    assert len(seen) == 3


def test_kept_from_a_trusted_proxy(box):
    lbd, logged = serve(box, request_id=True, trusted_proxies=["127.0.0.1"])
    assert ids(http(lbd.port, target="/_echo", headers=[("x-request-id", "Root=1-67:a/b+c@d~e._")]).text) == [
        "Root=1-67:a/b+c@d~e._"]
    assert logged(1)[0]["request_id"] == "Root=1-67:a/b+c@d~e._"


def test_made_anew_for_others(box):
    lbd, logged = serve(box, request_id=True)
    (one,) = ids(http(lbd.port, target="/_echo", headers=[("X-Request-Id", "mine")]).text)
    assert UUID.fullmatch(one) and logged(1)[0]["request_id"] == one


@pytest.mark.parametrize("headers", [
    [("X-Request-Id", "a"), ("X-Request-Id", "a")], [("X-Request-Id", "")], [("X-Request-Id", "a b")],
    [("X-Request-Id", 'a","status":"200')], [("X-Request-Id", "x" * 129)], [("X-Request-Id", "\xe9")],
    [("X-Request-Id", "a"), ("Connection", "X-Request-Id")]],
    ids=["two", "empty", "blank", "quotes", "long", "high", "hop-by-hop"])
def test_made_anew_when_it_is_not_valid(box, headers):
    lbd, logged = serve(box, request_id=True, trusted_proxies=["127.0.0.1"])
    (one,) = ids(http(lbd.port, target="/_echo", headers=headers).text)
    assert UUID.fullmatch(one) and logged(1)[0]["request_id"] == one


def test_a_request_that_reaches_no_server_has_one_too(box):
    lbd, logged = serve(box, request_id=True, rules=[{"path": "^/no", "deny": 403}])
    assert http(lbd.port, target="/no").status == 403
    assert UUID.fullmatch(logged(1)[0]["request_id"])


def test_off_it_is_a_field_like_others(box):
    lbd, logged = serve(box, trusted_proxies=["127.0.0.1"])
    assert ids(http(lbd.port, target="/_echo", headers=[("X-Request-Id", "a b")]).text) == ["a b"]
    assert logged(1)[0]["request_id"] is None


def test_off_it_is_a_claim_like_others(box):
    lbd, logged = serve(box)
    assert ids(http(lbd.port, target="/_echo", headers=[("X-Request-Id", "a")]).text) == []
    assert logged(1)[0]["request_id"] is None
