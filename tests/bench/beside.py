"""The row "beside": what an attack costs 20 clients that behave, for each attack of attacks.py. In turns, each proxy is
measured alone and beside the attack; and lbd once more beside the same attack on a server that drops all, which shows
how much of it is the machine's."""
import contextlib
import json
import os
import re
import socket
import statistics

from attacks import ATTACKS, attacked
from contestants import Contestant
from lbdtest import BUILD, Failure, Process, wait_for
from report import table

ATTACK = BUILD / "tests/bench/attack"
CLIENTS, RATE = 20, 2000
WARM_MS = 200
# Whoever is of the attack gets what the core has left, and whoever is not takes it from him at once.
LAST = os.environ.get("BESIDE_LAST", "chrt --idle 0").split()


class Beside:
    """The servers of honest and other requests, and the proxies, each started when it is first wanted."""

    def __init__(self, bench):
        self.bench, self.machine, self.sandbox = bench, bench.machine, bench.sandbox
        victim = self.sandbox.origin("victim")
        os.sched_setaffinity(victim.pid, map(int, self.machine.origin.split(",")))
        os.sched_setscheduler(victim.pid, os.SCHED_IDLE, os.sched_param(0))
        # It never takes a connection up; the kernel does, and a few kB of each.
        self.deaf = socket.socket()
        self.deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.deaf.bind(("127.0.0.1", 0))
        self.deaf.listen(4096)
        self.servers = {"app": [origin.address for origin in bench.origins], "victim": [victim.address],
                        "deaf": ["127.0.0.1:%d" % self.deaf.getsockname()[1]]}
        sink = Process(self.sandbox, self.sandbox.fresh("sink"), ["taskset", "-c", self.machine.proxy, *LAST, ATTACK, "-s"])
        wait_for(lambda: "listening" in sink.out, 10, "the server that drops all")
        self.sink = re.search(r":(\d+)", sink.out)[1]
        self.proxies = {}

    def proxy(self, kind, setup):
        if (kind, setup) not in self.proxies:
            self.proxies[kind, setup] = Contestant(self.sandbox, attacked(kind, setup), self.servers, self.machine.proxy)
        return self.proxies[kind, setup]

    def load(self, proxy, seconds):
        return self.machine.load(proxy, CLIENTS, seconds, more=("-r", RATE, "-w", WARM_MS))

    @contextlib.contextmanager
    def attack(self, attack, port, did):
        argv = ["taskset", "-c", self.machine.rest if len(self.machine.cores) >= 4 else self.machine.clients, *LAST, ATTACK,
                *attack.words, "-t", 60_000, port]
        attacker = Process(self.sandbox, self.sandbox.fresh("attack"), list(map(str, argv)))
        yield
        attacker.stop()
        if attacker.log:
            raise Failure(f"{attack.name}: {attacker.log}")
        did.append(json.loads(attacker.out))

    def close(self):
        self.deaf.close()
        for proxy in self.proxies.values():
            proxy.end()


class Figures:
    """Of one kind beside one attack, a value a round."""

    def __init__(self):
        self.alone, self.beside, self.did, self.busy = [], [], [], []

    def ratios(self):
        return [beside["p99"] / alone["p99"] for alone, beside in zip(self.alone, self.beside)]


def measure(world, attack, kind, seconds, figures):
    proxy = world.proxy(kind, attack.setup)
    figures.alone.append(world.load(proxy, seconds))
    before = sum(proxy.cpu_split()[:1])
    idle = proxy.descriptors()
    with world.attack(attack, proxy.port, figures.did):
        figures.beside.append(world.load(proxy, seconds))
        busy = proxy.cpu_split()[0] - before
        figures.busy.append(busy / (seconds * 1e6 + WARM_MS * 1000))
    wait_for(lambda: proxy.descriptors() <= idle + 2 * CLIENTS, 30, "the attack to be over")


def median_us(runs, field="p99"):
    return f"{statistics.median(run[field] for run in runs):,.0f}"


def factor(figures):
    values = figures.ratios()
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def part_beside(bench, _name):
    world, rounds, results = Beside(bench), bench.options.rounds, {}
    seconds = bench.options.seconds / 4
    try:
        for attack in ATTACKS:
            rows = results[attack.name] = {kind: Figures() for kind in (*attack.kinds, "machine")}
            for _ in range(rounds):
                for kind in attack.kinds:
                    measure(world, attack, kind, seconds, rows[kind])
                rows["machine"].alone = rows["lbd"].alone
                with world.attack(attack, world.sink, rows["machine"].did):
                    rows["machine"].beside.append(world.load(world.proxy("lbd", attack.setup), seconds))
            print(attack.name, {kind: (factor(f), median_us(f.alone), median_us(f.beside), f.busy, f.did[-1]) for kind, f in rows.items()}, flush=True)
    finally:
        world.close()
    worst = max(results.values(), key=lambda rows: statistics.median(rows["lbd"].ratios()))
    bench.measured["beside"] = worst["lbd"].ratios()
    bench.emit(table(["attack", "lbd alone", "beside", "factor", "HAProxy", "nginx", "machine", "busy: lbd", "HAProxy"],
                     [(name, median_us(rows["lbd"].alone), median_us(rows["lbd"].beside),
                       *(factor(rows[kind]) if kind in rows else "-" for kind in ("lbd", "haproxy", "nginx", "machine")),
                       *(f"{statistics.median(rows[kind].busy):.0%}" for kind in ("lbd", "haproxy")))
                      for name, rows in results.items()]))
