"""What the access log costs: user instructions for each request by callgrind, and CPU time of lbd for each request in
interleaved runs, without a log and with one to a file in each format."""
import argparse
import statistics
import sys
import pathlib

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / "support"), str(pathlib.Path(__file__).resolve().parent)]

import anatomy
import contestants
from bench import Machine
from lbdtest import Sandbox

KINDS = ("off", "httplog", "json")


def command(format):
    def made(sandbox, origins, port):
        path = sandbox.path(sandbox.fresh(f"lbd-{format}") + ".conf")
        text = contestants.lbd_config(sandbox, port, origins)
        log = f'access_log: {{ format = "{format}"; target = "{sandbox.path(sandbox.fresh(format))}.log"; }};'
        assert 'default_backend = "app";' in text
        path.write_text(text.replace('default_backend = "app";', 'default_backend = "app"; ' + log))
        return [contestants.LBD, "-f", path, "-L", contestants.PLUGINS]
    return made


def count_instructions(sandbox, origins):
    base = None
    for kind in KINDS:
        contestants.COMMANDS["lbd"] = command(kind)
        total, rows = anatomy.instructions(sandbox, origins, 2000, 6000)
        base = base or total
        print(f"{kind:8} {total:8.0f} instructions a request  {100 * total / base - 100:+5.1f} %")
        for name, share in rows[:40]:
            if kind != "off" and ("log" in name or "access" in name or "account" in name):
                print(f"             {share:7.0f} {name}")


def measure_cpu(sandbox, origins, rounds, seconds):
    machine = Machine(sandbox)
    running = {}
    for kind in KINDS:
        contestants.COMMANDS[kind] = command(kind)
        running[kind] = contestants.Contestant(sandbox, kind, origins, machine.proxy)
        machine.load(running[kind])
    figures = {kind: [] for kind in KINDS}
    for turn in range(rounds):
        for kind in KINDS if turn % 2 else KINDS[::-1]:
            before = running[kind].cpu_split()[0]
            done = machine.load(running[kind], seconds=seconds)
            figures[kind].append((running[kind].cpu_split()[0] - before) / done["requests"])
    for kind in KINDS:
        ratio = statistics.median(k / o for k, o in zip(figures[kind], figures["off"]))
        print(f"{kind:8} CPU {statistics.median(figures[kind]):6.2f} us a request, {100 * ratio - 100:+5.1f} % of off's")
    for one in running.values():
        one.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--skip", choices=["cpu", "instructions"], action="append", default=[])
    options = parser.parse_args()
    sandbox = Sandbox()
    try:
        origins = sandbox.origins("a", "b")
        if "instructions" not in options.skip:
            count_instructions(sandbox, origins)
        if "cpu" not in options.skip:
            measure_cpu(sandbox, origins, options.rounds, options.seconds)
    finally:
        sandbox.close()


if __name__ == "__main__":
    main()
