"""Every condition and every action of a rule, as a table; each row is one request to a daemon that has all the rules."""
import pytest
from lbdtest import Client, http

YES = {"status": 200, "body": "yes"}
# condition; for each request: what it is, and whether the condition holds
CONDITIONS = [
    ({"host": "^a\\.example$"}, [({"host": "a.example"}, True), ({"host": "A.Example:80"}, True),
                                 ({"host": "a.example.net"}, False), ({"host": "xa.example"}, False)]),
    ({"not_host": "^a\\."}, [({"host": "a.x"}, False), ({"host": "A.x"}, False), ({"host": "b.a.x"}, True)]),
    ({"query": "^a=1&b$"}, [({"query": "?a=1&b"}, True), ({"query": "?a=1&b&c"}, False), ({"query": "?"}, False),
                            ({"query": ""}, False), ({"query": "?A=1&b"}, False), ({"query": "?a=%31&b"}, False)]),
    ({"query": "^$"}, [({"query": "?"}, True), ({"query": ""}, True), ({"query": "?a"}, False)]),
    ({"not_query": "debug"}, [({"query": "?x=debug"}, False), ({"query": "?x"}, True), ({"query": ""}, True)]),
    ({"method": ["PUT", "QUERY"]}, [({"method": "PUT"}, True), ({"method": "QUERY"}, True), ({"method": "put"}, False),
                                    ({"method": "GET"}, False)]),
    ({"not_method": ["GET", "HEAD"]}, [({"method": "GET"}, False), ({"method": "HEAD"}, False), ({"method": "POST"}, True)]),
    ({"src": ["127.0.0.0/8"]}, [({"from": "127.0.0.1"}, True), ({"from": "::1"}, False)]),
    ({"src": ["::1"]}, [({"from": "127.0.0.1"}, False), ({"from": "::1"}, True)]),
    ({"src": ["192.0.2.0/24", "::/127"]}, [({"from": "127.0.0.1"}, False), ({"from": "::1"}, True)]),
    ({"src": ["127.0.0.2/31", "2001:db8::/32"]}, [({"from": "127.0.0.1"}, False), ({"from": "::1"}, False)]),
    ({"not_src": ["::1/128", "10.0.0.0/8"]}, [({"from": "127.0.0.1"}, True), ({"from": "::1"}, False)]),
    ({"header": {"name": "X-Env", "match": "^beta$"}}, [
        ({"headers": [("x-env", "beta")]}, True), ({"headers": [("X-Env", "betax")]}, False), ({}, False),
        ({"headers": [("X-Env", "a"), ("X-Env", "beta")]}, True), ({"headers": [("X-Env", "a, beta")]}, False)]),
    ({"header": {"name": "X-Env", "match": "^"}}, [({"headers": [("X-Env", "")]}, True), ({}, False)]),
    ({"not_header": {"name": "X-Env", "match": "."}}, [
        ({"headers": [("X-Env", "a")]}, False), ({"headers": [("X-Env", "")]}, True), ({}, True)]),
    ({"header": {"name": "Host", "match": ":81$"}}, [({"host": "a:81"}, True), ({"host": "a"}, False)]),
    ({"cookie": {"name": "id", "match": "^\\d+$"}}, [
        ({"headers": [("Cookie", "a=b; id=12; c=d")]}, True), ({"headers": [("Cookie", "a=b;id=12")]}, True),
        ({"headers": [("Cookie", "ID=12")]}, False), ({"headers": [("Cookie", "xid=12; id=x")]}, False),
        ({"headers": [("Cookie", "id=x; id=12")]}, True), ({"headers": [("Cookie", "a=b"), ("Cookie", "id=1")]}, True), ({}, False)]),
    ({"not_cookie": {"name": "id", "match": "^1$"}}, [
        ({"headers": [("Cookie", "id=1")]}, False), ({"headers": [("Cookie", "id=2")]}, True), ({}, True)]),
    ({"host": "^a$", "method": ["POST"], "query": "q", "header": {"name": "X", "match": "1"}}, [
        ({"host": "a", "method": "POST", "query": "?q", "headers": [("X", "1")]}, True),
        ({"host": "b", "method": "POST", "query": "?q", "headers": [("X", "1")]}, False),
        ({"host": "a", "method": "GET", "query": "?q", "headers": [("X", "1")]}, False),
        ({"host": "a", "method": "POST", "query": "", "headers": [("X", "1")]}, False),
        ({"host": "a", "method": "POST", "query": "?q", "headers": [("X", "2")]}, False)]),
]
ROWS = [(number, request, holds) for number, (_, requests) in enumerate(CONDITIONS) for request, holds in requests]
# pattern, negated; the path; whether the rule applies
PATHS = [("^/a/b$", False, "/a/b", True), ("^/a/b$", False, "/a/b/", False), ("^/a b", False, "/a%20b", False),
         ("%20", False, "/a%20b", True), ("(?i)^/A", False, "/a", True), ("b", False, "/ab", True), ("^/b$", False, "/a/../b", True),
         ("^/in", True, "/out", True), ("^/in", True, "/in/x", False), ("^/(?!keep)", True, "/keep", True)]


