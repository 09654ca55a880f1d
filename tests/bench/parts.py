"""The course: each part measures its rows in turns (A B C D A B C D ...), prints a table, and hands what the goals ask
for to bench.measured, as one value a round."""
import statistics
import time
import zlib

from anatomy import instructions, system_calls
from beside import part_beside
from contestants import CLK_TCK, PEERS, RULES, Contestant
from lbdtest import Client, Failure, http, pattern
from machine import NAMES
from report import ratio, spread, table

TOP_FUNCTIONS = 25
SMALL = 10_000  # such bodies are counted by their requests
WARM_MOST = 10_000_000  # larger bodies warm up by themselves
RATE = 5000
SLOW = 5000
TICKS_ENOUGH = 30


class Load:
    """name, clients, bytes of a body in one direction ("down", "up"), further words for the clients."""

    def __init__(self, name, clients, size=0, direction="down", more=()):
        self.name, self.clients, self.size, self.more = name, clients, size, more
        self.target, self.expect = "/", NAMES
        self.unit = "MB" if size >= SMALL else "request"
        if size and direction == "down":
            self.target, self.expect = f"/?body={size}", ("-b", size)
        elif size:
            text = f'{{"length":{size},"crc32":"{zlib.crc32(pattern(size)):08x}"}}\n'
            self.target, self.expect, self.more = "/_len", ("-e", text), ("-u", size)


REQUESTS = {"c64": ("64 clients", 64, ()), "c1": ("1 client", 1, ()), "c512": ("512 clients", 512, ()),
            "new": ("new connection each", 64, ("-n",))}
BODIES = {"64k": ("64 kB", 65536, 64), "1m": ("1 MB", 1_000_000, 16), "100m": ("100 MB", 100_000_000, 2)}


def measure(machine, proxy, load, seconds):
    """One run: CPU us (sum, user, system), for each request or for each MB of bodies, and requests a second."""
    before = proxy.cpu_split()
    done = machine.load(proxy, load.clients, seconds, load.target, load.expect, load.more)
    total, user, system = (b - a for a, b in zip(before, proxy.cpu_split()))
    share = user / (user + system) if user + system else 0
    each = total / (done["body_bytes"] / 1e6 if load.unit == "MB" else done["requests"])
    return each, each * share, each * (1 - share), done["requests"] * 1e6 / done["us"]


def in_turns(bench, proxies, load):
    machine, options = bench.machine, bench.options
    for proxy in proxies.values():
        if load.size < WARM_MOST:
            machine.load(proxy, load.clients, 0.1, load.target, load.expect, load.more)
    results = {kind: [] for kind in proxies}
    for _ in range(options.rounds):
        for kind, proxy in proxies.items():
            results[kind].append(measure(machine, proxy, load, options.seconds))
    bench.emit(f"### {load.name}: CPU for each {load.unit} ({options.rounds} rounds of {options.seconds:g} s)\n")
    totals = {kind: [run[0] for run in runs] for kind, runs in results.items()}
    bench.emit(table(
        ["", f"CPU us for each {load.unit}", "of it user", "of it system", "requests/s", "to HAProxy", "to nginx"],
        [(kind, spread(totals[kind]), spread([run[1] for run in runs]), spread([run[2] for run in runs]),
          f"{statistics.median(run[3] for run in runs):,.0f}", ratio(totals[kind], totals["haproxy"]),
          ratio(totals[kind], totals["nginx"])) for kind, runs in results.items()]))
    return results


def rounds_ratio(results, kind, other, field=0):
    """One value a round; a run too short for the clock tick to see any has none."""
    return [a[field] / b[field] for a, b in zip(results[kind], results[other]) if b[field]]


def user_ticks(runs, seconds):
    return sum(user * rate for _, user, _, rate in runs) * seconds * CLK_TCK / 1e6


def part_requests(bench, name):
    title, clients, more = REQUESTS[name]
    results = in_turns(bench, bench.contestants(), Load(title, clients, more=more))
    if name == "c64":
        for other in ("haproxy", "nginx", "relay"):
            bench.measured[f"cpu-{other}"] = rounds_ratio(results, "lbd", other)
        # In a short run the clock tick sees next to nothing of user code, and a ratio would be made of noise.
        if user_ticks(results["lbd"], bench.options.seconds) >= TICKS_ENOUGH:
            bench.measured["user-haproxy"] = rounds_ratio(results, "lbd", "haproxy", field=1)
        bench.measured["throughput"] = [run[3] for run in results["lbd"]]
    elif name == "new":
        best = min(PEERS, key=lambda kind: statistics.median(run[0] for run in results[kind]))
        bench.measured["connection"] = rounds_ratio(results, "lbd", best)


