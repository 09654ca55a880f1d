"""Active checks: UP -> DOWN -> UP, as seen from the socket and by the traffic."""
import time

import pytest
from lbdtest import PLUGINS, config_text, http, wait_for

FAST = {"path": "/health", "interval": "50ms", "fast_interval": "30ms", "down_interval": "50ms", "timeout": "500ms",
        "rise": 2, "fall": 3}


def test_a_failing_check_takes_the_server_out_and_back(box):
    lbd, a, _ = box.serve("a", "b", backend={"check": FAST})
    lbd.wait_status("app", "a", "UP")
    wait_for(lambda: lbd.stat("app", "a")["check_status"] == "L7OK")
    a.set(health=500)
    wait_for(lambda: lbd.stat("app", "a")["status"].startswith("DOWN"))
    row = lbd.stat("app", "a")
    assert (row["check_status"].removeprefix("* "), row["check_code"], row["chkdown"]) == ("L7STS", "500", "1")
    assert {http(lbd.port).origin for _ in range(10)} == {"b"}
    a.set(health=200)
    wait_for(lambda: lbd.stat("app", "a")["status"] == "UP")
    wait_for(lambda: {http(lbd.port).origin for _ in range(10)} == {"a", "b"})
    assert "app/a" in lbd.log and "DOWN" in lbd.log


@pytest.mark.parametrize("fault,word", [("kill", "L4CON"), ("pause", "L7TOUT"), ("pause tcp", "L4OK")])
def test_how_a_server_fails_is_told(box, fault, word):
    check = {**FAST, "timeout": "200ms"}
    if "tcp" in fault:
        check = {**check, "type": "tcp"}
        del check["path"]
    lbd, a, _ = box.serve("a", "b", backend={"check": check})
    wait_for(lambda: lbd.stat("app", "a")["check_status"].removeprefix("* ") in ("L7OK", "L4OK"))
    if fault == "kill":
        a.kill()
    else:
        a.pause()
    wait_for(lambda: lbd.stat("app", "a")["check_status"].removeprefix("* ") == word)
    if "tcp" not in fault:
        wait_for(lambda: lbd.stat("app", "a")["status"].startswith("DOWN"))


def test_first_probe_decides(box):
    a, b = box.origins("a", "b")
    a.set(health=503)
    lbd = box.lbd(box.config({"a": a, "b": b}, backend={"check": {**FAST, "interval": "200ms"}}))
    lbd.wait_status("app", "a", "DOWN")
    lbd.wait_status("app", "b", "UP")


def test_expected_status_and_body(box):
    a, b = box.origins("a", "b")
    lbd = box.lbd(box.config({"a": a, "b": b}, backend={
        "check": {**FAST, "expect_status": "200,404", "expect_body": "^a"}}))
    lbd.wait_status("app", "b", "DOWN")
    assert lbd.stat("app", "b")["check_status"].removeprefix("* ") == "L7RSP"
    a.set(health=404)
    wait_for(lambda: lbd.stat("app", "a")["check_code"] == "404")
    assert lbd.stat("app", "a")["status"] == "UP"


def test_all_down_is_503_and_the_backend_says_so(box):
    lbd, a = box.serve("a", backend={"check": FAST})
    a.set(health=500)
    lbd.wait_status("app", "BACKEND", "DOWN")
    assert http(lbd.port).status == 503
    a.set(health=200)
    lbd.wait_status("app", "BACKEND", "UP")
    assert http(lbd.port).status == 200


def test_no_probes_in_maintenance(box):
    lbd, a = box.serve("a", backend={"check": FAST})
    wait_for(lambda: a.stats()["health"] > 2)
    lbd.act("set server app/a state maint")
    time.sleep(0.3)
    seen = a.stats()["health"]
    time.sleep(0.4)
    assert a.stats()["health"] == seen
    lbd.act("set server app/a state ready")
    wait_for(lambda: a.stats()["health"] > seen)


def test_without_checks_a_server_says_so(box):
    lbd, _ = box.serve("a")
    row = lbd.stat("app", "a")
    assert (row["status"], row["check_status"]) == ("no check", "")


def test_what_passed_has_no_text(box):
    lbd, *_ = box.serve("a", backend={"check": {"interval": "50ms"}})
    lbd.wait_status("app", "a", "UP")
    row = lbd.stat("app", "a")
    assert (row["check_status"].removeprefix("* "), row["check_code"], row["last_chk"]) == ("L7OK", "200", "")


def test_a_server_whose_probes_are_disabled_has_no_check(box):
    lbd, *_ = box.serve("a", backend={"check": {"interval": "50ms", "fall": 1}})
    lbd.wait_status("app", "a", "UP")

    def check_state():
        line = next(line for line in lbd.cli("show servers state app").splitlines() if " app 1 a " in line)
        return int(line.split()[13]) & ~1
    assert check_state() == 6
    lbd.act("disable health app/a")
    row = lbd.stat("app", "a")
    assert row["status"] == "no check"
    for column in ("check_status", "check_code", "check_duration", "last_chk", "check_desc", "check_rise", "check_health",
                   "chkfail", "chkdown"):
        assert row[column] == "", column
    assert check_state() == 2
    lbd.act("set server app/a state drain")
    assert lbd.stat("app", "a")["status"] == "DRAIN"
    lbd.act("set server app/a state maint")
    assert (lbd.stat("app", "a")["status"], check_state()) == ("MAINT", 10)
    lbd.act("enable server app/a")
    lbd.act("enable health app/a")
    lbd.wait_status("app", "a", "UP")


def test_a_tcp_probe_is_not_seen_by_the_servers_program(box):
    """A server counts who comes and says nothing: MariaDB bars a host for it. The handshake tells all there is to know."""
    server = box.scripted(lambda connection, number: connection.more())
    lbd = box.lbd(box.config({"a": server}, backend={"check": {"type": "tcp", "interval": "20ms"}}))
    lbd.wait_status("app", "a", "UP")
    time.sleep(2)
    # The last ACK waits for 40 ms, which a busy machine can outlast now and then.
    assert server.connections < 20, server.connections
    server.close()
    lbd.wait_status("app", "a", "DOWN")
    assert lbd.stat("app", "a")["check_status"].removeprefix("* ") == "L4CON"


@pytest.mark.parametrize("written,fast,down", [
    ({"interval": "100ms"}, "100ms", "100ms"), ({"interval": "3s"}, "1s", "3s"), ({}, "1s", "2s"),
    ({"interval": "3s", "fast_interval": "2s", "down_interval": "7s"}, "2s", "7s")])
def test_intervals_follow_interval_unless_written(box, written, fast, down):
    path = box.path("x.conf")
    path.write_text(config_text(box.config({"a": "127.0.0.1:9"}, backend={"check": written})))
    code, out, _ = box.run("-f", path, "-L", PLUGINS, "--dump-config")
    assert code == 0
    assert f'fast_interval = "{fast}";' in out and f'down_interval = "{down}";' in out


def test_a_server_that_is_down_is_probed_each_interval(box):
    a = box.origin("a")
    a.set(health=500)
    lbd = box.lbd(box.config({"a": a}, backend={"check": {"path": "/health", "interval": "50ms"}}))
    lbd.wait_status("app", "a", "DOWN")
    seen = a.stats()["health"]
    wait_for(lambda: a.stats()["health"] >= seen + 10, deadline=8, what="probes while it is down")
