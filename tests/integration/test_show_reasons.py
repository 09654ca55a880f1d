"""show reasons counts each end that was not as it should be, over all workers, by its word."""
from lbdtest import Client

RULES = [{"path": "^/no", "deny": 403}, {"path": "^/moved", "return": {"status": 410}}]


def counts(lbd):
    return {row["reason"]: int(row["count"]) for row in lbd.table("show reasons web")}


def test_reasons_are_counted_by_their_word(box):
    lbd, _ = box.serve("app", frontend={"rules": RULES})
    assert not any(counts(lbd).values())
    with Client(lbd.port) as client:
        assert client.request(target="/").status == 200
        for _ in range(3):
            assert client.request(target="/no").status == 403
        assert client.request(target="/moved").status == 410
    with Client(lbd.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")
        assert client.response().status == 400
    found = {word: n for word, n in counts(lbd).items() if n}
    assert found == {"denied": 3, "rule_answered": 1, "malformed_request": 1}


def test_an_unknown_frontend_is_named(box):
    lbd, _ = box.serve("app")
    assert lbd.cli("show reasons nothing").strip() == "No such frontend."


def test_what_ends_by_max_forwards_was_answered_by_the_proxy(box):
    lbd, _ = box.serve("app")
    with Client(lbd.port) as client:
        assert client.request("OPTIONS", "*", headers={"Max-Forwards": "0"}).status == 200
    assert counts(lbd)["max_forwards"] == 1
    assert lbd.stat("web", "FRONTEND")["intercepted"] == "1"
