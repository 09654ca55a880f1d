#!/usr/bin/env python3
"""Compares lbd with HAProxy, nginx and a bare relay of bytes, in turns (A B C D A B C D ...), by the CPU time that they
spend: unlike wall-clock figures, that can be compared on a busy machine. Prints tables; --write FILE stores them."""
import argparse
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lbdtest
from anatomy import instructions, system_calls
from contestants import COMMANDS, Contestant
from lbdtest import Client, Failure, Sandbox, http, pattern

# Loads in order of importance: name, clients, target, headers, bytes of the body (None: the server's name, a line end).
LOADS = (
    ("64 clients", 64, "/", [], None),
    ("1 client", 1, "/", [], None),
    ("512 clients", 512, "/", [], None),
    ("new connection each", 64, "/", ["Connection: close"], None),
    ("1 MB bodies", 16, "/?body=1000000", [], 1000000),
    ("64 kB bodies", 64, "/?body=65536", [], 65536),
)
IDLE_CLIENTS = 2000
TOP_FUNCTIONS = 25

# done() costs nothing while the load runs. check() reads every body, and is used in a run that is not measured.
LUA = """
local threads = {}
function setup(thread) table.insert(threads, thread) end
%s
function done(s)
  local bad, good = 0, 0
  for _, t in ipairs(threads) do bad = bad + (t:get("bad") or 0); good = good + (t:get("good") or 0) end
  local e = s.errors
  local json = 'JSON{"requests":%%d,"bytes":%%d,"us":%%d,"bad":%%d,"good":%%d,"errors":[%%d,%%d,%%d,%%d,%%d]}\\n'
  io.write(string.format(json, s.requests, s.bytes, s.duration, bad, good,
    e.connect, e.read, e.write, e.status, e.timeout))
end
"""
CHECK = """
bad, good = 0, 0
local f = io.open("%s", "rb"); local large = f:read("*a"); f:close()
function response(status, headers, body)
  if status == 200 and (body == large or (large == "" and (body == "a\\n" or body == "b\\n"))) then good = good + 1
  else bad = bad + 1 end
end
"""


