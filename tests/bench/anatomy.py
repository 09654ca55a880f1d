"""Where lbd's own cost lies: system calls for each exchange by strace, user instructions by callgrind. Both compare a
short and a long run, so that start, connecting and stop cancel out."""
import re
import signal
import subprocess
import time

from contestants import Contestant
from lbdtest import Failure


def strace_counts(sandbox, proxy, machine, seconds):
    """{call: count} of all threads and children of this proxy, and the requests, for a load of this many seconds."""
    out = sandbox.path(sandbox.fresh("strace"))
    traced = [word for pid in proxy.pids() for word in ("-p", str(pid))]
    child = subprocess.Popen(["strace", "-c", "-f", "-o", str(out), *traced], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        done = machine.load(proxy, clients=64, seconds=seconds)
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(10)
    rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:(\d+)\s+)?(\w+)$", out.read_text(), re.M)
    counts = {name: int(calls) for calls, _, name in rows if name != "total"}
    return counts, done["requests"]


def system_calls(sandbox, kind, origins, machine, long):
    """{call: calls for each exchange}. long: seconds by which the longer run exceeds the shorter."""
    proxy = Contestant(sandbox, kind, origins, machine.proxy)
    try:
        machine.load(proxy, clients=64, seconds=0.5)  # connections to the servers are made before either run
        short_counts, short_requests = strace_counts(sandbox, proxy, machine, 0.2)
        long_counts, long_requests = strace_counts(sandbox, proxy, machine, 0.2 + long)
    finally:
        proxy.end()
    requests = long_requests - short_requests
    if requests < 500:
        raise Failure(f"{kind}: too few requests under strace: {short_requests} and {long_requests}")
    return {name: (count - short_counts.get(name, 0)) / requests for name, count in long_counts.items()}


def callgrind_functions(sandbox, origins, machine, clients, seconds):
    """{(function, library or lbd): its own instructions} of one lbd under a load of this many seconds, the sum, and the
    requests."""
    out = sandbox.path(sandbox.fresh("callgrind"))
    lbd = Contestant(sandbox, "lbd", origins, None,
                     ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}"])
    try:
        requests = machine.load(lbd, clients=clients, seconds=seconds)["requests"]
    finally:
        lbd.end()
    text = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no", str(out)],
                          capture_output=True, text=True, check=True).stdout
    functions = {}
    for count, name, library in re.findall(r"^\s*([\d,]+)\s+\S*?:(\S+)(?: \[(?:.*/)?(.*)\])?$", text, re.M):
        key = "..." if name.startswith("0x") else re.sub(r"'\d+$", "", name), library or "lbd"
        functions[key] = functions.get(key, 0) + int(count.replace(",", ""))
    total = re.search(r"^\s*([\d,]+)\s+(?:\(.*\)\s+)?PROGRAM TOTALS", text, re.M)
    return functions, int(total[1].replace(",", "")), requests


def instructions(sandbox, origins, machine, clients, long):
    """(user instructions for each request, [(function, library or lbd, its share of them)], largest first, requests
    that they are of). long: seconds of the longer run."""
    few, few_total, few_requests = callgrind_functions(sandbox, origins, machine, clients, 1)
    many, many_total, many_requests = callgrind_functions(sandbox, origins, machine, clients, long)
    requests = many_requests - few_requests
    if requests < 1000:
        raise Failure(f"too few requests under callgrind: {few_requests} and {many_requests}")
    rows = [(*key, (count - few.get(key, 0)) / requests) for key, count in many.items()]
    return (many_total - few_total) / requests, sorted(rows, key=lambda row: -row[2]), requests
