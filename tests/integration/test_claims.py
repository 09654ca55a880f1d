"""What clients claim that only trusted proxies may say, names with an underscore, and what Connection removes: neither
rules nor servers see any of it."""
import pytest
from lbdtest import Client, http

CLAIMED = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-Client-Cert", "x-forwarded-user",
           "Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "X-Original-URL", "X-Rewrite-URL", "X-Request-Id",
           "Proxy", "pRoXy"]
PLAIN = ["X-User", "X-Requested-With", "X-Forward", "Proxy-Test", "X-Real", "User-Agent"]
OURS = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "host", "connection"}


def seen(box, names, frontend=None, headers=()):
    """The names of the fields that the server saw, in lower case, without our own additions."""
    lbd, _ = box.serve("a", frontend=frontend)
    text = http(lbd.port, target="/_echo", headers=[(name, "claim") for name in names] + list(headers)).text
    fields = [line.split(": ", 1) for line in text.split("\r\n\r\n")[0].split("\r\n")[1:]]
    return [name.lower() for name, value in fields if value == "claim" or name.lower() not in OURS]


def lower(names):
    return [name.lower() for name in names]


def test_claims_of_others_are_dropped(box):
    assert seen(box, CLAIMED + PLAIN) == lower(PLAIN)


def test_trusted_proxies_may_say_them(box):
    kept = [name for name in CLAIMED if name != "X-Forwarded-For"]
    found = seen(box, kept + PLAIN, {"trusted_proxies": ["127.0.0.1"]})
    assert sorted(found) == sorted(lower(kept + PLAIN))


def test_the_list_can_be_changed(box):
    claims = {"claims": ["X-User", "X-Auth-*", "x_under"]}
    names = ["X-Real-IP", "Proxy", "X-Forwarded-Prefix", "X-User", "X-Auth-Group", "X-Auth-", "X-Authentic", "X-Under"]
    assert seen(box, names, claims) == ["x-real-ip", "proxy", "x-forwarded-prefix", "x-authentic"]


def test_an_empty_list_leaves_what_we_write_ourselves(box):
    found = seen(box, CLAIMED, {"claims": []})
    assert "x-real-ip" in found and "x-forwarded-prefix" in found and "x-request-id" in found
    assert not {"x-forwarded-for", "x-forwarded-proto", "forwarded"} & set(found)


UNDER = ["X_User", "X-A_b", "_", "X_Forwarded_For", "X_REAL_IP", "A_very_long_name_with_underscores_in_it"]


@pytest.mark.parametrize("option,passed", [("drop", []), ("pass", ["X_User", "X-A_b", "_", UNDER[-1]])])
def test_underscores(box, option, passed):
    assert seen(box, UNDER + PLAIN, {"underscores": option}) == lower(passed + PLAIN)


def test_underscores_are_dropped_unless_something_else_is_said(box):
    assert seen(box, UNDER + PLAIN) == lower(PLAIN)
    assert seen(box, UNDER + PLAIN, {"trusted_proxies": ["127.0.0.1"]}) == lower(PLAIN)


def test_our_own_names_with_underscores_pass_from_nobody(box):
    names = ["X_Forwarded_For", "x_forwarded-host", "X_Request_Id", "X_Real_IP"]
    found = seen(box, names, {"underscores": "pass", "trusted_proxies": ["127.0.0.1"]})
    assert found == ["x_real_ip"]


def test_underscores_can_be_refused(box):
    lbd, origin = box.serve("a", frontend={"underscores": "refuse"})
    with Client(lbd.port) as client:
        assert client.request(headers=[("X-User", "1")]).status == 200
        response = client.request(headers=[("X_User", "1")])
        assert (response.status, response.text) == (400, "400 Bad Request\nunderscore_in_name\n")
    assert origin.requests() == 1
    assert lbd.stat("web", "FRONTEND")["ereq"] == "1"


