#!/usr/bin/env python3
"""Compares lbd with HAProxy, nginx and a bare relay of bytes, in turns (A B C D A B C D ...), by the CPU time that they
spend: unlike wall-clock figures, that can be compared on a busy machine. Prints tables; --write FILE stores them."""
import argparse
import os
import pathlib
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import lbdtest
from contestants import COMPARED, Contestant
from goals import GOALS
from lbdtest import Sandbox
from machine import Machine
from parts import PARTS, run_part
from report import goals_table, write_results


class Bench:
    """One run: what it uses, and what it found."""

    def __init__(self, options):
        self.options, self.lines, self.measured, self.took = options, [], {}, {}
        self.machine, self.sandbox, self.running = Machine(), Sandbox(), {}
        self.origins = self.sandbox.origins("a", "b")
        for origin in self.origins:
            os.sched_setaffinity(origin.pid, map(int, self.machine.origin.split(",")))

    def emit(self, text):
        print(text, flush=True)
        self.lines.append(text + "\n")

    def contestants(self):
        """The four, started when they are first wanted."""
        if not self.running:
            self.running = {kind: Contestant(self.sandbox, kind, self.origins, self.machine.proxy)
                            for kind in COMPARED}
        return self.running

    def close(self):
        for proxy in self.running.values():
            proxy.end()
        self.sandbox.close()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, epilog="Rows: " + ", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="two minutes instead of fifteen: fewer and shorter rounds")
    parser.add_argument("--rounds", type=int, help="turns of each load (5): at least 5 for figures to keep")
    parser.add_argument("--seconds", type=float, help="length of one run of the clients (2)")
    parser.add_argument("--only", choices=list(PARTS), action="append", metavar="ROW", help="this row; may be repeated")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="put the tables behind its line ## Results")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (0.3 if options.quick else 2.0)
    return options


def main():
    options, start = arguments(), time.monotonic()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    bench = Bench(options)
    try:
        given = " ".join(word for word in sys.argv[1:] if "/" not in word and word != "--write")
        head = f"`make bench{f' BENCH_ARGS={given!r}' if given else ''}` on: {bench.machine.describe()}\n"
        print(head, flush=True)
        for name in options.only or PARTS:
            run_part(bench, name)
        goals = f"### Against what the project wants\n\n{goals_table(bench.measured)}"
        print(goals)
        missing = [goal.name for goal in GOALS if goal.name not in bench.measured]
        if missing:
            print(f"Not measured in this run: {', '.join(missing)}\n")
        if options.write:
            write_results(options.write, "\n".join([head, goals, *bench.lines]))
        slowest = sorted(bench.took.items(), key=lambda row: -row[1])
        print(f"{time.monotonic() - start:.0f} s, built in {lbdtest.BUILD.name}/; "
              + ", ".join(f"{name} {seconds:.0f}" for name, seconds in slowest))
    finally:
        bench.close()


if __name__ == "__main__":
    main()
