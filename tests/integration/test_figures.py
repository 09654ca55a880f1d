"""The figures of show stat: one request is one response is one line, whatever its end; maxima are of single exchanges."""
import threading
import time

from lbdtest import Client, Load, http, wait_for

KINDS = ("1xx", "2xx", "3xx", "4xx", "5xx", "other")


def responses(row):
    return sum(int(row["hrsp_" + kind]) for kind in KINDS)


def logged(box, *names, **more):
    log = box.path("access.log")
    lbd, *_ = box.serve(*names, frontend={"access_log": {"format": "httplog", "target": str(log)}}, **more)
    return lbd, lambda: log.read_text().splitlines()


def leave(lbd, data, after=0.05):
    """A client that sends this, waits and resets the connection."""
    with Client(lbd.port) as client:
        client.send(data)
        time.sleep(after)
        client.reset()


def test_requests_responses_and_lines_agree_whatever_clients_do(box):
    lbd, lines = logged(box, "a", backend={"timeouts": {"server": "300ms"}, "retry": {"attempts": 1}})
    assert http(lbd.port).status == 200
    assert http(lbd.port, target="/?status=500").status == 500
    assert http(lbd.port, target="/?delay=2000").status == 504
    with Client(lbd.port) as client:
        client.send(b"BROKEN\r\n\r\n").rest()
    leave(lbd, b"GET / HT")
    leave(lbd, b"GET /?delay=200 HTTP/1.1\r\nHost: x\r\n\r\n")
    leave(lbd, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    wait_for(lambda: len(lines()) == 7, what="seven lines")
    front, back, server = (lbd.stat(*row) for row in (("web", "FRONTEND"), ("app", "BACKEND"), ("app", "a")))
    assert (front["req_tot"], responses(front)) == ("7", 7)
    assert (front["hrsp_2xx"], front["hrsp_4xx"], front["hrsp_5xx"], front["hrsp_other"]) == ("1", "2", "2", "2")
    assert (back["req_tot"], responses(back), responses(server)) == ("5", 5, 5)
    assert lbd.info()["CumReq"] == "7"


def test_a_request_that_is_too_slow_is_a_request(box):
    lbd, lines = logged(box, "a", top={"defaults": {"timeouts": {"http_request": "100ms"}}})
    with Client(lbd.port) as client:
        assert b" 408 " in client.send(b"GET / HT").rest()
    wait_for(lambda: len(lines()) == 1)
    row = lbd.stat("web", "FRONTEND")
    assert (row["req_tot"], row["hrsp_4xx"], row["ereq"]) == ("1", "1", "1")


def test_an_interim_response_is_no_response(box):
    def script(client, _):
        client.until(b"\r\n\r\n")
        client.send(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    server = box.scripted(script)
    lbd = box.lbd(box.config({"a": server}))
    assert http(lbd.port).status == 200
    row = lbd.stat("web", "FRONTEND")
    assert (row["req_tot"], row["hrsp_1xx"], row["hrsp_2xx"]) == ("1", "0", "1")


def test_a_client_that_leaves_before_the_answer_is_an_abort(box):
    lbd, lines = logged(box, "a")
    leave(lbd, b"GET /?delay=500 HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_for(lines)
    assert [lbd.stat("app", name)["cli_abrt"] for name in ("a", "BACKEND")] == ["1", "1"]
    assert [lbd.stat("app", name)["eresp"] for name in ("a", "BACKEND")] == ["0", "0"]


def test_a_client_that_leaves_the_queue_is_an_abort(box):
    origin = box.origin("a")
    log = box.path("access.log")
    lbd = box.lbd(box.config({"a": {"address": origin, "maxconn": 1}},
                             frontend={"access_log": {"format": "httplog", "target": str(log)}}))
    busy = threading.Thread(target=http, args=(lbd.port,), kwargs={"target": "/?delay=600"})
    busy.start()
    wait_for(lambda: lbd.stat("app", "a")["scur"] == "1")
    leave(lbd, b"GET /waits HTTP/1.1\r\nHost: x\r\n\r\n")
    busy.join()
    wait_for(lambda: len(log.read_text().splitlines()) == 2)
    assert (lbd.stat("app", "BACKEND")["cli_abrt"], lbd.stat("app", "a")["cli_abrt"]) == ("1", "0")


def test_the_longest_times_are_of_one_exchange(box):
    lbd, lines = logged(box, "a", top={"global": {"threads": 1}})
    slow = threading.Thread(target=http, args=(lbd.port,), kwargs={"target": "/?delay=300"})
    slow.start()
    Load(lbd.port, clients=2, each=100).join()
    slow.join()
    wait_for(lambda: len(lines()) == 201)
    for name in ("a", "BACKEND"):
        row = lbd.stat("app", name)
        assert 295 <= int(row["ttime_max"]) < 3000 and 295 <= int(row["rtime_max"]) < 3000, row
        assert int(row["qtime_max"]) < 100
    lbd.act("clear counters")
    assert lbd.stat("app", "a")["ttime_max"] == lbd.stat("app", "BACKEND")["ttime_max"] == "0"


def test_the_most_sessions_of_a_backend_are_not_missed_between_samples(box):
    lbd, *_ = box.serve("a", "b", backend={"algorithm": "round_robin"}, top={"global": {"threads": 1}})
    clients = [threading.Thread(target=http, args=(lbd.port,), kwargs={"target": "/?delay=60"}) for _ in range(6)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert lbd.stat("app", "BACKEND")["smax"] == "6"


def test_those_who_wait_are_sessions_of_the_backend(box):
    origin = box.origin("a")
    lbd = box.lbd(box.config({"a": {"address": origin, "maxconn": 1}}))
    clients = [threading.Thread(target=http, args=(lbd.port,), kwargs={"target": "/?delay=400"}) for _ in range(3)]
    for client in clients:
        client.start()
    wait_for(lambda: lbd.stat("app", "BACKEND")["qcur"] == "2")
    assert (lbd.stat("app", "BACKEND")["scur"], lbd.stat("app", "a")["scur"]) == ("3", "1")
    for client in clients:
        client.join()
    assert (lbd.stat("app", "BACKEND")["scur"], lbd.stat("app", "BACKEND")["smax"]) == ("0", "3")


def test_clear_counters_all_sets_every_counter_back(box):
    lbd, *_ = box.serve("a", "b")
    Load(lbd.port, clients=2, each=20).join()
    wait_for(lambda: lbd.stat("app", "BACKEND")["hrsp_2xx"] == "40")
    assert lbd.cli("clear counters all") == "\n"
    for row in lbd.show_stat():
        for column in ("stot", "bin", "bout", "hrsp_2xx", "req_tot", "lbtot", "connect", "reuse", "conn_tot", "smax",
                       "ttime", "ttime_max", "rate_max"):
            assert row[column] in ("", "0"), (row["svname"], column, row[column])
    assert http(lbd.port).status == 200
    wait_for(lambda: lbd.stat("app", "BACKEND")["hrsp_2xx"] == "1")
    row = lbd.stat("web", "FRONTEND")
    assert (row["stot"], row["req_tot"], row["hrsp_2xx"]) == ("1", "1", "1")


def test_clear_counters_all_is_for_admins(box):
    origin = box.origin("a")
    path = str(box.path("operator.sock"))
    lbd = box.lbd(box.config({"a": origin}, top={"global": {"stats_sockets": [
        {"path": str(box.path("admin.sock")), "level": "admin"}, {"path": path, "level": "operator"}]}}))
    assert lbd.cli("clear counters", path=path) == "\n"
    assert lbd.cli("clear counters all", path=path) == "Permission denied\n\n"
