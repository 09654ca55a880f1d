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


def test_httplog_of_a_request_without_a_backend(box):
    log = box.path("access.log")
    lbd = box.lbd(box.config({}, frontend={"default_backend": "", "access_log": {"format": "httplog", "target": str(log)}}))
    assert http(lbd.port).status == 503
    line = wait_for(lambda: log.read_text())
    assert " web web/<NOSRV> " in line and " 503 " in line and " SC-- " in line, line


def test_every_exchange_is_one_line(box):
    from lbdtest import Load
    lbd, _, lines = logged(box, "json", "a", "b", top={"global": {"threads": 3}})
    load = Load(lbd.port, clients=6, each=100).join()
    assert load.errors == []
    rows = [json.loads(line) for line in lines(600)]
    assert len(rows) == 600
    assert {(row["status"], row["termination"]) for row in rows} == {(200, "--")}
    assert sorted({row["server"] for row in rows}) == ["a", "b"]


def test_captured_headers(box):
    capture = {"request": ["X-Who", "X-Other"], "response": ["Content-Type", "X-Missing"], "length": 12}
    path = box.path("access.log")
    lbd, *_ = box.serve("a", frontend={"access_log": {"format": "json", "target": str(path)}, "capture": capture})
    http(lbd.port, headers={"X-Who": "somebody, with a long name"})
    wait_for(lambda: path.exists() and path.read_text(), what="a line")
    headers = json.loads(path.read_text())["headers"]
    assert headers["request"] == {"X-Who": "somebody, wi"}
    assert headers["response"].keys() <= {"Content-Type"}


def test_too_many_captures_are_refused(box):
    status, _, err = box.check_config('frontends: { web: { bind = [ "127.0.0.1:1" ]; default_backend = "app"; capture: { request = [ '
                                      + ", ".join(f'"X-{i}"' for i in range(17)) + ' ]; }; }; };\n'
                                      'backends: { app: { servers: { a: { address = "127.0.0.1:2"; }; }; }; };\n')
    assert status == 1 and 'capture of frontend "web" has more than 16 names in one list' in err


def test_json_is_valid_whatever_clients_send(box):
    """Random bytes in every place of a request, well-formed and not: each line is one JSON object with every member."""
    import random
    rng = random.Random(20261121)
    path = box.path("access.log")
    lbd, *_ = box.serve("a", frontend={"access_log": {"format": "json", "target": str(path)},
                                       "capture": {"request": ["X-R", "Host"], "response": ["Server", "Date"]}})

    def junk(n, low=0):
        return bytes(rng.randrange(low, 256) for _ in range(rng.randrange(n)))

    def visible(n):
        return bytes(rng.choice([0x22, 0x5c, 0x7b, 0x7d, 0x7f - 1, *range(0x21, 0x7f), *range(0x80, 0x100)])
                     for _ in range(rng.randrange(n)))
    count = 400
    for i in range(count):
        target = b"/" + (visible(60) if i % 3 else junk(60))
        sent = b"GET " + target + b" HTTP/1.1\r\nHost: " + (b"a" if i % 4 else visible(9)) + b"\r\nX-R: " + (
            visible(90) if i % 5 else junk(40)) + b"\r\nConnection: close\r\n\r\n"
        with Client(lbd.port) as client:
            client.send(sent)
            client.half_close()
            client.rest()
    wait_for(lambda: path.read_bytes().count(b"\n") >= count, what=f"{count} lines")
    statuses = set()
    for line in path.read_bytes().splitlines():
        row = json.loads(line.decode("utf-8"))
        assert {"time", "client", "frontend", "backend", "server", "method", "host", "path", "query", "version", "status",
                "bytes_in", "bytes_out", "t_request", "t_queue", "t_connect", "t_response", "t_total", "termination",
                "reason", "retries", "request_id", "headers"} <= row.keys()
        assert (row["t_connect"] is None) == (row["server"] is None)
        statuses.add(row["status"])
    assert {200, 400} <= statuses


def test_lines_of_several_workers_are_in_order(box):
    """By the time at which exchanges end: start and length give it back, but for what a turn of a loop takes."""
    from datetime import datetime
    from lbdtest import Load
    lbd, _, lines = logged(box, "json", "a", top={"global": {"threads": 4}})
    assert Load(lbd.port, clients=12, each=150).join().errors == []
    ends = []
    for line in lines(1800):
        row = json.loads(line)
        start = datetime.fromisoformat(row["time"].replace("Z", "+00:00")).timestamp()
        ends.append(start + row["t_total"] / 1e6)
    late = [before - after for before, after in zip(ends, ends[1:]) if before > after]
    assert max(late, default=0) < 0.1 and len(late) < len(ends) / 20, (len(late), max(late))
