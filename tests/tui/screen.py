"""lbtop under a private tmux server. Every wait has a deadline and a condition."""

import itertools
import os
import re
import subprocess
import time

TESTS = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("LBD_BUILD", os.path.join(TESTS, "..", "..", "build"))
LBTOP = os.path.abspath(os.environ.get("LBTOP", os.path.join(BUILD, "lbtop")))

counter = itertools.count()

# Of a condition that comes true at once on an idle machine. Tests of speed take the best of several tries instead.
DEADLINE = 30.0


def wait_until(condition, timeout=DEADLINE, what="the condition"):
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come true in {timeout} s"
        time.sleep(0.02)


class Screen:
    def __init__(self, tmp_path):
        self.name = f"lbt{os.getpid()}x{next(counter)}"
        self.log = str(tmp_path / "stderr")
        self.tmux("new-session", "-d", "-s", "keep", "-x", "20", "-y", "5", "sleep 600")
        self.tmux("set", "-g", "remain-on-exit", "on")
        self.tmux("set", "-s", "escape-time", "0")

    def tmux(self, *args, check=True):
        return subprocess.run(["tmux", "-L", self.name, "-f", "/dev/null", *args], check=check, text=True,
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
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.capture()}") from None

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

    def pid(self):
        """Of lbtop itself: the child of the pane's shell."""
        def find():
            out = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", self.show("pane_pid")], text=True,
                                 capture_output=True, check=False).stdout
            return [int(line.split()[0]) for line in out.splitlines() if "lbtop" in line]
        return wait_until(find, DEADLINE, "lbtop's process")[0]

    def is_restored(self):
        return self.show("alternate_on") == "0" and self.show("cursor_flag") == "1" and self.show("mouse_any_flag") == "0"

    def wait_exit(self, code, timeout=DEADLINE):
        self.wait(rf"EXIT={code}$", timeout)
        self.wait(r"^STTY isig icanon echo$", timeout)
        assert self.is_restored()

    def stop(self):
        self.tmux("kill-server", check=False)


def table(text):
    """The rows of the table: name to the words behind it."""
    rows = {}
    for line in text.splitlines():
        match = re.match(r"^[> ][-+ ] ?(?:  ?[|`\u251c\u2514][-\u2500])?\s*([\w.~\u2026:-]+)\s+(.*)$", line)
        if match:
            rows.setdefault(match[1], match[2])
    return rows
