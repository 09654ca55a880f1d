"""retry.on, methods and attempts: what is tried again, where, and what the client gets at the end."""
import pytest
from attempts import Logged, Plan, answer, reset, says, silent, vanish
from lbdtest import Client, build_request, http, in_time

FAILURES = {
    "reset": (reset, 502, "server_closed", "SH"),
    "timeout": (silent, 504, "server_timeout", "sH"),
    "502": (answer(502, b"theirs"), 502, "-", "--"),
    "503": (answer(503, b"theirs"), 503, "-", "--"),
    "504": (answer(504, b"theirs"), 504, "-", "--"),
}
QUICK = {"server": "300ms"}


@pytest.mark.parametrize("word", FAILURES)
def test_it_is_tried_again_on_another_server(box, word):
    plan = Plan(box, "ab", FAILURES[word][0], answer())
    log = Logged(box, plan.servers, backend={"timeouts": QUICK, "retry": {"on": [word]}})
    response = http(log.port)
    assert (response.status, response.body) == (200, b"fine")
    assert sorted(plan.order) == ["a", "b"]
    assert log.end() == (200, "-", "--", 1)


@pytest.mark.parametrize("word", FAILURES)
def test_it_is_not_unless_it_is_listed(box, word):
    act, status, reason, termination = FAILURES[word]
    plan = Plan(box, "ab", act, answer())
    others = [other for other in [*FAILURES, "connect"] if other != word]
    log = Logged(box, plan.servers, backend={"timeouts": QUICK, "retry": {"on": others}})
    assert http(log.port).status == status
    assert len(plan.seen) == 1
    assert log.end() == (status, reason, termination, 0)


@pytest.mark.parametrize("word", FAILURES)
def test_the_last_failure_is_the_clients(box, word):
    act, status, reason, termination = FAILURES[word]
    plan = Plan(box, "abcd", act)
    log = Logged(box, plan.servers, backend={"timeouts": QUICK, "retry": {"attempts": 3, "on": [word]}})
    response = http(log.port)
    assert response.status == status
    assert (response.body == b"theirs") == (reason == "-")
    assert len(set(plan.order)) == len(plan.order) == 3
    assert log.end() == (status, reason, termination, 2)


def test_a_slow_request_runs_once_unless_timeouts_are_listed(box):
    """A report that takes longer than timeouts.server would otherwise run on every server in turn."""
    plan = Plan(box, "abc", silent)
    log = Logged(box, plan.servers, backend={"timeouts": QUICK})
    assert http(log.port).status == 504
    assert len(plan.seen) == 1 and log.end() == (504, "server_timeout", "sH", 0)
    in_time(log.rows()[0]["t_total"] / 1e6, 0.9)


def test_one_attempt_is_no_retry(box):
    plan = Plan(box, "ab", vanish)
    log = Logged(box, plan.servers, backend={"retry": {"attempts": 1, "same_server": 3}})
    assert http(log.port).status == 502 and len(plan.seen) == 1
    dead = Logged(box, {"d": f"127.0.0.1:{box.dead_port()}", "e": f"127.0.0.1:{box.dead_port()}"},
                  backend={"retry": {"attempts": 1, "same_server": 3}})
    assert http(dead.port).status == 503
    assert int(dead.lbd.stat("app", "BACKEND")["econ"]) == 1
    assert dead.end() == (503, "connect_failed", "SC", 0)


def test_a_refused_connect_stays_where_it_is_unless_it_is_listed(box):
    config = {"d": f"127.0.0.1:{box.dead_port()}", "a": box.origin("a")}
    log = Logged(box, config, backend={"retry": {"on": ["reset"], "same_server": 2}})
    assert sorted(http(log.port).status for _ in range(4)) == [200, 200, 503, 503]
    assert int(log.lbd.stat("app", "d")["econ"]) == 2


@pytest.mark.parametrize("method,listed,again", [
    ("POST", None, False), ("PUT", None, False), ("HEAD", None, True), ("OPTIONS", None, True),
    ("POST", ["POST"], True), ("GET", ["POST"], False), ("PROPFIND", ["PROPFIND"], True)])
def test_only_listed_methods(box, method, listed, again):
    plan = Plan(box, "ab", vanish, answer(204, b""))
    log = Logged(box, plan.servers, backend={"retry": {"methods": listed} if listed else {}})
    assert http(log.port, method).status == (204 if again else 502)
    assert len(plan.seen) == 1 + again


def test_two_servers_take_turns_while_attempts_are_left(box):
    plan = Plan(box, "ab", vanish)
    log = Logged(box, plan.servers, backend={"retry": {"attempts": 5}})
    assert http(log.port).status == 502
    assert "".join(plan.order) in ("ababa", "babab")
    assert log.end()[3] == 4


def test_the_only_server_is_asked_again_after_a_lost_answer(box):
    plan = Plan(box, "a", vanish, vanish, answer())
    log = Logged(box, plan.servers, form="httplog")
    assert http(log.port).status == 200
    assert len(plan.seen) == 3
    assert "/2 0/0 " in log.lines()[0]  # two retries, and none of them on another server
    row = log.lbd.stat("app", "a")
    assert (row["wretr"], row["wredis"], row["eresp"]) == ("2", "0", "2")


