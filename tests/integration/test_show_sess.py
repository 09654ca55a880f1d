"""show sess: the open sessions of all workers, in HAProxy's line, in pieces that hold nobody up."""
import re
import signal
import socket
import threading
import time

from lbdtest import Client, Load, StatsConnection, build_request, http, sanitized, wait_for

LINE = re.compile(
    r"^0x(?P<id>[0-9a-f]+): proto=(?P<proto>\w+) src=(?P<src>\S+) fe=(?P<fe>\S+) be=(?P<be>\S+) srv=(?P<srv>\S+) ts=\d\d "
    r"epoch=\w+ age=(?P<age>\w+) calls=(?P<calls>\d+) rate=\d+ cpu=\d+ lat=\d+ "
    r"rq\[f=[0-9a-f]+h,i=(?P<rqi>\d+),an=[0-9a-f]+h,rx=\w*,wx=\w*,ax=\w*\] "
    r"rp\[f=[0-9a-f]+h,i=\d+,an=[0-9a-f]+h,rx=\w*,wx=\w*,ax=\w*\] "
    r"scf=\[\d+,[0-9a-f]+h,fd=-?\d+\] scb=\[\d+,[0-9a-f]+h,fd=-?\d+\] exp=(?P<exp>\w*) rc=(?P<rc>\d+) c_exp=\w* "
    r"state=(?P<state>\w+) step=(?P<step>[\w-]+) idle=(?P<idle>\w+) queue=\w*(?: peer=(?P<peer>\S+))?$")


def rows(text):
    """The sessions, and the stats connection itself as the last one."""
    assert text.endswith("\n\n") and "\n\n" not in text[:-2]
    found = [LINE.match(line) for line in text.splitlines()[:-1]]
    assert all(found), text[:2000]
    assert found[-1]["fe"] == "GLOBAL" and found[-1]["src"] == "unix:1" and found[-1]["be"] == "<NONE>"
    return [match.groupdict() for match in found[:-1]]


def sessions(lbd):
    return rows(lbd.cli("show sess"))


def test_none_but_the_asking_one(box):
    lbd, _ = box.serve("a")
    assert sessions(lbd) == []


