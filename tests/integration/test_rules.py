"""Rules of a frontend: routing, refusal, answers, edits, and patterns that cost too much."""
import json
import re
import time

import pytest
from lbdtest import Client, http, took, wait_for

EVIL = "(?:a|aa)+$"


@pytest.fixture
def lbd(box):
    app, api = box.origins("app", "api")
    config = box.config({"s": app}, frontend={"access_log": {"format": "json", "target": str(box.path("access"))}, "rules": [
        {"method": ["TRACE", "TRACK"], "deny": 405},
        {"path": "^/private", "deny": 403},
        {"path": "^/old/(.*)$", "redirect": {"to": "/new/$1", "status": 301}},
        {"path": "^/robots", "return": {"status": 200, "body": "Disallow: /\n"}},
        {"path": "^/gone$", "return": {"status": 410}},
        {"header": {"name": "X-Env", "match": "^beta$"}, "set_header": {"name": "X-Group", "value": "beta"}},
        {"path": "^/v1/(.*)$", "rewrite_path": "/$1", "backend": "api"},
        {"host": "^api\\.example$", "path": "^/both", "backend": "api"},
        {"cookie": {"name": "canary", "match": "^1$"}, "src": ["127.0.0.0/8"], "backend": "api"},
        {"query": "(^|&)to=api(&|$)", "not_header": {"name": "X-Stay", "match": "."}, "backend": "api"},
        {"path": EVIL.replace("$", "!$"), "query": "^route$", "backend": "api"},
        {"path": EVIL.replace("$", "!$"), "query": "^deny$", "deny": 451},
        {"path": "^/api/", "backend": "api"},
    ]})
    config["backends"]["api"] = {"servers": {"s": {"address": api.address}}}
    return box.lbd(config)


@pytest.mark.parametrize("target,host,origin", [
    ("/", "x", "app"), ("/api/users", "x", "api"), ("/apix", "x", "app"), ("/both", "x", "app"),
    ("/both", "API.example:81", "api"), ("/both", "api.example.net", "app"), ("/%61pi/", "x", "api"),
    ("/?to=api", "x", "api"), ("/?to=apis", "x", "app"),
])
def test_routes(lbd, target, host, origin):
    assert http(lbd.port, target=target, host=host).origin == origin


def test_cookies_and_negations(lbd):
    assert http(lbd.port, headers={"Cookie": "a=1; canary=1"}).origin == "api"
    assert http(lbd.port, headers={"Cookie": "canary=0; xcanary=1"}).origin == "app"
    assert http(lbd.port, target="/?to=api", headers={"X-Stay": "1"}).origin == "app"


def terminations(box):
    return [json.loads(line)["termination"] for line in box.path("access").read_text().splitlines()]


def test_denials(box, lbd):
    with Client(lbd.port) as client:
        assert client.request("TRACK").status == 405
        refused = client.request(target="/private/x")
        assert refused.status == 403 and "127.0.0.1" not in refused.text
        assert client.request().status == 200
    assert http(lbd.port, "POST", target="/private", body=b"x" * 100).status == 403
    assert lbd.stat("web", "FRONTEND")["dreq"] == "3"
    wait_for(lambda: len(terminations(box)) == 4)
    # Each worker has a ring of its own, so the order of the lines may differ.
    assert sorted(terminations(box)) == ["--", "PR", "PR", "PR"]


def test_answers(box, lbd):
    with Client(lbd.port) as client:
        response = client.request(target="/old/a/b?c=d")
        assert (response.status, response.get("Location"), response.body) == (301, "/new/a/b?c=d", b"")
        assert client.request(target="/old//evil.example").get("Location") == "/new/evil.example"
        response = client.request(target="/robots.txt")
        assert (response.status, response.text, response.get("Content-Type")) == (200, "Disallow: /\n", "text/plain")
        response = client.request("HEAD", target="/robots.txt")
        assert (response.status, response.get("Content-Length"), response.body) == (200, "12", b"")
        assert client.request(target="/gone").status == 410
        assert client.request().origin == "app"
    assert lbd.stat("web", "FRONTEND")["intercepted"] == "5"
    wait_for(lambda: len(terminations(box)) == 6)
    assert terminations(box) == ["LR"] * 5 + ["--"]
    rows = lbd.table("show rules web")
    assert [(row["rule"], row["hits"]) for row in rows[:5]] == [("1", "0"), ("2", "0"), ("3", "2"), ("4", "2"), ("5", "1")]
    assert int(rows[0]["line"]) > 1 and rows[0]["action"] == "deny" and rows[5]["action"] == "edit"


def test_edits(lbd):
    seen = http(lbd.port, target="/v1/_echo?q", headers={"X-Env": "beta", "X-Group": "alpha"}).text
    assert seen.startswith("GET /_echo?q HTTP/1.1\r\n")
    assert "X-Group: beta\r\n" in seen and "alpha" not in seen


def test_edits_of_what_the_proxy_adds(box):
    app, = box.origins("app")
    lbd = box.lbd(box.config({"s": app}, frontend={"rules": [
        {"path": "^/_(\\w+)", "add_header": {"name": "X-Word", "value": "got $1 for $$1"}, "del_header": "X-Secret",
         "set_header": {"name": "X-Forwarded-Proto", "value": "https"}, "host_header": "$1.example"}]}))
    seen = http(lbd.port, target="/_echo", headers={"X-Secret": "s", "X-Word": "mine", "x-secret": "t"}).text
    for line in ("X-Word: mine", "X-Word: got echo for $1", "X-Forwarded-Proto: https", "Host: echo.example"):
        assert line + "\r\n" in seen
    assert "secret" not in seen.lower() and seen.count("X-Forwarded-Proto") == 1 and seen.count("\r\nHost: ") == 1


def test_costly_patterns(lbd):
    path = "/" + "a" * 4000
    begin = time.monotonic()
    for _ in range(20):
        assert http(lbd.port, target=path + "?route").origin == "app"
        assert http(lbd.port, target=path + "!x!?route").status == 400
    took(begin, 5)
    assert http(lbd.port, target="/aa?deny").status == 200


@pytest.mark.parametrize("rule,message", [
    ({"path": "^/a(", "deny": 403}, "position 5: missing closing parenthesis"),
    ({"rewrite_path": "/$1"}, "$1 names no group"),
    ({"set_header": {"name": "Content-Length", "value": "1"}}, "is written by the proxy itself"),
    ({"host_header": "a b"}, "it is no host name"),
])
def test_wrong_rules(box, rule, message):
    app, = box.origins("app")
    status, out, err = box.check_config(box.config({"s": app}, frontend={"rules": [rule]}))
    assert status == 1 and not out
    assert message in err and re.match(r"\S+\.conf:\d+: error: ", err)


def test_a_rule_that_cannot_be_reached(box):
    app, = box.origins("app")
    status, _, err = box.check_config(box.config({"s": app}, frontend={"rules": [
        {"path": "^/a", "deny": 403}, {"path": "^/ab", "method": ["GET"], "deny": 404}]}))
    assert status == 0 and "warning: this rule can never be reached" in err


def test_rules_of_connections(box):
    app, = box.origins("app")
    config = box.config({"s": app}, frontend={"mode": "tcp", "rules": [
        {"src": ["10.0.0.0/8"], "deny": 403}, {"not_src": ["127.0.0.0/9"], "deny": 403}]}, backend={"mode": "tcp"})
    assert http(box.lbd(config).port).origin == "app"