def test_values_and_answers_keep_theirs(box):
    raw = b"HTTP/1.1 200 OK\r\nX_Answer: 1\r\nContent-Length: 0\r\n\r\n"
    lbd, _ = box.serve("a")
    response = http(lbd.port, target=f"/_raw?hex={raw.hex()}", headers=[("X-V", "a_b")])
    assert response.get("X_Answer") == "1"


@pytest.mark.parametrize("edit", [{"del_header": "X-User"}, {"del_header": "x_user"},
                                  {"set_header": {"name": "X-User", "value": "ours"}}])
def test_rules_edit_both_spellings(box, edit):
    lbd, _ = box.serve("a", frontend={"underscores": "pass", "rules": [edit]})
    text = http(lbd.port, target="/_echo", headers=[("X-User", "1"), ("X_User", "2"), ("x-USER", "3")]).text.lower()
    found = [line for line in text.split("\r\n") if line.startswith(("x-user", "x_user"))]
    assert found == (["x-user: ours"] if "set_header" in edit else [])


def test_our_own_fields_are_no_rules_business_in_either_spelling(box):
    status, _, err = box.check_config(box.config({"a": box.origin("a")}, {"rules": [{"del_header": "X_Forwarded_For"}]}))
    assert status == 1 and "X_Forwarded_For" in err and "is written by the proxy itself" in err


RULES = [
    {"path": "^/header", "header": {"name": "X-User", "match": "."}, "deny": 403},
    {"path": "^/real", "header": {"name": "X-Real-IP", "match": "."}, "deny": 403},
    {"path": "^/scheme", "header": {"name": "X-Forwarded-Proto", "match": "https"}, "deny": 403},
    {"path": "^/under", "header": {"name": "X_User", "match": "."}, "deny": 403},
    {"path": "^/cookie", "cookie": {"name": "id", "match": "."}, "deny": 403},
    {"path": "^/upgrade", "header": {"name": "Upgrade", "match": "websocket"}, "deny": 403},
    {"path": "^/limit", "rate_limit": {"rate": 1, "per": "1h", "burst": 1, "key": "header:X-User"}},
]


@pytest.mark.parametrize("path,headers,status", [
    ("/header", [("X-User", "1")], 403),
    ("/header", [("X-User", "1"), ("Connection", "x-user")], 200),
    ("/header", [("Connection", "close, X-USER"), ("X-User", "1")], 200),
    ("/real", [("X-Real-IP", "1")], 200),
    ("/scheme", [("X-Forwarded-Proto", "https")], 200),
    ("/under", [("X_User", "1")], 200),
    ("/cookie", [("Cookie", "id=1")], 403),
    ("/cookie", [("Cookie", "id=1"), ("Connection", "Cookie")], 200),
    # Hop-by-hop fields are there for rules, unless Connection takes them away.
    ("/upgrade", [("Upgrade", "websocket"), ("Connection", "upgrade")], 403),
])
def test_rules_see_what_servers_will(box, path, headers, status):
    lbd, _ = box.serve("a", frontend={"rules": RULES})
    assert http(lbd.port, target=path, headers=headers).status == status


def test_keys_too(box):
    """Who hides the key is counted by the address, as without it."""
    lbd, _ = box.serve("a", frontend={"rules": RULES})
    with Client(lbd.port) as client:
        seen_status = [client.request(target="/limit", headers=[("X-User", str(n)), ("Connection", "X-User")]).status
                       for n in range(2)]
    assert seen_status == [200, 429]


def test_rules_see_what_a_trusted_proxy_says(box):
    lbd, _ = box.serve("a", frontend={"rules": RULES, "trusted_proxies": ["127.0.0.1"]})
    assert http(lbd.port, target="/scheme", headers=[("X-Forwarded-Proto", "https")]).status == 403
    assert http(lbd.port, target="/real", headers=[("X-Real-IP", "1")]).status == 403
