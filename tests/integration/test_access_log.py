"""One line for each exchange, as JSON or as HAProxy's httplog."""
import json
import re

from lbdtest import Client, http, wait_for

HTTPLOG = re.compile(
    r'(?P<ip>[\d.]+):(?P<port>\d+) \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] (?P<fe>\S+) (?P<be>[^/\s]+)/(?P<srv>\S+) '
    r'(?P<tr>-?\d+)/(?P<tw>-?\d+)/(?P<tc>-?\d+)/(?P<tresp>-?\d+)/(?P<ta>\+?\d+) (?P<status>-?\d+) (?P<bytes>\+?\d+) '
    r'- - (?P<term>\S{4}) \d+/\d+/\d+/\d+/\+?\d+ \d+/\d+ (?P<request>".*")')


def logged(box, fmt, *names, **more):
    path = box.path("access.log")
    lbd, *origins = box.serve(*names, frontend={"access_log": {"format": fmt, "target": str(path)}}, **more)

    def lines(count):
        wait_for(lambda: path.exists() and len(path.read_text().splitlines()) >= count,
                 what=f"{count} lines in the access log; {path.read_text() if path.exists() else 'no file'}")
        return path.read_text().splitlines()
    return lbd, origins, lines


def test_json_has_every_member(box):
    lbd, _, lines = logged(box, "json", "a")
    with Client(lbd.port) as client:
        client.request("POST", "/p%20q/x?y=1&body=500", body=b"hello", host="shop.example")
        port = client.socket.getsockname()[1]
    row = json.loads(lines(1)[0])
    assert row["client"] == f"127.0.0.1:{port}"
    expected = {"frontend": "web", "backend": "app", "server": "a", "method": "POST", "host": "shop.example",
                "path": "/p%20q/x", "query": "y=1&body=500", "status": 200, "retries": 0}
    assert {name: row[name] for name in expected} == expected
    for name in ("time", "version", "bytes_in", "bytes_out", "t_request", "t_queue", "t_connect", "t_response",
                 "t_total", "termination", "reason", "request_id"):
        assert name in row
    assert row["bytes_out"] > 500 and row["t_total"] >= row["t_response"] > 0


def test_json_escapes_what_clients_send(box):
    lbd, _, lines = logged(box, "json", "a")
    http(lbd.port, target="/?q=\"\\'", host="a.example")
    assert json.loads(lines(1)[0])["query"] == "q=\"\\'"


def test_json_of_failures(box):
    # One worker: the lines of several come in no order.
    lbd, (a,), lines = logged(box, "json", "a", backend={"retry": {"attempts": 1}}, top={"global": {"threads": 1}})
    with Client(lbd.port) as client:
        client.send(b"BROKEN\r\n\r\n").rest()
    lbd.act("disable server app/a")
    http(lbd.port)
    bad, none = (json.loads(line) for line in lines(2))
    assert (bad["status"], none["status"]) == (400, 503)
    assert none["t_connect"] is None and bad["reason"] != none["reason"]


def test_httplog(box):
    lbd, _, lines = logged(box, "httplog", "a")
    with Client(lbd.port) as client:
        client.request(target="/x?delay=30")
        port = client.socket.getsockname()[1]
    match = HTTPLOG.search(lines(1)[0])
    assert match, lines(1)
    assert (match["port"], match["fe"], match["be"], match["srv"], match["status"], match["term"], match["request"]) == (
        str(port), "web", "app", "a", "200", "----", '"GET /x?delay=30 HTTP/1.1"')
    assert int(match["tresp"]) >= 29 and int(match["ta"]) >= 29


def test_httplog_of_failures(box):
    lbd, _, lines = logged(box, "httplog", "a", top={"global": {"threads": 1}})
    lbd.act("disable server app/a")
    http(lbd.port)
    with Client(lbd.port) as client:
        client.send(b"BROKEN\r\n\r\n").rest()
    none, bad = (HTTPLOG.search(line) for line in lines(2))
    assert (none["srv"], none["status"], none["term"][:2]) == ("<NOSRV>", "503", "SC")
    assert (bad["srv"], bad["status"], bad["term"][:2], bad["request"]) == ("<NOSRV>", "400", "PR", '"<BADREQ>"')


def test_every_exchange_is_one_line(box):
    from lbdtest import Load
    lbd, _, lines = logged(box, "json", "a", "b", top={"global": {"threads": 3}})
    load = Load(lbd.port, clients=6, each=100).join()
    assert load.errors == []
    rows = [json.loads(line) for line in lines(600)]
    assert len(rows) == 600
    assert {(row["status"], row["termination"]) for row in rows} == {(200, "--")}
    assert sorted({row["server"] for row in rows}) == ["a", "b"]