def test_states(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as idle, Client(lbd.port) as head, Client(lbd.port) as busy:
        idle.request()
        head.send(b"GET / HT")
        busy.send(b"GET /?delay=1500 HTTP/1.1\r\nHost: a\r\n\r\n")
        want = {f"127.0.0.1:{c.socket.getsockname()[1]}": state
                for c, state in ((idle, "idle"), (head, "head"), (busy, "busy"))}
        wait_for(lambda: {r["src"]: r["state"] for r in sessions(lbd)} == want, what=f"{want}")
        time.sleep(1.0)
        by_state = {r["state"]: r for r in sessions(lbd)}
        row = by_state["busy"]
        assert (row["proto"], row["fe"], row["be"], row["srv"], row["step"], row["rc"]) == (
            "tcpv4", "web", "app", "a", "response", "0")
        assert row["age"] == "1s" and row["idle"] == "1s" and row["exp"] in ("28s", "29s")
        assert (by_state["head"]["be"], by_state["head"]["srv"], by_state["head"]["rqi"]) == ("<NONE>", "<none>", "8")
        assert by_state["idle"]["calls"] == "1" and by_state["idle"]["step"] == "-"
    wait_for(lambda: sessions(lbd) == [], what="the sessions to end")


def test_all_and_one(box):
    lbd, origin = box.serve("a")
    with Client(lbd.port) as client:
        client.send(b"GET /some/path?delay=1500 HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        row = wait_for(lambda: sessions(lbd) and sessions(lbd)[0]["srv"] == "a" and sessions(lbd)[0],
                       what="the session")
        text = lbd.cli("show sess all")
        assert f"0x{row['id']}: [" in text and f"source={row['src']}" in text
        assert 'txn: request="GET /some/path?delay=1500" host="shop.example" status=-1' in text
        assert f"server=a (id=1) addr={origin.address}\n" in text and "backend=app (id=3 mode=http) addr=127.0.0.1:" in text
        assert "\n\n" not in text[:-2] and "frontend=web (id=2 mode=http)" in text
        one = lbd.cli(f"show sess 0x{row['id']}")
        assert one.splitlines()[0] == next(x for x in text.splitlines() if x.startswith("0x"))
        assert lbd.cli(f"show sess {row['id']}").startswith(f"0x{row['id']}: ")
    assert wait_for(lambda: lbd.cli(f"show sess 0x{row['id']}") == "Session not found.\n\n", what="the end")
    assert lbd.cli("show sess 0xffffffffffffffff") == "Session not found.\n\n"
    assert lbd.cli("show sess what").startswith("Session not found.")


def test_a_request_that_waits_behind_a_failed_attempt(box):
    """The connection of that attempt is gone, and nothing can wait to be sent on it."""
    lbd, *_ = box.serve("x", "y", backend={"servers": {"x": {"maxconn": 1}, "y": {"maxconn": 1}}, "algorithm": "first",
                                           "retry": {"attempts": 3, "on": ["reset"]}})
    with Client(lbd.port) as failed, Client(lbd.port) as other:
        failed.send(build_request(target="/?delay=200&reset=0"))
        wait_for(lambda: lbd.stat("app", "x")["scur"] == "1")
        other.send(build_request(target="/?delay=3000"))
        wait_for(lambda: "queue" in [r["step"] for r in sessions(lbd)], what="the retry to be queued")
        text = lbd.cli("show sess all")
        assert "step=queue" in text and re.search(r"  req: body=0 waiting_in=0 waiting_out=0 ", text)


def test_level(box):
    lbd, _ = box.serve("a")
    assert lbd.cli("user; show sess").endswith("Permission denied\n\n")
    assert rows(lbd.cli("operator; show sess").partition("\n")[2]) == []


def test_a_tunnel(box):
    server = box.scripted(lambda connection, number: connection.rest())
    lbd = box.lbd(box.config({"s": server}, frontend={"mode": "tcp"}, backend={"mode": "tcp"}))
    with Client(lbd.port) as client:
        client.send(b"hello")
        wait_for(lambda: [(r["step"], r["srv"]) for r in sessions(lbd)] == [("relay", "s")], what="the tunnel")


def test_many_sessions_of_four_workers(box):
    """Each is told once, by a daemon that goes on serving; ids are unique, and the answer is sent in pieces."""
    lbd, _ = box.serve("a", top={"global": {"threads": 4}}, frontend={"timeouts": {"http_request": "90s"}})
    load = Load(lbd.port, clients=4)
    held = [socket.create_connection(("127.0.0.1", lbd.port)) for _ in range(3000)]
    sources = {f"127.0.0.1:{s.getsockname()[1]}" for s in held}
    try:
        wait_for(lambda: sources <= {r["src"] for r in sessions(lbd)}, what="3000 sessions")
        for _ in range(5):
            found = sessions(lbd)
            assert sources <= {r["src"] for r in found}
            assert len({r["id"] for r in found}) == len(found) >= 3000
        assert lbd.cli("show sess all").count("\n  frontend=web") >= 3000
    finally:
        load.stop()
        assert load.join().errors == []
        for s in held:
            s.close()


def test_a_client_that_does_not_read(box):
    """Its answer waits where it is; others are answered, and its end leaves nothing behind."""
    lbd, _ = box.serve("a", top={"global": {"threads": 4}}, frontend={"timeouts": {"http_request": "90s"}})
    held = [socket.create_connection(("127.0.0.1", lbd.port)) for _ in range(2500)]
    wait_for(lambda: lbd.info()["CurrConns"] == "2500", what="2500 sessions")
    slow = [Client(str(lbd.stats_path)) for _ in range(4)]
    before = lbd.rss()
    for client in slow:
        client.send(b"show sess all\n" * 50)
    time.sleep(0.3)
    assert len(sessions(lbd)) >= 2500
    for s in held[:1500]:
        s.close()
    wait_for(lambda: lbd.info()["CurrConns"] == "1000", what="1000 sessions")
    assert sanitized() or lbd.rss() - before < 4 << 20
    for client in slow[:2]:
        client.close()
    assert len(sessions(lbd)) == 1000
    slow[2].socket.settimeout(10)
    assert b"source=127.0.0.1" in slow[2].rest()
    for s in held[1500:]:
        s.close()
    slow[3].close()
    wait_for(lambda: sessions(lbd) == [], what="no session")


def test_while_clients_come_and_go(box):
    """Sessions end under the cursors of several operators at once."""
    lbd, *_ = box.serve("a", "b", top={"global": {"threads": 4}})
    stop, failures = threading.Event(), []

    def churn():
        while not stop.is_set():
            try:
                clients = [socket.create_connection(("127.0.0.1", lbd.port)) for _ in range(40)]
                for s in clients:
                    s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                for s in clients:
                    s.close()
            except OSError as error:
                failures.append(error)

    def ask(command):
        with StatsConnection(lbd.stats_path) as stats:
            while not stop.is_set():
                answer = stats.command(command)
                if "fe=GLOBAL" not in answer and "all" not in command:
                    failures.append(answer[:200])
    threads = [threading.Thread(target=churn) for _ in range(3)]
    threads += [threading.Thread(target=ask, args=(c,)) for c in ("show sess", "show sess", "show sess all")]
    for thread in threads:
        thread.start()
    time.sleep(2)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    wait_for(lambda: sessions(lbd) == [], what="no session")
    assert http(lbd.port).status == 200


def test_at_the_end_of_the_daemon(box):
    """Workers that are gone have no sessions: an answer still comes while another one finishes its last request."""
    lbd, _ = box.serve("a", top={"global": {"threads": 4}}, frontend={"timeouts": {"http_request": "90s"}})
    with Client(lbd.port) as client, StatsConnection(lbd.stats_path) as stats:
        client.send(b"GET /?delay=2000 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: len(sessions(lbd)) == 1, what="the session")
        lbd.signal(signal.SIGTERM)
        for _ in range(50):
            assert len(rows(stats.command("show sess") + "\n\n")) <= 1
            time.sleep(0.01)
        assert client.response().status == 200
    lbd.wait()