@pytest.fixture(scope="module")
def conditions(shared_box):
    app = shared_box.origin("app")
    rules = [{"path": f"^/{number}$", **condition, "return": YES} for number, (condition, _) in enumerate(CONDITIONS)]
    rules += [{"header": {"name": "X-Case", "match": f"^{number}$"}, "not_path" if negated else "path": pattern, "return": YES}
              for number, (pattern, negated, _, _) in enumerate(PATHS)]
    config = shared_box.config({"s": app}, frontend={"rules": rules})
    bind = config["frontends"]["web"]["bind"]
    bind.append(f"[::1]:{bind[0].rpartition(':')[2]}")
    return shared_box.lbd(config)


def ask(lbd, method="GET", target="/", host="x", headers=(), source="127.0.0.1"):
    return http((source, lbd.port), method, target, list(headers), host=host, body=b"" if method == "POST" else None)


@pytest.mark.parametrize("number,request_,holds", ROWS, ids=lambda value: str(value)[:60])
def test_conditions(conditions, number, request_, holds):
    parts = dict(request_)
    query, source = parts.pop("query", ""), parts.pop("from", "127.0.0.1")
    response = ask(conditions, target=f"/{number}{query}", source=source, **parts)
    assert (response.origin is None) == holds and response.status == 200
    assert parts.get("method") == "HEAD" or (response.text == "yes") == holds


@pytest.mark.parametrize("number", range(len(PATHS)))
def test_paths(conditions, number):
    _, _, path, holds = PATHS[number]
    response = ask(conditions, target=path, headers=[("X-Case", str(number))])
    assert (response.origin is None) == holds


