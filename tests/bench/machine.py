"""Which cores whom, and the generator of load."""
import contextlib
import json
import os
import pathlib
import platform
import subprocess

from lbdtest import BUILD, Failure, Process, wait_for

DRIPPER = BUILD / "tests/support/dripper"
LOAD = BUILD / "tests/bench/load"
NAMES = ("-e", "a\n", "-e", "b\n")  # the bodies of the demo servers


class Machine:
    def __init__(self):
        self.cores = sorted(os.sched_getaffinity(0))
        count = len(self.cores)
        pick = [str(core) for core in self.cores]
        self.rest = pick[0]
        # The first core is left to the rest of the machine where that can be afforded.
        if count >= 4:
            self.proxy, self.origin, self.clients, self.pair = pick[1], pick[2], pick[3], f"{pick[1]},{pick[0]}"
        elif count == 3:
            self.proxy, self.origin, self.clients, self.pair = *pick, None
        elif count == 2:
            self.proxy, self.origin, self.clients, self.pair = pick[0], pick[1], pick[1], None
        else:
            self.proxy = self.origin = self.clients = pick[0]
            self.pair = None

    def load(self, proxy, clients=64, seconds=1.0, target="/", expect=NAMES, more=()):
        """One run of the clients: what they counted. A wrong body or an error is a failure."""
        argv = ["taskset", "-c", self.clients, LOAD, "-c", clients, "-t", int(seconds * 1000), "-g", target, *expect,
                *more, proxy.port]
        run = subprocess.run(list(map(str, argv)), capture_output=True, text=True, timeout=seconds + 60, check=False)
        if run.returncode:
            raise Failure(f"{proxy.kind}, {clients} clients, {target}: {run.stderr}")
        return json.loads(run.stdout)

    @contextlib.contextmanager
    def slow_clients(self, sandbox, proxy, count, seconds):
        """Clients that send a byte of a head every second, on the core of the rest."""
        argv = ["taskset", "-c", self.rest, DRIPPER, "127.0.0.1", proxy.port, count, 1000, int(seconds)]
        dripper = Process(sandbox, sandbox.fresh("dripper"), list(map(str, argv)))
        try:
            wait_for(lambda: "open" in dripper.out, 30, "the slow clients to be connected")
            wait_for(lambda: proxy.descriptors() >= count, 30, "the slow clients to be accepted")
            yield
        finally:
            dripper.kill()
            # To see thousands off takes a while, and is no part of what comes next.
            wait_for(lambda: proxy.descriptors() < count / 10, 30, "the slow clients to be gone")

    def describe(self):
        model = next((line.partition(": ")[2] for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), platform.machine())
        versions = []
        for argv in (["haproxy", "-v"], ["nginx", "-v"]):
            run = subprocess.run(argv, capture_output=True, text=True, check=False,
                                 env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
            versions.append((run.stdout + run.stderr).splitlines()[0].split(" 20")[0])
        return (f"{len(self.cores)} cores, {model}, Linux {platform.release().split('-')[0]}; {'; '.join(versions)}; "
                f"proxies pinned to core {self.proxy}, servers to {self.origin}, clients to {self.clients}"
                f"{' (shared with the servers)' if self.clients == self.origin else ''}; "
                f"load average {os.getloadavg()[0]:.1f}")
