"""Thousands of clients that send a head byte by byte: they end at http_request, cost little memory, and the others do
not notice them."""
import statistics
import time

from lbdtest import BUILD, Client, Process, build_request, sanitized, wait_for

SLOW = 5000
DRIP_MS = 1000


class Dripper(Process):
    def __init__(self, box, port, count=SLOW, seconds=60):
        super().__init__(box, box.fresh("dripper"),
                         [BUILD / "tests/support/dripper", "127.0.0.1", port, count, DRIP_MS, seconds])
        wait_for(lambda: "open" in self.out, 30, "the slow clients to be connected")


def latencies(port, seconds=1.5, clients=4, every=0.002):
    """Requests at a constant rate over a few connections; ms, sorted."""
    connections, taken = [Client(port) for _ in range(clients)], []
    request = build_request()
    end, turn = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        client = connections[turn % clients]
        turn += 1
        start = time.perf_counter()
        client.send(request)
        assert client.response().status == 200
        taken.append((time.perf_counter() - start) * 1000)
        time.sleep(every)
    for client in connections:
        client.close()
    return sorted(taken)


def percentile(values, percent):
    return values[min(len(values) - 1, len(values) * percent // 100)]


def test_five_thousand_slow_clients(box):
    """Memory of each, and the latency of the others: rounds without (A) and with them (B), A B A B, medians compared.
    The slow clients themselves take time of this machine, so in A they are at another daemon. The target is a p99 within
    1.2 times; while other tests run on this machine, 1 ms more is tolerated, and more rounds are measured."""
    settings = {"frontend": {"timeouts": {"http_request": "60s"}}, "top": {"global": {"threads": 2}}}
    lbd, a = box.serve("a", **settings)
    other = box.lbd(box.config({"a": a}, **settings))
    assert int(lbd.info()["Maxconn"]) > SLOW
    latencies(lbd.port, 0.5)
    without, with_them, session = [], [], 0
    while True:
        for daemon, rounds in ((other, without), (lbd, with_them)):
            before = daemon.rss()
            dripper = Dripper(box, daemon.port)
            wait_for(lambda d=daemon: int(d.info()["CurrConns"]) >= SLOW, 20)
            rounds.append(latencies(lbd.port))
            session = session or (daemon.rss() - before) / SLOW  # the first time: later ones use this memory again
            dripper.kill()
            wait_for(lambda d=daemon: d.info()["CurrConns"] == "0", 20)
        figures = {percent: [statistics.median(percentile(round_, percent) for round_ in rounds)
                             for rounds in (without, with_them)] for percent in (50, 99)}
        good = figures[99][1] <= figures[99][0] * 1.2 + 1
        if len(without) >= (3 if good else 12):
            break
    print(f"bytes of memory for each slow session: {session:.0f}; ms without and with them: "
          f"p50 {figures[50][0]:.3f} {figures[50][1]:.3f}, p99 {figures[99][0]:.3f} {figures[99][1]:.3f}")
    assert sanitized() or 0 < session < 1024, session
    assert good, figures


def test_slow_heads_end_at_their_deadline(box):
    lbd, _ = box.serve("a", frontend={"timeouts": {"http_request": "2s"}})
    start = time.monotonic()
    dripper = Dripper(box, lbd.port, 1000)
    assert lbd.stat("web", "FRONTEND")["hrsp_4xx"] == "0" or time.monotonic() - start > 1.9
    wait_for(lambda: int(lbd.stat("web", "FRONTEND")["hrsp_4xx"]) >= 1000, 15, "408 for each of them")
    assert time.monotonic() - start > 1.9
    dripper.kill()
    wait_for(lambda: lbd.info()["CurrConns"] == "0", 20)
    assert dripper.child.returncode == -9
