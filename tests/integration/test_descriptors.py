"""When descriptors are out: no spinning, no lost client, a stats socket that answers, upstreams for who was accepted, and
everything given back at the end."""
import os
import resource
import select
import socket
import subprocess
import time

from lbdtest import Client, build_request, flowing_inodes, http, took, wait_for


def limit_descriptors(lbd, soft, hard=None):
    """Of a running process; what is open stays open."""
    resource.prlimit(lbd.pid, resource.RLIMIT_NOFILE, (soft, hard or soft))


def limited(box, monkeypatch, limit, config):
    """A daemon that starts under this limit."""
    import lbdtest
    wrapper = box.path("limited")
    wrapper.write_text(f'#!/bin/sh\nulimit -n {limit}\nexec "{lbdtest.LBD}" "$@"\n')
    wrapper.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(lbdtest, "LBD", wrapper)
        return box.lbd(config)


def no_descriptors(lbd, spare=0):
    """From now on the process can open only so many more."""
    limit_descriptors(lbd, max(lbd.fds()) + 1 + spare, 20000)


def switches(lbd):
    """Voluntary context switches of all threads: about one for each turn of a loop that has nothing to do."""
    total = 0
    for task in os.listdir(f"/proc/{lbd.pid}/task"):
        with open(f"/proc/{lbd.pid}/task/{task}/status", encoding="ascii") as status:
            total += next(int(line.split()[1]) for line in status if line.startswith("voluntary"))
    return total


def test_out_of_descriptors_does_not_spin_and_ends_at_once(box):
    lbd, _ = box.serve("a", top={"global": {"threads": 1}})
    with Client(lbd.port) as early:
        assert early.request().status == 200
        no_descriptors(lbd)
        clients = [Client(lbd.port) for _ in range(20)]
        time.sleep(0.2)
        cpu, turns = lbd.cpu(), switches(lbd)
        time.sleep(1)
        # 20 retries, and the 10 looks a second of control
        assert switches(lbd) - turns < 100, switches(lbd) - turns
        assert lbd.cpu() - cpu < 0.1
        assert early.request().status == 200
        for client in clients:
            client.send(build_request())
        start = time.monotonic()
        limit_descriptors(lbd, 20000)
        assert clients[0].response().status == 200
        took(start, 0.1 + 0.1)  # the retry, and the answer on a busy machine
        for client in clients[1:]:
            assert client.response().status == 200
            client.close()
        clients[0].close()
    assert int(lbd.info()["Descriptor_shortages"]) > 0
    assert lbd.log.count("Descriptors are out") == 1


def test_the_stats_socket_answers_when_descriptors_are_out(box):
    lbd, _ = box.serve("a", top={"global": {"threads": 4}})
    no_descriptors(lbd)
    clients = [Client(lbd.port) for _ in range(10)]
    time.sleep(0.2)
    for _ in range(20):
        assert lbd.cli("show version").startswith("2.6.0-lbd")
    limit_descriptors(lbd, 20000)
    for client in clients:
        assert client.request().status == 200
        client.close()


def test_who_is_accepted_gets_an_upstream(box, monkeypatch):
    """The automatic maxconn: with 100 descriptors, many clients, and four workers, nobody is told 503."""
    a = box.origin("a", delay=5)
    config = box.config({"a": a}, backend={"queue": {"max": 0}}, top={"global": {"threads": 4}})
    lbd = limited(box, monkeypatch, 128, config)
    hard = int(lbd.info()["Maxconn"])
    assert 20 <= hard <= 50, hard
    assert lbd.info()["Ulimit-n"] == "128"
    clients = [Client(lbd.port, timeout=30) for _ in range(300)]
    for client in clients:
        client.send(build_request(headers={"Connection": "close"}))
    # Whoever has its answer leaves at once: a session that waits for its client to close keeps its place so long.
    end = time.monotonic() + 30
    while clients and time.monotonic() < end:
        answered = select.select([c.socket for c in clients], [], [], 1)[0]
        for client in [client for client in clients if client.socket in answered]:
            response = client.response()
            assert response.status == 200, response
            client.close()
        clients = [client for client in clients if client.socket not in answered]
    assert not clients, len(clients)
    assert lbd.info()["Descriptor_shortages"] == "0"
    assert int(lbd.stat("web", "FRONTEND")["smax"]) <= hard


