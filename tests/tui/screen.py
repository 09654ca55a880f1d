"""lbtop under a private tmux server. Every wait has a deadline and a condition."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(TESTS, "..", "support"))
from lbdtest import PACE, Late  # noqa: E402

BUILD = os.environ.get("LBD_BUILD", os.path.join(TESTS, "..", "..", "build"))
LBTOP = os.path.abspath(os.environ.get("LBTOP", os.path.join(BUILD, "lbtop")))

# Of a condition that comes true at once on an idle machine. Tests of speed take the best of several tries instead.
DEADLINE = 30.0 * PACE


def wait_until(condition, timeout=DEADLINE, what="the condition"):
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Late(f"{what} did not come true in {timeout:.1f} s")
        time.sleep(0.02)


def state_of(pid):
    """R, S, T, Z and so on; None when there is no such process. An orphan stays a zombie until init looks."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def has_ended(pid):
    return state_of(pid) in (None, "Z")


def signal_if_alive(pid, number):
    if not has_ended(pid):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class Screen:
    def __init__(self, tmp_path):
        self.directory = tempfile.mkdtemp(prefix="lbt")  # tmux leaves its socket behind
        self.socket = os.path.join(self.directory, "tmux")
        self.log = str(tmp_path / "stderr")
        self.started = set()
        # This session keeps the server, and ends it should the tests themselves be killed.
        keep = (f"trap '' HUP; tail -f /dev/null --pid={os.getpid()}; tmux -S {self.socket} kill-server; "
                f"rm -rf {self.directory}")
        self.tmux("new-session", "-d", "-s", "keep", "-x", "20", "-y", "5", keep)
        self.tmux("set", "-g", "remain-on-exit", "on")
        self.tmux("set", "-s", "escape-time", "0")

    def tmux(self, *args, check=True):
        return subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *args], check=check, text=True,
                              capture_output=True, errors="replace", env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout

    def start(self, *args, width=80, height=24, **env):
        """Runs lbtop; when it ended, the screen shows EXIT=code and what stty says."""
        variables = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
                     "LSAN_OPTIONS": f"print_suppressions=0:suppressions={TESTS}/lsan.supp", **env}
        unset = [f"-u {key}" for key, value in variables.items() if value is None]
        words = [f"{key}='{value}'" for key, value in variables.items() if value is not None]
        command = " ".join(["env", *unset, *words, LBTOP, *args])
        modes = "stty -a | tr -s ' ;' '\\n' | grep -xE -- '-?(icanon|echo|isig)' | xargs echo STTY"
        self.run(f"{command}; echo EXIT=$?; {modes}; sleep 600", width, height)

    def run(self, command, width=80, height=24):
        self.tmux("new-session", "-d", "-s", "t", "-x", str(width), "-y", str(height), command)

    def capture(self, *options):
        return self.tmux("capture-pane", "-t", "t", "-p", *options)

    def wait(self, pattern, timeout=DEADLINE):
        try:
            return wait_until(lambda: re.search(pattern, self.capture(), re.M), timeout, pattern)
        except Late as error:
            raise Late(f"{error}\n{self.capture()}") from None

    def wait_not(self, pattern, timeout=DEADLINE):
        return wait_until(lambda: not re.search(pattern, self.capture(), re.M), timeout, f"no {pattern}")

    def keys(self, *names):
        self.tmux("send-keys", "-t", "t", *names)

    def text(self, text):
        self.tmux("send-keys", "-t", "t", "-l", text)

    def paste(self, text, bracketed):
        self.tmux("set-buffer", text)
        self.tmux("paste-buffer", "-t", "t", "-r", *(["-p"] if bracketed else []))

    def resize(self, width, height):
        self.tmux("resize-window", "-t", "t", "-x", str(width), "-y", str(height))

    def show(self, what):
        return self.tmux("display", "-t", "t", "-p", f"#{{{what}}}").strip()

    def children(self):
        """Every lbtop under our panes."""
        parents, names = {}, {}
        out = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], text=True, capture_output=True, check=True).stdout
        for line in out.splitlines():
            pid, parent, name = line.split(None, 2)
            parents.setdefault(int(parent), []).append(int(pid))
            names[int(pid)] = name
        panes = self.tmux("list-panes", "-a", "-F", "#{pane_pid}", check=False).split()
        found, todo = [], [int(pane) for pane in panes]
        while todo:
            pid = todo.pop()
            todo += parents.get(pid, [])
            if "lbtop" in names.get(pid, ""):
                found.append(pid)
        self.started.update(found)
        return found

    def pid(self):
        """Of lbtop itself."""
        return wait_until(self.children, DEADLINE, "lbtop's process")[0]

    def is_restored(self):
        return self.show("alternate_on") == "0" and self.show("cursor_flag") == "1" and self.show("mouse_any_flag") == "0"

    def wait_exit(self, code, timeout=DEADLINE):
        self.wait(rf"EXIT={code}$", timeout)
        self.wait(r"^STTY isig icanon echo$", timeout)
        assert self.is_restored()

    def stop(self):
        """Nothing of ours outlives a test: not the server, and no lbtop that does not heed a signal."""
        self.children()
        for pid in self.started:
            signal_if_alive(pid, signal.SIGTERM)
        end = time.monotonic() + DEADLINE
        while not all(map(has_ended, self.started)) and time.monotonic() < end:
            time.sleep(0.02)
        left = [pid for pid in self.started if not has_ended(pid)]
        for pid in left:
            signal_if_alive(pid, signal.SIGKILL)
        self.tmux("kill-server", check=False)
        shutil.rmtree(self.directory, ignore_errors=True)
        assert not left, f"lbtop did not heed SIGTERM: {left}"


def table(text):
    """The rows of the table: name to the words behind it."""
    rows = {}
    for line in text.splitlines():
        match = re.match(r"^[> ][-+ ] ?(?:  ?[|`\u251c\u2514][-\u2500])?\s*([\w.~\u2026:-]+)\s+(.*)$", line)
        if match:
            rows.setdefault(match[1], match[2])
    return rows
