"""mode = "tcp" with socat and nc on the outside: each direction ends by itself, and what was carried is told."""
import re
import subprocess
import threading
import time

import pytest
from lbdtest import Client, Process, listening_ports, pattern, took, wait_for

TCPLOG = re.compile(
    r"(?P<ip>[\d.]+):(?P<port>\d+) \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] (?P<fe>\S+) (?P<be>[^/\s]+)/(?P<srv>\S+) "
    r"(?P<tw>-?\d+)/(?P<tc>-?\d+)/(?P<tt>\+?\d+) (?P<bytes>\+?\d+) (?P<term>\S{2}) \d+/\d+/\d+/\d+/\+?\d+ \d+/\d+$")


def serve(box, server, defaults=None, **more):
    log = box.path("access.log")
    config = box.config({"s": server}, frontend={"access_log": {"format": "tcplog", "target": str(log)}},
                        top={"defaults": {"mode": "tcp", **(defaults or {})}, "global": {"threads": 1}}, **more)
    lbd = box.lbd(config)

    def line():
        wait_for(lambda: log.exists() and log.read_text().count("\n"), what="a line of the connection")
        assert log.read_text().count("\n") == 1, log.read_text()
        match = TCPLOG.search(log.read_text().rstrip("\n"))
        assert match, log.read_text()
        return match
    return lbd, line


def run(*argv, data=b"", timeout=30):
    return subprocess.run(list(map(str, argv)), input=data, capture_output=True, timeout=timeout, check=False)


CLIENTS = {"socat": lambda port: ("socat", "-t", "20", "-", f"TCP4:127.0.0.1:{port}"),
           "nc": lambda port: ("nc", "-N", "-w", "20", "127.0.0.1", port)}


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_the_client_ends_first_and_still_gets_the_answer(box, client):
    """The server answers only when the client's end has arrived."""
    def count(connection, _number):
        data = connection.rest()
        time.sleep(0.2)
        connection.send(b"%d bytes\n" % len(data))
    scripted = box.scripted(count)
    lbd, line = serve(box, scripted.address)
    done = run(*CLIENTS[client](lbd.port), data=pattern(3_000_000))
    assert (done.returncode, done.stdout) == (0, b"3000000 bytes\n"), done.stderr
    match = line()
    assert (match["fe"], match["be"], match["srv"], match["bytes"], match["term"]) == (
        "web", "app", "s", str(len(done.stdout)), "--")
    assert int(match["tt"]) >= 190 and int(match["tc"]) >= 0
    row = lbd.stat("app", "s")
    assert (row["bin"], row["bout"], row["stot"], row["scur"]) == ("3000000", str(len(done.stdout)), "1", "0")


def test_the_server_ends_first_and_still_gets_the_rest(box):
    """The server says goodbye at once, and reads on."""
    got, ended = [], threading.Event()

    def greet(connection, _number):
        connection.send(b"hello and goodbye\n").half_close()
        got.append(connection.rest())
        ended.set()
    scripted = box.scripted(greet)
    lbd, line = serve(box, scripted.address)
    with Client(lbd.port) as client:
        assert client.rest() == b"hello and goodbye\n"
        for part in range(10):
            client.send(pattern(100_000))
            time.sleep(0.02)
        client.half_close()
        assert ended.wait(10)
    assert got == [pattern(100_000) * 10]
    assert line()["term"] == "--"
    row = lbd.stat("app", "s")
    assert (row["bin"], row["bout"]) == ("1000000", str(len(b"hello and goodbye\n")))


def test_socat_on_both_sides_carries_a_file(box):
    source, got = box.path("source"), box.path("got")
    source.write_bytes(pattern(20_000_000))
    port = box.port()
    Process(box, "socat", ["socat", "-u", f"TCP4-LISTEN:{port},bind=127.0.0.1,reuseport", f"CREATE:{got}"])
    wait_for(lambda: port in listening_ports(), what="socat to listen")
    lbd, line = serve(box, f"127.0.0.1:{port}")
    done = run("socat", "-u", f"FILE:{source}", f"TCP4:127.0.0.1:{lbd.port}")
    assert done.returncode == 0, done.stderr
    line()
    wait_for(lambda: got.exists() and got.stat().st_size == 20_000_000)
    assert got.read_bytes() == source.read_bytes()
    assert lbd.stat("app", "s")["bin"] == "20000000"


def test_a_silent_connection_ends_at_its_timeout_and_says_so(box):
    lbd, line = serve(box, box.origin("a", echo=True), {"timeouts": {"tunnel": "700ms"}})
    with Client(lbd.port) as client:
        # Traffic in either direction keeps it.
        for _ in range(4):
            assert client.send(b"x").need(1) == b"x"
            time.sleep(0.3)
        start = time.monotonic()
        assert client.closed(5)
        took(start, 3)
    match = line()
    assert (match["bytes"], match["term"]) == ("4", "cD")
    row = lbd.stat("app", "s")
    assert (row["bin"], row["bout"], row["scur"], row["cli_abrt"]) == ("4", "4", "0", "1")


def test_a_server_that_takes_nothing_ends_at_its_timeout(box):
    release = threading.Event()
    scripted = box.scripted(lambda _connection, _number: release.wait(20))
    lbd, line = serve(box, scripted.address, {"timeouts": {"client": "20s", "server": "500ms"}})
    with Client(lbd.port) as client:
        with pytest.raises(OSError):
            for _ in range(200):
                client.send(pattern(1_000_000))
    assert line()["term"] == "sD"
    assert lbd.stat("app", "s")["srv_abrt"] == "1"
    release.set()


def test_a_server_that_is_not_there(box):
    lbd, line = serve(box, f"127.0.0.1:{box.dead_port()}", backend={"retry": {"attempts": 1}})
    with Client(lbd.port) as client:
        assert client.closed()
    match = line()
    assert (match["bytes"], match["term"]) == ("0", "SC")
    assert lbd.stat("app", "BACKEND")["econ"] == "1"


def test_a_reset_server_is_no_clean_end(box):
    lbd, line = serve(box, box.scripted(lambda connection, _number: (connection.need(1), connection.reset())).address)
    with Client(lbd.port) as client:
        client.send(b"x")
        with pytest.raises(ConnectionResetError):
            client.rest()
    assert line()["term"] == "SD"
    row = lbd.stat("app", "s")
    assert (row["srv_abrt"], row["cli_abrt"]) == ("1", "0")