class Machine:
    """Which cores whom, and the generator of load."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        cores = sorted(os.sched_getaffinity(0))
        self.cores = cores
        if len(cores) >= 4:
            self.proxy, self.origin, self.wrk = str(cores[1]), str(cores[2]), f"{cores[3]},{cores[0]}"
        elif len(cores) >= 2:
            self.proxy, self.origin, self.wrk = str(cores[0]), str(cores[1]), str(cores[1])
        else:
            self.proxy = self.origin = self.wrk = str(cores[0])
        self.scripts = {}

    def script(self, name, body=None):
        if name not in self.scripts:
            path = self.sandbox.path(f"{name}.lua")
            check = ""
            if body is not None:
                expected = self.sandbox.path(f"{name}.body")
                expected.write_bytes(body)
                check = CHECK % expected
            path.write_text(LUA % check)
            self.scripts[name] = path
        return self.scripts[name]

    def load(self, proxy, clients=64, seconds=1, target="/", headers=(), check=None):
        """One run of wrk; any error is a failure."""
        script = self.script("plain") if check is None else self.script(f"check{len(check)}", check)
        argv = ["taskset", "-c", self.wrk, "wrk", f"-t{min(2, clients)}", f"-c{clients}", f"-d{seconds}s",
                "-s", str(script)]
        for header in headers:
            argv += ["-H", header]
        run = subprocess.run([*argv, f"http://127.0.0.1:{proxy.port}{target}"], capture_output=True, text=True,
                             timeout=seconds + 30, check=False)
        found = run.stdout.partition("JSON")[2].partition("\n")[0]
        if run.returncode or not found:
            raise Failure(f"wrk against {proxy.kind}: {run.stdout} {run.stderr}")
        done = json.loads(found)
        if any(done["errors"]) or done["bad"] or done["requests"] == 0:
            raise Failure(f"{proxy.kind}, {clients} clients, {target}: {done}")
        return done


def answer_bytes(proxy, target, headers):
    """Length of one whole answer of this proxy, head and body, as every answer of this load must have it."""
    with Client(proxy.port) as client:
        response = client.request("GET", target, dict(line.split(": ") for line in headers))
        return len(response.raw_head) + len(response.body), len(response.body)


def measure(machine, proxy, load, seconds):
    """Microseconds for each request: (sum, user, system), and requests for each second."""
    _, clients, target, headers, size = load
    whole, body = answer_bytes(proxy, target, headers)
    if body != (size or 2):
        raise Failure(f"{proxy.kind}: a body of {body} bytes instead of {size or 2}")
    before = proxy.cpu_split()
    done = machine.load(proxy, clients, seconds, target, headers)
    time.sleep(0.05)
    total, user, system = (b - a for a, b in zip(before, proxy.cpu_split()))
    missing = done["bytes"] - done["requests"] * whole
    # What wrk has read of answers that were not complete at its end is in its bytes, but not in its requests.
    if not 0 <= missing <= clients * whole:
        raise Failure(f"{proxy.kind}: {done['bytes']} bytes for {done['requests']} answers of {whole}")
    share = user / (user + system) if user + system else 0
    each = total / done["requests"]
    return each, each * share, each * (1 - share), done["requests"] * 1e6 / done["us"]


def check_contents(machine, proxies, loads):
    """Every body of a full load is read and compared, apart from the measured runs, since comparing slows wrk down."""
    checked = 0
    for load in loads:
        for proxy in proxies.values():
            body = pattern(load[4]) if load[4] else b""
            checked += machine.load(proxy, load[1], 1, load[2], load[3], check=body)["good"]
    return checked


def idle_bytes(sandbox, machine, kind, origins):
    """Private memory of one client that made a request and keeps its connection, in a fresh process."""
    proxy = Contestant(sandbox, kind, origins, machine.proxy)
    http(proxy.port)
    before = proxy.private_bytes()
    clients = []
    try:
        for _ in range(IDLE_CLIENTS):
            client = Client(proxy.port)
            clients.append(client)
            if client.request().body not in (b"a\n", b"b\n"):
                raise Failure(f"{kind}: a wrong body among the idle clients")
        return (proxy.private_bytes() - before) / IDLE_CLIENTS
    finally:
        for client in clients:
            client.close()
        proxy.end()


# --- tables --------------------------------------------------------------------------------------------------------

def spread(values, digits=1):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


def ratio(mine, other):
    return f"{statistics.median(mine) / statistics.median(other):.2f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def cpu_table(results, per_mb):
    head = ["", "CPU us", "of it user", "of it system", "requests/s", "to HAProxy", "to nginx"]
    if per_mb:
        head[1] = "CPU us for each MB"
        results = {kind: [tuple(v / per_mb for v in run[:3]) + run[3:] for run in runs]
                   for kind, runs in results.items()}
    totals = {kind: [run[0] for run in runs] for kind, runs in results.items()}
    return table(head, [
        (kind, spread(totals[kind]), spread([run[1] for run in runs]), spread([run[2] for run in runs]),
         f"{statistics.median(run[3] for run in runs):,.0f}", ratio(totals[kind], totals["haproxy"]),
         ratio(totals[kind], totals["nginx"])) for kind, runs in results.items()])


def machine_kind(machine):
    model = next((line.partition(": ")[2] for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    versions = []
    for argv in (["haproxy", "-v"], ["nginx", "-v"]):
        run = subprocess.run(argv, capture_output=True, text=True, check=False,
                             env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        versions.append((run.stdout + run.stderr).splitlines()[0].split(" 20")[0])
    return (f"{len(machine.cores)} cores, {model}, Linux {platform.release().split('-')[0]}; {'; '.join(versions)}; "
            f"proxies on core {machine.proxy}, servers on {machine.origin}, wrk on {machine.wrk}")


# --- the course ----------------------------------------------------------------------------------------------------

def compare_loads(machine, proxies, options, emit):
    loads = LOADS[:1] + LOADS[3:] if options.quick else LOADS
    emit(f"All bodies of {check_contents(machine, proxies, loads):,} requests were compared; in the measured runs, all "
         "bytes were counted.\n")
    for number, load in enumerate(LOADS):
        rounds = options.rounds if number == 0 or not options.quick else 3
        seconds = options.seconds
        results = {kind: [] for kind in proxies}
        for _ in range(rounds):
            for kind, proxy in proxies.items():
                results[kind].append(measure(machine, proxy, load, seconds))
        emit(f"### {load[0]}: CPU for each {'MB' if load[4] else 'request'} ({rounds} rounds of {seconds} s)\n")
        emit(cpu_table(results, load[4] / 1e6 if load[4] else None))


def compare_memory(sandbox, machine, origins, options, emit):
    results = {kind: [] for kind in COMMANDS}
    rounds = 2 if options.quick else options.rounds
    for _ in range(rounds):
        for kind in COMMANDS:
            results[kind].append(idle_bytes(sandbox, machine, kind, origins))
    emit(f"### Memory of an idle keep-alive client ({IDLE_CLIENTS} clients, {rounds} rounds)\n")
    emit(table(["", "bytes", "to HAProxy", "to nginx"],
               [(kind, spread(v, 0), ratio(v, results["haproxy"]), ratio(v, results["nginx"]))
                for kind, v in results.items()]))


def show_anatomy(sandbox, machine, origins, options, emit):
    calls, requests = system_calls(sandbox, origins, machine.proxy, machine.load, 2 if options.quick else 4)
    emit(f"### lbd: system calls for each exchange, 64 clients ({requests:,} exchanges)\n")
    emit(table(["call", "for each exchange"], [(name, f"{each:.4f}") for name, each in calls if abs(each) >= 0.00005]))
    polls = dict(calls).get("epoll_ctl", 0)
    if polls > 0.01:
        emit(f"epoll_ctl should be about 0 in the steady state, and was {polls:.4f} for each exchange.\n")
    low, high = (500, 1500) if options.quick else (1000, 4000)
    total, functions = instructions(sandbox, origins, low, high)
    emit(f"### lbd: user instructions for each request: {total:,.0f} (callgrind, one client)\n")
    emit(f"The difference of {high} and {low} requests, divided by {high - low}.\n")
    emit(table(["function", "instructions", "share"],
               [(f"`{name}`", f"{each:,.0f}", f"{each / total:.1%}") for name, each in functions[:TOP_FUNCTIONS]]))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about 2 minutes instead of 10: fewer and shorter rounds")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each load, at least 5 for figures to keep")
    parser.add_argument("--seconds", type=int, default=None, help="length of one run of wrk")
    parser.add_argument("--only", choices=["cpu", "memory", "anatomy"], action="append", help="some parts")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="put the tables behind its line ## Results")
    options = parser.parse_args()
    options.seconds = options.seconds or (1 if options.quick else 2)
    return options


def write_results(path, text):
    before = path.read_text().partition("## Results\n")[0] if path.exists() else ""
    path.write_text(f"{before}## Results\n\n{text}")


def main():
    options, lines, start = arguments(), [], time.monotonic()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sandbox = Sandbox()

    def emit(text):
        print(text, flush=True)
        lines.append(text + "\n")

    try:
        machine = Machine(sandbox)
        origins = sandbox.origins("a", "b")
        for origin in origins:
            os.sched_setaffinity(origin.pid, map(int, machine.origin.split(",")))
        given = " ".join(word for word in sys.argv[1:] if "/" not in word and word != "--write")
        emit(f"`make bench{f' BENCH_ARGS={given!r}' if given else ''}` on: {machine_kind(machine)}\n")
        parts = options.only or ["cpu", "memory", "anatomy"]
        if "cpu" in parts:
            proxies = {kind: Contestant(sandbox, kind, origins, machine.proxy) for kind in COMMANDS}
            compare_loads(machine, proxies, options, emit)
            for proxy in proxies.values():
                proxy.end()
        if "memory" in parts:
            compare_memory(sandbox, machine, origins, options, emit)
        if "anatomy" in parts:
            show_anatomy(sandbox, machine, origins, options, emit)
        if options.write:
            write_results(options.write, "".join(lines))
        print(f"{time.monotonic() - start:.0f} s, built in {lbdtest.BUILD.name}/")
    finally:
        sandbox.close()


if __name__ == "__main__":
    main()