# action with its conditions; target, further headers; what the server gets
EDITS = [
    ({"path": "^/e0/(.)(.)(.)(.)(.)(.)(.)(.)(.)$", "set_header": {"name": "X-Out", "value": "$9$8$7$6$5$4$3$2$1-$0"}},
     "/e0/abcdefghi", [], ["X-Out: ihgfedcba-/e0/abcdefghi"]),
    ({"path": "^/e1/(?:(a)|(b)(c)?)$", "set_header": {"name": "X-Out", "value": "[$1][$2][$3]"}}, "/e1/a", [], ["X-Out: [a][][]"]),
    ({"path": "^/e2/(?:(a)|(b)(c)?)$", "set_header": {"name": "X-Out", "value": "[$1][$2][$3]"}}, "/e2/b", [], ["X-Out: [][b][]"]),
    ({"path": "^/e3(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)$", "set_header": {"name": "X-Out", "value": "$11$10$1 $$1 $ 5$"}},
     "/e3abcdefghijk", [], ["X-Out: kja $1 $ 5$"]),
    ({"path": "^/e4$", "set_header": {"name": "X-In", "value": "new"}}, "/e4", [("X-In", "a"), ("x-in", "b")], ["X-In: new"]),
    ({"path": "^/e5$", "add_header": {"name": "X-In", "value": "new"}}, "/e5", [("X-In", "a")], ["X-In: a", "X-In: new"]),
    ({"path": "^/e6$", "del_header": "X-In"}, "/e6", [("X-In", "a"), ("x-in", "b")], []),
    ({"path": "^/e7$", "del_header": "X-In", "set_header": {"name": "X-Out", "value": "1"}, "add_header": {"name": "X-Out", "value": "2"}},
     "/e7", [("X-In", "a"), ("X-Out", "0")], ["X-Out: 1", "X-Out: 2"]),
    ({"path": "^/e8/(.*)$", "host_header": "$1.example:81"}, "/e8/a", [], ["Host: a.example:81"]),
    ({"path": "^/e9/(.*)$", "rewrite_path": "/new/$1"}, "/e9/a/b?c=d&e", [], ["GET /new/a/b?c=d&e HTTP/1.1"]),
    ({"path": "^/e10/(.*)$", "rewrite_path": "/new?p=$1"}, "/e10/a?c=d", [], ["GET /new?p=a&c=d HTTP/1.1"]),
    ({"path": "^/e11(.*)$", "rewrite_path": "$1"}, "/e11", [], ["GET / HTTP/1.1"]),
    ({"path": "^/e12(.*)$", "rewrite_path": "$1"}, "/e12x%2f.b?", [], ["GET /x%2F.b? HTTP/1.1"]),
    ({"path": "^/e13$", "set_header": {"name": "X-Forwarded-Port", "value": "443"}}, "/e13", [], ["X-Forwarded-Port: 443"]),
]


def say_what_came(client, _):
    """A server that answers each request with its head."""
    while True:
        head = client.until(b"\r\n\r\n")
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(head), head))


@pytest.fixture(scope="module")
def edits(shared_box):
    echo = shared_box.scripted(say_what_came)
    ordered = [{"path": "^/order", "set_header": {"name": "X-In", "value": "1"}}, {"path": "^/order", "add_header": {"name": "X-In", "value": "2"}},
               {"path": "^/order/d", "del_header": "X-In"}, {"path": "^/order", "add_header": {"name": "X-In", "value": "3"}},
               {"path": "^/order/d", "rewrite_path": "/a", "host_header": "a"}, {"path": "^/order/d", "rewrite_path": "/b", "host_header": "b"},
               {"path": "^/b$", "set_header": {"name": "X-In", "value": "a rule saw what another one changed"}}]
    config = shared_box.config({"s": echo}, frontend={"rules": ordered + [rule for rule, *_ in EDITS]}, backend={"host_header": "server"})
    return shared_box.lbd(config)


def echoed(lbd, target, headers=()):
    """The head as the server got it, by lower-case name; the request line and Host stand in it too."""
    lines = http(lbd.port, target=target, headers=list(headers)).text.split("\r\n\r\n")[0].split("\r\n")
    return lines


def own_lines(lines):
    names = ("x-in:", "x-out:")
    return [line for line in lines if line.lower().startswith(names)]


@pytest.mark.parametrize("number", range(len(EDITS)))
def test_edits(edits, number):
    _, target, headers, expected = EDITS[number]
    lines = echoed(edits, target, headers)
    assert [line for line in expected if line not in lines] == []
    assert own_lines(lines) == [line for line in expected if line.lower().startswith(("x-in:", "x-out:"))]