def later(value, status=503):
    return says(b"HTTP/1.1 %d No\r\nRetry-After:%s\r\nContent-Length: 6\r\n\r\ntheirs" % (status, value))


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("value,again", [
    (b" 1", False), (b" 120", False), (b"  007", False), (b" 99999999999999999999", False),
    (b" Fri, 31 Dec 1999 23:59:59 GMT", False), (b" soon", False), (b" 0", True), (b" 000", True), (b"", True)])
def test_the_only_server_is_not_asked_again_at_once_when_it_says_later(box, value, again, status):
    plan = Plan(box, "a", later(value, status), answer())
    log = Logged(box, plan.servers)
    response = http(log.port)
    if again:
        assert (response.status, response.body) == (200, b"fine")
    else:
        assert (response.status, response.body, response.get("Retry-After")) == (status, b"theirs", value.strip().decode())
    assert len(plan.seen) == 1 + again
    assert log.end() == (response.status, "-", "--", int(again))
    assert log.lbd.stat("app", "BACKEND")["hrsp_5xx"] == ("0" if again else "1")


def test_another_server_is_asked_when_one_says_later(box):
    plan = Plan(box, "abc", later(b" 1"), later(b" 2"), answer())
    log = Logged(box, plan.servers)
    assert http(log.port).body == b"fine"
    assert sorted(plan.order) == ["a", "b", "c"]
    assert log.end() == (200, "-", "--", 2)


def test_the_one_that_did_not_say_later_is_asked_again(box):
    plan = Plan(box, "ab", later(b" 1"), answer(503, b"now"), answer(503, b"now"), answer())
    log = Logged(box, plan.servers, backend={"retry": {"attempts": 5}})
    assert http(log.port).body == b"fine"
    first, *others = plan.order
    assert len(others) == 3 and first not in others


def test_the_only_server_is_not_asked_again_after_its_timeout(box):
    plan = Plan(box, "a", silent)
    log = Logged(box, plan.servers, backend={"timeouts": QUICK, "retry": {"on": ["timeout"]}})
    assert http(log.port).status == 504
    assert len(plan.seen) == 1 and log.end() == (504, "server_timeout", "sH", 0)


def test_half_a_head_and_the_end_is_tried_again(box):
    plan = Plan(box, "ab", says(b"HTTP/1.1 200 OK\r\nContent-"), answer())
    log = Logged(box, plan.servers)
    assert http(log.port).body == b"fine" and log.end()[3] == 1


def test_half_a_head_and_silence_is_not(box):
    plan = Plan(box, "ab", says(b"HTTP/1.1 200 OK\r\nContent-", then=silent), answer())
    log = Logged(box, plan.servers, backend={"timeouts": QUICK, "retry": {"on": ["timeout"]}})
    assert http(log.port).status == 504
    assert len(plan.seen) == 1 and log.end() == (504, "server_timeout", "sH", 0)


def test_nothing_is_tried_again_behind_an_interim_answer(box):
    for end in (b"", b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"):
        plan = Plan(box, "ab", says(b"HTTP/1.1 103 Early Hints\r\n\r\n" + end), answer())
        log = Logged(box, plan.servers)
        with Client(log.port) as client:
            interim = []
            client.send(build_request())
            assert client.response(interim=interim).status == (503 if end else 502)
            assert [each.status for each in interim] == [103]
        assert len(plan.seen) == 1


def test_nothing_is_tried_again_behind_a_head(box):
    plan = Plan(box, "ab", says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), answer())
    log = Logged(box, plan.servers)
    with Client(log.port) as client:
        assert client.send(build_request()).rest().endswith(b"\r\n\r\nhalf")
    assert len(plan.seen) == 1 and log.end() == (200, "server_closed", "SD", 0)


def test_a_better_answer_only_where_there_is_another_server(box):
    plan = Plan(box, "ab", answer(503, b"theirs"))
    log = Logged(box, plan.servers)
    log.lbd.act("disable server app/a")
    response = http(log.port)
    assert (response.status, response.body) == (503, b"theirs")
    assert set(plan.order) == {"b"}


def test_an_upgrade_is_tried_again_before_its_101(box):
    switch = says(b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", then=silent)
    plan = Plan(box, "ab", vanish, switch)
    log = Logged(box, plan.servers)
    with Client(log.port) as client:
        client.send(build_request(headers={"Connection": "upgrade", "Upgrade": "websocket"}))
        assert client.response().status == 101
    assert len(plan.seen) == 2


def test_the_connection_to_the_client_goes_on(box):
    plan = Plan(box, "abc", vanish, answer(), answer(503), answer(), answer())
    log = Logged(box, plan.servers)
    with Client(log.port) as client:
        assert [client.request().status for _ in range(3)] == [200] * 3
    assert [row["retries"] for row in log.rows(3)] == [1, 1, 0]