def part_post(bench, _name):
    """What must not be sent twice: HAProxy as it is unless it is told otherwise, which sends that on idle connections as
    seldom as lbd does."""
    kinds = {"lbd": "lbd", "haproxy": "haproxy-safe", "nginx": "nginx", "relay": "relay"}
    proxies = {name: Contestant(bench.sandbox, kind, bench.origins, bench.machine.proxy) for name, kind in kinds.items()}
    results = in_turns(bench, proxies, Load("POST of 100 bytes, 64 clients, HAProxy with http-reuse safe", 64, 100, "up"))
    bench.measured["post"] = rounds_ratio(results, "lbd", "haproxy")
    for proxy in proxies.values():
        proxy.end()


def part_bodies(bench, name):
    title, size, clients = BODIES[name]
    for direction, way in (("down", "downloads"), ("up", "uploads")):
        results = in_turns(bench, bench.contestants(), Load(f"{way} of {title}", clients, size, direction))
        if (name, direction) == ("1m", "down"):
            bench.measured["body-haproxy"] = rounds_ratio(results, "lbd", "haproxy")


def part_latency(bench, _name):
    """Latency counts from when a request was due, at a rate that all can serve."""
    rows = {kind: [] for kind in bench.contestants()}
    for _ in range(bench.options.rounds):
        for kind, proxy in bench.contestants().items():
            rows[kind].append(bench.machine.load(proxy, 64, bench.options.seconds, more=("-r", RATE)))
    bench.emit(f"### Latency at {RATE:,} requests a second, 64 clients, us\n")
    bench.emit("Each request counts from the moment that it was due, also when all clients were waiting.\n")
    bench.emit(table(["", "median", "p99", "p99.9", "most"],
                     [(kind, *(spread([run[field] for run in runs], 0) for field in ("p50", "p99", "p99.9", "p100")))
                      for kind, runs in rows.items()]))


def part_slow(bench, _name):
    """The same latency, in turns alone and beside clients that never end their heads."""
    machine, rows = bench.machine, {}
    for kind in ("lbd", *PEERS):
        rows[kind] = alone, beside = [], []
        proxy = bench.contestants()[kind]
        for _ in range(bench.options.rounds):
            alone.append(machine.load(proxy, 64, bench.options.seconds, more=("-r", RATE)))
            with machine.slow_clients(bench.sandbox, proxy, SLOW, bench.options.seconds + 30):
                beside.append(machine.load(proxy, 64, bench.options.seconds, more=("-r", RATE)))
    bench.measured["slow"] = [b["p99"] / a["p99"] for a, b in zip(*rows["lbd"])]
    bench.emit(f"### Latency beside {SLOW:,} slow heads, {RATE:,} requests a second, 64 clients, us\n")
    bench.emit("Each slow client sends a byte of its head every second. The ratio is that of p99, round by round.\n")
    bench.emit(table(["", "median alone", "p99 alone", "median beside", "p99 beside", "p99 to alone"],
                     [(kind, *(spread([run[field] for run in runs], 0) for runs in pair for field in ("p50", "p99")),
                       spread([b["p99"] / a["p99"] for a, b in zip(*pair)], 2)) for kind, pair in rows.items()]))


def part_log(bench, _name):
    results = in_turns_of_lbd(bench, ("lbd", "lbd-log"), "64 clients, access log in a file",
                              Load("access log", 64))
    bench.measured["log"] = rounds_ratio(results, "lbd-log", "lbd")


def in_turns_of_lbd(bench, kinds, title, load, cores=None):
    proxies = {kind: Contestant(bench.sandbox, kind, bench.origins, cores or bench.machine.proxy) for kind in kinds}
    results = {kind: [] for kind in kinds}
    for proxy in proxies.values():
        bench.machine.load(proxy, load.clients, 0.1, load.target, load.expect, load.more)
    for _ in range(bench.options.rounds):
        for kind, proxy in proxies.items():
            results[kind].append(measure(bench.machine, proxy, load, bench.options.seconds))
    for proxy in proxies.values():
        proxy.end()
    bench.emit(f"### {title}: CPU for each request, and throughput\n")
    bench.emit(table(["", "CPU us", "requests/s"],
                     [(kind, spread([run[0] for run in runs]), spread([run[3] for run in runs], 0))
                      for kind, runs in results.items()]))
    return results


