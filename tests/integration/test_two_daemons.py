"""One file and one address have one owner: a second daemon is refused, or takes over when it is told to (-x)."""
import os
import threading

import pytest
from lbdtest import Client, Load, http, wait_for


def second(box, config, *args, stats="other.sock"):
    """A second daemon's start, up to its end: its log. stats: the name of its stats socket."""
    config["global"]["stats_sockets"] = [{"path": str(box.path(stats)), "level": "admin"}]
    other = box.lbd(config, args=args, wait=False)
    assert other.wait() == 1, other.log
    other.checked = True
    return other.log


def takes_over(box, config, *args):
    """A daemon that has taken over from the one on s0.sock. Until then the old one answers in its place."""
    lbd = box.lbd(config, args=("-x", box.path("s0.sock"), *args), wait=False)
    wait_for(lambda: "Took over" in lbd.log or not lbd.running, deadline=20, what="the takeover")
    lbd.fds_at_start = len(lbd.held_fds())
    return lbd


def pid_of(path):
    return int(path.read_text())


def test_the_file_of_a_unix_socket_stays(box):
    config = box.config({"a": box.origin()})
    path = str(box.path("front.sock"))
    config["frontends"]["web"]["bind"] += [f"unix:{path}"]
    lbd = box.lbd(config)
    second(box, config)
    assert http(path).status == 200
    assert lbd.running


def test_a_second_daemon_on_an_address_is_refused_and_told_who_is_there(box):
    config = box.config({"a": box.origin()})
    lbd = box.lbd(config)
    load = Load(lbd.port, clients=4)
    log = second(box, config)
    load.stop()
    assert f"{config['frontends']['web']['bind'][0]}: Address already in use" in log
    assert f"(process {lbd.pid}, lbd)" in log and "-x SOCKET" in log
    assert load.errors == [] and load.refused == 0


@pytest.mark.parametrize("mine, theirs", [("*", "127.0.0.1"), ("127.0.0.1", "*"), ("[::1]", "[::]"), ("[::]", "[::1]")])
def test_an_address_that_contains_another_one_is_the_same(box, mine, theirs):
    port = box.port()
    config = box.config({"a": "127.0.0.1:1"}, frontend={"bind": [f"{mine}:{port}"]})
    box.lbd(config)
    config["frontends"]["web"]["bind"] = [f"{theirs}:{port}"]
    assert "Address already in use" in second(box, config)


def test_other_addresses_with_the_same_port_are_free(box):
    config = box.config({"a": "127.0.0.1:1"})
    lbd = box.lbd(config)
    config["frontends"]["web"]["bind"] = [f"127.0.0.2:{lbd.port}", f"[::]:{lbd.port}"]
    config["global"]["stats_sockets"][0]["path"] = str(box.path("other.sock"))
    box.lbd(config)


def test_of_two_that_start_at_once_not_both_serve(box):
    config = box.config({"a": "127.0.0.1:1"})
    for turn in range(3):
        both = []
        for i in range(2):
            config["global"]["stats_sockets"][0]["path"] = str(box.path(f"{turn}.{i}.sock"))
            both.append(box.lbd(config, wait=False))
        wait_for(lambda pair=both: all(not d.running or "started with" in d.log for d in pair) and
                 sum(d.running for d in pair) < 2, what="one of them to serve or none", deadline=20)
        for daemon in both:
            if not daemon.running:
                assert "Address already in use" in daemon.log
                daemon.checked = True
            else:
                daemon.check()


def test_who_ends_leaves_what_another_one_has_made_since(box):
    config = box.config({"a": "127.0.0.1:1"})
    front, pidfile = box.path("front.sock"), box.path("lbd.pid")
    config["frontends"]["web"]["bind"] = [f"unix:{front}"]
    first = box.lbd(config, args=("-p", pidfile))
    stats = box.path("s0.sock")
    for path in (front, pidfile, stats):
        path.unlink()
    other = box.lbd(config, args=("-p", pidfile))
    assert first.stop() == 0
    assert pid_of(pidfile) == other.pid and front.is_socket() and stats.is_socket()
    assert other.stop() == 0
    assert not pidfile.exists() and not front.exists() and not stats.exists()


def test_a_pidfile_belongs_to_one_that_lives(box):
    pidfile = box.path("lbd.pid")
    pidfile.write_text("1\n")
    config = box.config({"a": "127.0.0.1:1"})
    lbd = box.lbd(config, args=("-p", pidfile))
    wait_for(lambda: pid_of(pidfile) == lbd.pid, what="the stale file to be replaced")
    config["frontends"]["web"]["bind"] = [f"127.0.0.1:{box.port()}"]
    assert f"{pidfile}: it belongs to process {lbd.pid}, which runs" in second(box, config, "-p", pidfile)
    assert pid_of(pidfile) == lbd.pid
    lbd.kill()
    lbd.checked = True
    assert pidfile.exists()
    config["global"]["stats_sockets"][0]["path"] = str(box.path("s0.sock"))
    after = box.lbd(config, args=("-p", pidfile))
    wait_for(lambda: pid_of(pidfile) == after.pid, what="the file of a killed one to be replaced")