def test_idle_upstreams_make_room_for_sessions(box, monkeypatch):
    """Idle upstreams of many servers hold descriptors; they are closed when those run short."""
    origins = {f"s{i}": box.origin(f"s{i}") for i in range(6)}
    config = box.config(origins, backend={"pool": {"max_idle": 100}}, top={"global": {"threads": 2}})
    lbd = limited(box, monkeypatch, 128, config)
    statuses = []
    for _ in range(6):
        clients = [Client(lbd.port, timeout=20) for _ in range(int(lbd.info()["Maxconn"]))]
        for client in clients:
            client.send(build_request())
        statuses += [client.response().status for client in clients]
        for client in clients:
            client.close()
    assert set(statuses) == {200}
    assert lbd.info()["Descriptor_shortages"] == "0"
    assert len(lbd.fds()) < 128


def test_a_maxconn_that_descriptors_do_not_allow_is_lowered(box, monkeypatch):
    lbd = limited(box, monkeypatch, 256, box.config({"a": box.origin("a")}, top={"global": {"maxconn": 5000}}))
    hard = int(lbd.info()["Hard_maxconn"])
    assert lbd.info()["Maxconn"] == str(hard) and hard < 128
    assert "global.maxconn is 5000, but 256 descriptors are enough for" in lbd.log


def test_a_tiny_limit_serves_one_after_another(box, monkeypatch):
    lbd = limited(box, monkeypatch, 40, box.config({"a": box.origin("a")}, top={"global": {"threads": 1}}))
    clients = [Client(lbd.port, timeout=20) for _ in range(60)]
    for client in clients:
        client.send(build_request(headers={"Connection": "close"}))
    for client in clients:
        assert client.response().status == 200
        client.close()


# --- what is used is given back

def test_resets_and_aborts_leave_nothing_behind(box):
    """LC1 and LP: 300 resets, 30 aborted downloads, 200 stalled clients; then as many descriptors as before."""
    lbd, _ = box.serve("a", frontend={"timeouts": {"http_request": "1s"}}, top={"global": {"threads": 4}})
    assert http(lbd.port).status == 200
    steady = lambda: len(lbd.held_fds())
    before, children = steady(), subprocess.run(
        ["ps", "--no-headers", "-o", "pid", "--ppid", str(lbd.pid)], capture_output=True, check=False).stdout
    for i in range(300):
        client = Client(lbd.port)
        client.send([b"", b"GET / HT", build_request(), build_request("POST", "/", {"Content-Length": "10"})][i % 4])
        client.reset()
    for _ in range(30):
        client = Client(lbd.port)
        client.send(build_request(target="/?body=10000000"))
        client.need(100_000)
        client.reset()
    stalled = [Client(lbd.port) for _ in range(200)]
    for client in stalled:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
    assert http(lbd.port).status == 200
    for client in stalled:
        assert client.response().status == 408
        client.close()
    wait_for(lambda: lbd.info()["CurrConns"] == "0")
    pool = sum(int(row["srv_icur"] or 0) for row in lbd.show_stat())
    flowing = flowing_inodes()
    wait_for(lambda: steady() <= before, what=f"{before} descriptors again, now {steady()}")
    assert sum(link in flowing for link in lbd.fds().values()) <= pool + 2
    assert children == b""
    assert lbd.running and http(lbd.port).status == 200


def test_a_queue_of_many_waits_in_the_kernel(box):
    """Clients that wait hold no descriptor of the daemon."""
    lbd, _ = box.serve("a", frontend={"maxconn": 5}, top={"global": {"threads": 2}})
    before = len(lbd.fds())
    clients = [socket.create_connection(("127.0.0.1", lbd.port)) for _ in range(500)]
    time.sleep(0.3)
    assert len(lbd.fds()) <= before + 5 + 2
    for client in clients:
        client.close()
    wait_for(lambda: http(lbd.port).status == 200)
