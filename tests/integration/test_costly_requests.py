"""A request for which the rules' budget does not suffice: nothing is known of it, so it is refused as a whole."""
import json

import pytest
from lbdtest import http, wait_for

# Costs the square of what the client sends; no rule here but the first needs it.
COSTLY = {"header": {"name": "User-Agent", "match": "[a-z]+\\d"}, "set_header": {"name": "X-Robot", "value": "1"}}
AGENT = {"User-Agent": "a" * 10000}
EVIL, VALUE = "(?:a|aa)+!$", "a" * 4000 + "!x!"
ENDS = [{"return": {"status": 403}}, {"redirect": {"to": "/login"}}, {"backend": "locked"}, {"deny": 451}]
EDITS = [{"set_header": {"name": "X-Level", "value": "guest"}}, {"del_header": "X-Level"}]


@pytest.fixture(scope="module")
def origins(shared_box):
    return shared_box.origins("app", "locked")


def start(box, origins, rules, frontend=()):
    app, locked = origins
    config = box.config({"s": app}, frontend={"rules": rules, **dict(frontend)})
    config["backends"]["locked"] = {"servers": {"s": {"address": locked.address}}}
    return box.lbd(config)


def costly(lbd):
    return sum(int(row["count"]) for row in lbd.table("show reasons web") if row["reason"] == "costly")


@pytest.fixture(scope="module")
def lbd(shared_box, origins):
    rules = [COSTLY]
    for number, action in enumerate(ENDS + EDITS):
        rules.append({"path": f"^/{number}", **action})
    log = {"format": "json", "target": str(shared_box.path("access"))}
    return start(shared_box, origins, rules, {"access_log": log})


@pytest.mark.parametrize("number", range(len(ENDS + EDITS)))
def test_what_is_undecided_does_not_pass(lbd, number):
    path = f"/{number}/_echo"
    before = int(lbd.stat("web", "FRONTEND")["dreq"])
    refused = http(lbd.port, target=path, headers={**AGENT, "X-Level": "admin"})
    assert (refused.status, refused.origin) == (431, None) and "costly" in refused.text
    assert int(lbd.stat("web", "FRONTEND")["dreq"]) == before + 1
    # One letter less than would be too many, and the rule does its work.
    decided = http(lbd.port, target=path, headers={"User-Agent": "a" * 100, "X-Level": "admin"})
    assert "admin" not in decided.text and (decided.origin == "app") == (number >= len(ENDS))


def test_it_is_counted_and_told(shared_box, lbd):
    before = costly(lbd)
    http(lbd.port, target="/told", headers=AGENT)
    assert costly(lbd) == before + 1
    lines = lambda: [json.loads(line) for line in shared_box.path("access").read_text().splitlines()]
    line = wait_for(lambda: next((line for line in lines() if line["path"] == "/told"), None))
    assert (line["status"], line["reason"], line["termination"]) == (431, "costly", "PR")
    # Which rule it was, so that its pattern can be mended.
    assert "too costly for a request" in lbd.log and ".conf:" in lbd.log


@pytest.mark.parametrize("condition,target,headers,status", [
    ({"path": EVIL}, "/" + VALUE, {}, 400),
    ({"query": EVIL}, "/?" + VALUE, {}, 400),
    ({"not_path": EVIL}, "/" + VALUE, {}, 400),
    ({"not_header": {"name": "X", "match": EVIL}}, "/", {"X": VALUE}, 431),
    ({"cookie": {"name": "c", "match": EVIL}}, "/", {"Cookie": "c=" + VALUE}, 431),
], ids=["path", "query", "not_path", "not_header", "cookie"])
def test_every_condition(box, origins, condition, target, headers, status):
    lbd = start(box, origins, [{**condition, "backend": "locked"}])
    response = http(lbd.port, target=target, headers=headers)
    assert (response.status, response.origin) == (status, None)


def test_the_other_way(box, origins):
    """With on_costly = "pass" rules that deny apply and others do not, as the first release had it."""
    lbd = start(box, origins, [COSTLY, *({"path": "^/", **end} for end in ENDS[:3])], {"on_costly": "pass"})
    assert http(lbd.port, headers=AGENT).origin == "app"
    assert costly(lbd) == 0 and "not decided by it" in lbd.log
    assert lbd.stat("web", "FRONTEND")["costly_requests"] == "1"
    denied = start(box, origins, [COSTLY, *({"path": "^/", **end} for end in ENDS)], {"on_costly": "pass"})
    assert http(denied.port, headers=AGENT).status == 451


USUAL = ["(?i)bot|crawl|spider", "(sqlmap|nikto|nmap)", "(^|;\\s*)auth=[a-f0-9]+", "\\bauth\\b", "[<>]|%3[ce]", "(?i)union.+select",
         "^(.*; )?beta=1(;|$)", "(^|; )canary=(1|true)(;|$)"]


def test_honest_requests_are_decided(box, origins):
    """7.5 kB of cookies and eight usual patterns, each of which looks at all of them."""
    cookies = "; ".join(f"session_id_{n}=" + "a1B2-c3.D4_e5" * 3 for n in range(140))[:7500]
    rules = [{"header": {"name": "Cookie", "match": pattern}, "return": {"status": 403}} for pattern in USUAL]
    rules += [{"cookie": {"name": f"session_id_{n}", "match": "^[a-f0-9]{32}$"}, "deny": 403} for n in range(8)]
    lbd = start(box, origins, [*rules, {"path": "^/end$", "return": {"status": 200, "body": "decided"}}])
    headers = {"Cookie": cookies, "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 " * 4}
    assert http(lbd.port, target="/end", headers=headers).text == "decided"
    assert costly(lbd) == 0 and "too costly" not in lbd.log