def test_a_takeover_loses_nothing(box):
    config = box.config({"a": box.origin("a", delay=2)})
    front, pidfile = box.path("front.sock"), box.path("lbd.pid")
    config["frontends"]["web"]["bind"] += [f"unix:{front}"]
    before = box.lbd(config, args=("-p", pidfile))
    loads = [Load(before.port, clients=4, may_close=True), Load(str(front), clients=4, may_close=True)]
    for _ in range(3):
        now = takes_over(box, config, "-p", pidfile)
        assert before.wait() == 0
        before.checked = True
        wait_for(lambda daemon=now: pid_of(pidfile) == daemon.pid, what="the pidfile")
        assert front.is_socket()
        assert now.info()["Pid"] == str(now.pid)
        assert f"Took over from process {before.pid}" in now.log
        assert "shutdown process" in before.log
        before = now
    for load in loads:
        load.stop()
        assert (load.errors, load.refused) == ([], 0)
        assert load.count(200) == len(load.results) > 0


def test_connections_that_are_not_kept_are_not_lost_either(box):
    config = box.config({"a": box.origin()})
    before = box.lbd(config)
    load = Load(before.port, clients=4, each=100, headers={"Connection": "close"})
    wait_for(lambda: len(load.results) > 40, what="the load")
    takes_over(box, config)
    assert before.wait() == 0
    before.checked = True
    load.join()
    assert (load.errors, load.refused, load.count(200)) == ([], 0, 400)


def test_a_long_request_is_finished_by_who_has_it(box):
    go = threading.Event()

    def serve(client, _):
        client.until(b"\r\n\r\n")
        go.wait(30)
        client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    config = box.config({"a": box.scripted(serve).address})
    before = box.lbd(config)
    with Client(before.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: before.stat("web", "FRONTEND")["scur"] == "1", what="the request")
        now = takes_over(box, config)
        wait_for(lambda: "Stopping" in before.log, what="the first one to be told")
        assert before.running
        go.set()
        answer = client.response()
        assert (answer.status, answer.get("Connection")) == (200, "close")
    assert before.wait() == 0
    before.checked = True
    assert now.running and http(now.port).status == 200


@pytest.mark.parametrize("level", ["user", "operator"])
def test_a_takeover_needs_the_level_admin(box, level):
    config = box.config({"a": box.origin()})
    config["global"]["stats_sockets"][0]["level"] = level
    lbd = box.lbd(config)
    log = second(box, config, "-x", box.path("s0.sock"))
    assert f"this stats socket has the level {level}" in log and 'level = "admin"' in log
    assert http(lbd.port).status == 200


def test_a_takeover_of_nobody_is_refused(box):
    config = box.config({"a": "127.0.0.1:1"})
    assert "nobody answers" in second(box, config, "-x", box.path("none.sock"))


def test_a_takeover_that_cannot_start_changes_nothing(box):
    config = box.config({"a": box.origin()})
    front, pidfile = box.path("front.sock"), box.path("lbd.pid")
    config["frontends"]["web"]["bind"] += [f"unix:{front}"]
    lbd = box.lbd(config, args=("-p", pidfile))
    load = Load(lbd.port, clients=4)
    names = sorted(os.listdir(box.directory))
    config["frontends"]["web"]["bind"] += ["unix:/nonexistent/x.sock"]
    log = second(box, config, "-p", pidfile, "-x", box.path("s0.sock"), stats="s0.sock")
    load.stop()
    assert "/nonexistent/x.sock: directory /nonexistent: No such file" in log
    assert (load.errors, load.refused) == ([], 0)
    assert [name for name in sorted(os.listdir(box.directory)) if not name.startswith("lbd.2")] == names
    assert pid_of(pidfile) == lbd.pid and http(str(front)).status == 200 and lbd.info()["Pid"] == str(lbd.pid)


def test_a_socket_of_a_third_one_is_not_taken_over(box):
    config = box.config({"a": box.origin()})
    front = box.path("front.sock")
    third = box.config({"a": "127.0.0.1:1"}, frontend={"bind": [f"unix:{front}"]})
    third["global"]["stats_sockets"] = [{"path": str(box.path("third.sock"))}]
    box.lbd(third)
    lbd = box.lbd(config)
    config["frontends"]["web"]["bind"] += [f"unix:{front}"]
    assert "another process answers on it" in second(box, config, "-x", box.path("s0.sock"))
    assert http(lbd.port).status == 200 and front.is_socket()


def test_shutdown_process_stops_gracefully(box):
    lbd, *_ = box.serve("a")
    lbd.act("shutdown process")
    assert lbd.wait() == 0
    lbd.checked = True
    assert "Stopping" in lbd.log and "shutdown process" in lbd.log