def test_edits_stand_in_the_order_of_the_rules(edits):
    assert own_lines(echoed(edits, "/order", [("X-In", "0")])) == ["X-In: 1", "X-In: 2", "X-In: 3"]
    lines = echoed(edits, "/order/d", [("X-In", "0")])
    assert own_lines(lines) == ["X-In: 3"]
    assert lines[0] == "GET /b HTTP/1.1" and "Host: b" in lines
    rows = edits.table("show rules web")[:7]
    assert [row["hits"] for row in rows] == ["2", "2", "1", "2", "1", "1", "0"]
    assert {row["action"] for row in rows} == {"edit"} and {row["target"] + row["limited"] for row in rows} == {""}
    lines_of_rules = [int(row["line"]) for row in rows]
    assert lines_of_rules == sorted(lines_of_rules)


# action; method, target; status, location, body
ANSWERS = [
    *(({"path": f"^/r{status}/(.*)$", "redirect": {"to": "https://www.example/$1", "status": status}},
       "GET", f"/r{status}/a?b=c", status, "https://www.example/a?b=c", "") for status in (301, 302, 303, 307, 308)),
    ({"path": "^/plain$", "redirect": {"to": "/there"}}, "POST", "/plain", 302, "/there", ""),
    ({"path": "^/q$", "redirect": {"to": "/there?x"}}, "GET", "/q?b=c", 302, "/there?x", ""),
    ({"path": "^/f$", "redirect": {"to": "/there#part"}}, "GET", "/f?b=c", 302, "/there?b=c#part", ""),
    ({"path": "^/slash(.*)$", "redirect": {"to": "/$1"}}, "GET", "/slash//evil.example", 302, "/evil.example", ""),
    ({"path": "^/unset/(a)?(.*)$", "redirect": {"to": "/[$1]$2"}}, "GET", "/unset/b", 302, "/[]b", ""),
    ({"path": "^/body$", "return": {"status": 200, "body": "a\nb\t\"c\"\n"}}, "GET", "/body", 200, None, "a\nb\t\"c\"\n"),
    ({"path": "^/long$", "return": {"status": 203, "body": "x, " * 21845}}, "GET", "/long", 203, None, "x, " * 21845),
    ({"path": "^/empty$", "return": {"status": 404}}, "GET", "/empty", 404, None, ""),
    ({"path": "^/204$", "return": {"status": 204, "body": "none"}}, "GET", "/204", 204, None, ""),
    ({"path": "^/304$", "return": {"status": 304}}, "GET", "/304", 304, None, ""),
    ({"path": "^/599$", "return": {"status": 599, "body": "$1"}}, "GET", "/599", 599, None, "$1"),
    ({"path": "^/deny$", "deny": 451}, "GET", "/deny", 451, None, None),
    ({"path": "^/teapot$", "deny": 418}, "DELETE", "/teapot", 418, None, None),
]


@pytest.fixture(scope="module")
def answers(shared_box):
    app = shared_box.origin("app")
    return shared_box.lbd(shared_box.config({"s": app}, frontend={"rules": [rule for rule, *_ in ANSWERS]}))


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_answers(answers, number):
    _, method, target, status, location, body = ANSWERS[number]
    with Client(answers.port) as client:
        for _ in range(2):  # the connection stays
            response = client.request(method, target)
            assert (response.status, response.get("Location"), response.origin) == (status, location, None)
            assert body is None or response.text == body
            assert response.all("Content-Length") == ([] if status in (204, 304) else [str(len(response.body))])
        head = client.request("HEAD", target)
        assert (head.status, head.body) == (status, b"")
        assert client.request().origin == "app"


def test_all_answers_are_counted(answers):
    before = answers.table("show rules")
    for rule, method, target, *_ in ANSWERS:
        http(answers.port, method, target)
    after = answers.table("show rules")
    assert [int(b["hits"]) - int(a["hits"]) for a, b in zip(before, after)] == [1] * len(ANSWERS)
    assert [row["action"] for row in after] == ["redirect"] * 10 + ["return"] * 6 + ["deny"] * 2
    assert [row["target"] for row in after[:6]] == ["301", "302", "303", "307", "308", "302"]
