"""HATop, unchanged, on a terminal of its own: it shows the servers and acts on them."""
import fcntl
import os
import pty
import re
import select
import shutil
import struct
import termios
import time

from lbdtest import Failure, wait_for

F9_ENABLE, F10_DISABLE = b"\x1b[20~", b"\x1b[21~"
DOWN = b"\x1bOB"


class Terminal:
    """A program on a terminal; screen holds everything that it wrote, without the escape sequences."""

    def __init__(self, argv, rows=40, columns=160):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.raw = b""
        self.status = None

    @property
    def screen(self):
        return re.sub(rb"\x1b(\[[0-9;?]*[A-Za-z]|\([A-Z0-9]|[=>])", b" ", self.raw).decode("utf-8", "replace")

    def read(self, seconds=0.1):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.02)[0]:
                try:
                    self.raw += os.read(self.fd, 65536)
                except OSError:  # the other side of a pty is gone
                    return

    def wait_for(self, text, deadline=15.0):
        def seen():
            self.read()
            return text in self.screen
        try:
            wait_for(seen, deadline, f"{text!r} on the screen")
        except Failure as failure:
            raise Failure(f"{failure}; it shows: {self.screen[-3000:]}") from None

    def press(self, keys):
        os.write(self.fd, keys)
        self.read(0.3)

    def end(self, deadline=10.0):
        """Its exit status; killed when it does not end by itself."""
        def ended():
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
            return pid
        try:
            wait_for(ended, deadline, "the program to end")
        finally:
            if self.status is None:
                os.kill(self.pid, 9)
                os.waitpid(self.pid, 0)
            os.close(self.fd)
        return self.status


def hatop(lbd):
    program = shutil.which("hatop")
    assert program, "hatop is not installed"
    return Terminal([program, "-s", str(lbd.stats_path), "-i", "1"])


def test_hatop_shows_and_changes_servers(box):
    lbd, *_ = box.serve("a", "b")
    terminal = hatop(lbd)
    try:
        terminal.wait_for("BACKEND")
        terminal.wait_for("web")
        for name, key, status in (("disabled", F10_DISABLE, "MAINT"), ("enabled", F9_ENABLE, "")):
            # The cursor starts on top; a row that is no server takes no key, so the first server is found going down.
            for _ in range(8):
                terminal.press(key)
                changed = [row for row in lbd.show_stat() if row["type"] == "2" and row["status"] == "MAINT"]
                if bool(changed) == bool(status):
                    break
                terminal.press(DOWN)
            assert bool(changed) == bool(status), (name, changed, terminal.screen[-2000:])
    finally:
        terminal.press(b"q")
        status = terminal.end()
    assert status == 0, terminal.screen[-2000:]


def test_hatop_embedded_cli(box):
    lbd, *_ = box.serve("a", "b")
    terminal = hatop(lbd)
    try:
        terminal.wait_for("BACKEND")
        terminal.press(b"5")  # the CLI
        terminal.press(b"set weight app/a 33\r")
        wait_for(lambda: lbd.cli("get weight app/a") == "33 (initial 100)\n\n", what="the weight to change")
    finally:
        terminal.press(b"\x1b")
        terminal.press(b"1q")
        terminal.press(b"\x03")
        terminal.end()
