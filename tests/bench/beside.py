"""The row "beside": what an attack costs 20 clients that behave, for each attack of attacks.py. In turns, each proxy is
measured alone and beside the attack; and lbd once more beside the same attack on a server that drops all, which shows
how much of it is the machine's."""
import contextlib
import os
import re
import socket
import statistics

from attacks import ATTACKS, attacked
from contestants import PEERS, Contestant
from lbdtest import BUILD, Failure, Process, wait_for
from report import table

ATTACK = BUILD / "tests/bench/attack"
CLIENTS, RATE = 20, 2000
WARM_MS = 200
# Whoever is of the attack gets what the core has left, and whoever is not takes it from him at once.
LAST = ("chrt", "--idle", "0")


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
    def attack(self, attack, port):
        argv = ["taskset", "-c", self.machine.rest if len(self.machine.cores) >= 4 else self.machine.clients, *LAST, ATTACK,
                *attack.words, "-t", 60_000, port]
        attacker = Process(self.sandbox, self.sandbox.fresh("attack"), list(map(str, argv)))
        try:
            yield
        finally:
            attacker.stop()
        if attacker.log:
            raise Failure(f"{attack.name}: {attacker.log}")

    def close(self):
        self.deaf.close()
        for proxy in self.proxies.values():
            proxy.end()


class Figures:
    """Of one kind beside one attack, a value a round. busy: the part of the time that the attacked proxy was at work."""

    def __init__(self):
        self.alone, self.beside, self.busy = [], [], []

    def factor(self):
        return calm(self.beside) / calm(self.alone)


def calm(runs):
    """p99 of the rounds that the rest of the machine disturbed least, their lower quartile: what others do on it comes and
    goes, and what a proxy does to its clients is there in every round."""
    values = [run["p99"] for run in runs]
    return statistics.quantiles(values, n=4, method="inclusive")[0] if len(values) > 1 else values[0]


def measure(world, attack, kind, seconds, figures):
    proxy = world.proxy(kind, attack.setup)
    figures.alone.append(world.load(proxy, seconds))
    before, open_before = proxy.cpu_split()[0], proxy.descriptors()
    with world.attack(attack, proxy.port):
        figures.beside.append(world.load(proxy, seconds))
        figures.busy.append((proxy.cpu_split()[0] - before) / (seconds * 1e6 + WARM_MS * 1000))
    # To see them off is no part of what comes next. Connections to servers may stay.
    wait_for(lambda: proxy.descriptors() <= open_before + 2 * CLIENTS + 60, 30, "the attack to be over")


def measure_machine(world, attack, seconds, figures):
    """lbd, beside the attack on somebody else."""
    with world.attack(attack, world.sink):
        figures.beside.append(world.load(world.proxy("lbd", attack.setup), seconds))


def in_turns(world, attack, rounds, seconds):
    rows = {kind: Figures() for kind in (*attack.kinds, "machine")}
    rows["machine"].alone = rows["lbd"].alone
    for _ in range(rounds):
        for kind in attack.kinds:
            measure(world, attack, kind, seconds, rows[kind])
        measure_machine(world, attack, seconds, rows["machine"])
    return rows


def figures_row(name, rows):
    mine = rows["lbd"]
    return (name, f"{calm(mine.alone):,.0f}", f"{calm(mine.beside):,.0f}",
            *(f"{rows[kind].factor():.2f}" if kind in rows else "-" for kind in ("lbd", *PEERS, "machine")),
            f"{statistics.median(mine.busy):.0%}")


def part_beside(bench, _name):
    world, seconds = Beside(bench), bench.options.seconds / 4
    try:
        results = {attack.name: in_turns(world, attack, bench.options.rounds, seconds) for attack in ATTACKS}
    finally:
        world.close()
    bench.measured["beside"] = [max(rows["lbd"].factor() for rows in results.values())]
    bench.emit(f"### p99 of {CLIENTS} clients beside attacks, {RATE:,} requests a second, us ({bench.options.rounds} rounds of "
               f"{seconds:g} s)\n")
    bench.emit("Lower quartiles of the rounds. Factors are p99 beside the attack to p99 alone. Machine: lbd, beside the same "
               "attack on a server that drops all. Busy: the part of the time that lbd was at work beside the attack.\n")
    bench.emit(table(["attack", "lbd alone", "beside", "factor", "HAProxy's", "nginx's", "machine's", "busy"],
                     [figures_row(name, rows) for name, rows in results.items()]))