def part_workers(bench, _name):
    """With rules to test, so that the workers are what limits, and not the clients or the servers."""
    pair = bench.machine.pair
    if not pair:
        bench.emit("### 2 workers to 1\n\nNot measured: that needs four cores.\n")
        return
    load = Load("workers", 128)
    load.target = "/?" + "&".join(f"name{number}=value{number}" for number in range(12))
    results = in_turns_of_lbd(bench, ("lbd-rules", "lbd-2-rules"), f"1 and 2 workers on cores {pair}, {RULES} rules", load,
                              pair)
    bench.measured["workers"] = rounds_ratio(results, "lbd-2-rules", "lbd-rules", field=3)
    busy = statistics.median(run[0] * run[3] / 2e6 for run in results["lbd-2-rules"])
    bench.emit(f"The two workers were busy {busy:.0%} of the time; far below 100 %, clients, servers or others on these "
               "cores are the limit.\n")


def idle_bytes(bench, kind, clients):
    """Private memory of one client that made a request and keeps its connection, in a fresh process."""
    proxy = Contestant(bench.sandbox, kind, bench.origins, bench.machine.proxy)
    http(proxy.port)
    before, held = proxy.private_bytes(), []
    try:
        for _ in range(clients):
            client = Client(proxy.port)
            held.append(client)
            if client.request().body not in (b"a\n", b"b\n"):
                raise Failure(f"{kind}: a wrong body among the idle clients")
        return (proxy.private_bytes() - before) / clients
    finally:
        for client in held:
            client.close()
        proxy.end()


def part_idle(bench, _name):
    clients = 500 if bench.options.quick else 2000
    kinds = ("lbd", "haproxy", "nginx", "relay")
    results = {kind: [] for kind in kinds}
    for _ in range(bench.options.rounds):
        for kind in kinds:
            results[kind].append(idle_bytes(bench, kind, clients))
    bench.measured["idle"] = results["lbd"]
    bench.emit(f"### Memory of an idle keep-alive client ({clients} clients, {bench.options.rounds} rounds)\n")
    bench.emit(table(["", "bytes", "to HAProxy", "to nginx"],
                     [(kind, spread(v, 0), ratio(v, results["haproxy"]), ratio(v, results["nginx"]))
                      for kind, v in results.items()]))


def part_calls(bench, _name):
    columns = {}
    for kind in ("lbd", *PEERS):
        columns[kind] = system_calls(bench.sandbox, kind, bench.origins, bench.machine, 1 if bench.options.quick else 4)
    bench.measured["calls"] = [sum(columns["lbd"].values())]
    names = sorted({name for calls in columns.values() for name, each in calls.items() if abs(each) >= 0.0005},
                   key=lambda name: -max(calls.get(name, 0) for calls in columns.values()))
    bench.emit("### System calls for each exchange, 64 clients\n")
    bench.emit(table(["call", *columns], [(name, *(f"{calls.get(name, 0):.3f}" for calls in columns.values()))
                                          for name in names]
                     + [("all", *(f"{sum(calls.values()):.2f}" for calls in columns.values()))]))


def part_instructions(bench, _name):
    long = 2 if bench.options.quick else 4
    total, functions, requests = instructions(bench.sandbox, bench.origins, bench.machine, 64, long)
    own = sum(each for _, library, each in functions if library == "lbd")
    bench.measured["instructions"] = [total]
    bench.emit(f"### lbd: user instructions for each request: {total:,.0f} (callgrind, 64 clients)\n")
    bench.emit(f"Of them {own:,.0f} are lbd's own code and {total - own:,.0f} that of libraries. The difference of a long and "
               f"a short run, {requests:,} requests.\n")
    if not bench.options.quick:
        alone, _, _ = instructions(bench.sandbox, bench.origins, bench.machine, 1, long)
        bench.emit(f"With one client {alone:,.0f}: each exchange has its turns of the loop for itself.\n")
    bench.emit(table(["function", "of", "instructions", "share"],
                     [(f"`{name}`", library, f"{each:,.0f}", f"{each / total:.1%}")
                      for name, library, each in functions[:TOP_FUNCTIONS]]))


PARTS = {**{name: part_requests for name in REQUESTS}, "post": part_post, **{f"body-{name}": part_bodies for name in BODIES},
         "latency": part_latency, "slow": part_slow, "beside": part_beside, "log": part_log, "workers": part_workers, "idle": part_idle, "calls": part_calls,
         "instructions": part_instructions}


def run_part(bench, name):
    started = time.monotonic()
    PARTS[name](bench, name.removeprefix("body-"))
    bench.took[name] = time.monotonic() - started
