"""What a daemon spliced and what it copied: by strace, and by the pipes that it has open."""
import re
import signal
import subprocess

from lbdtest import Failure, wait_for

DONE = re.compile(r"(splice|recvfrom)(?:\(| resumed>).* = (\d+)$")


def pipes(process):
    """Descriptors of pipes, two for each."""
    return sum(link.startswith("pipe:") for link in process.fds().values())


class Traced:
    """with Traced(box, lbd) as calls: ... Then calls.spliced and calls.copied are bytes that the block's bodies had; what
    is spliced goes into a pipe and out of it, and counts once."""

    def __init__(self, box, lbd):
        self.path, self.lbd = box.path(box.fresh("strace")), lbd
        self.spliced = self.copied = 0

    def __enter__(self):
        with open(self.path.with_suffix(".err"), "w", encoding="utf-8") as said:
            self.child = subprocess.Popen(["strace", "-f", "-s0", "-e", "trace=splice,recvfrom", "-o", self.path,
                                           "-p", str(self.lbd.pid)], stdin=subprocess.DEVNULL, stderr=said)
        wait_for(lambda: "attached" in self.path.with_suffix(".err").read_text() or self.child.poll() is not None,
                 what="strace to attach")
        if self.child.poll() is not None:
            raise Failure("strace: " + self.path.with_suffix(".err").read_text())
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGINT)
        self.child.wait(20)
        totals = {"splice": 0, "recvfrom": 0}
        for line in self.path.read_text().splitlines():
            match = DONE.search(line)
            if match:
                totals[match[1]] += int(match[2])
        self.spliced, self.copied = totals["splice"] // 2, totals["recvfrom"]
