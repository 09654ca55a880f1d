"""The harness of the black-box tests: real lbd processes, demo servers, raw clients, the stats socket.

Everything that a test starts is private to it (ports from the kernel, sockets in a directory of its own), so tests run
side by side. At the end of a test Sandbox.close() stops what runs and fails the test when a daemon crashed, leaked
descriptors, or logged a finding of a sanitizer. The build comes from $LBD_BUILD, by default build/ beside tests/.
"""
import csv
import io
import json
import os
import pathlib
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pace

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LBD_BUILD", TOP / "build")).resolve()
LBD = BUILD / "lbd"
WRAPPER = shlex.split(os.environ.get("LBD_WRAPPER", ""))  # e.g. valgrind and its options
LBTOP = BUILD / "lbtop"
ORIGIN = BUILD / "tests/support/origin"
PLUGINS = BUILD / "src/algorithms/.libs"
FINDINGS = re.compile(
    rb"Assertion .* failed|ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|LeakSanitizer|"
    rb"stack smashing|double free|corrupted|invariant")
FD_SLACK = 8  # what a worker may open late and keep: a pipe pair, a timer, a reserve descriptor


PACE = pace.factor()  # deadlines here are those of an idle machine, and are multiplied by it


class Failure(AssertionError):
    """What a test reports; the text says what was expected and what was seen."""


class Late(Failure):
    """What did not happen in time, or took too long. A test that fails by this alone gets a second try, alone on the
    machine (suite.py); the first one is reported."""


def sanitized():
    """True when the daemon is a sanitizer's build, whose memory says nothing."""
    text = subprocess.run([LBD, "-V"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
    return "sanitizer=no" not in text


def wait_for(condition, deadline=10.0, what="the condition", every=0.01):
    """Calls condition until its result is true, and returns that; Late once the deadline (s, times PACE) has passed."""
    end = time.monotonic() + deadline * PACE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Late(f"waited {deadline * PACE:.1f} s for {what}; last seen: {result!r}")
        time.sleep(every)


def took(start, most, least=0.0):
    """The seconds since start (monotonic): Late when they are more than most times PACE, Failure when less than least."""
    return in_time(time.monotonic() - start, most, least)


def in_time(seconds, most, least=0.0):
    """The same for seconds that were measured."""
    if seconds < least:
        raise Failure(f"took {seconds:.3f} s, and not at least {least} s")
    if seconds > most * PACE:
        raise Late(f"took {seconds:.3f} s, more than {most} s times {PACE}")
    return seconds


def pattern(length):
    """The body that a demo server generates."""
    return (bytes(range(251)) * (length // 251 + 1))[:length]


# --- configuration -------------------------------------------------------------------------------------------------

def to_libconfig(value, depth=0):
    """dict -> group, list -> array or list (when it holds groups), str, bool, int -> scalars."""
    pad = "  " * depth
    if isinstance(value, dict):
        rows = [f"{pad}  {name} = {to_libconfig(item, depth + 1)};\n" for name, item in value.items()]
        return "{\n" + "".join(rows) + pad + "}"
    if isinstance(value, (list, tuple)):
        items = [to_libconfig(item, depth + 1) for item in value]
        mixed = any(isinstance(item, (dict, list, tuple)) for item in value)
        return ("( " if mixed else "[ ") + ", ".join(items) + (" )" if mixed else " ]")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}L" if abs(value) > 0x7FFFFFFF else str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def merge(base, extra):
    """base with the members of extra put over it, group by group; a new dict."""
    result = dict(base)
    for name, value in (extra or {}).items():
        old = result.get(name)
        result[name] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def config_text(config):
    if isinstance(config, str):
        return config
    return "".join(f"{name} = {to_libconfig(value)};\n" for name, value in config.items())


class PortHolder:
    """A port that stays ours: bound with SO_REUSEPORT but never listening, so only a listener that sets
    SO_REUSEPORT under the same user can take it, and the kernel gives it to nobody else."""

    def __init__(self, host="127.0.0.1"):
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.socket.bind((host, 0))
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


# --- HTTP client ---------------------------------------------------------------------------------------------------

class Response:
    def __init__(self, status, reason, version, headers, body=b"", raw_head=b""):
        self.status, self.reason, self.version = status, reason, version
        self.headers, self.body, self.raw_head = headers, body, raw_head

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def origin(self):
        return self.get("X-Origin")

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:200]!r} ({len(self.body)} bytes)>"


class Client:
    """One connection that sends exactly the bytes it is given and reads answers strictly."""

    def __init__(self, address, timeout=10.0):
        self.timeout = timeout * PACE
        if isinstance(address, int):
            address = ("127.0.0.1", address)
        family = socket.AF_UNIX if isinstance(address, str) else (
            socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        self.socket = socket.socket(family)
        # With a timeout, connect to a Unix socket fails at once while its queue is full, instead of waiting.
        self.socket.settimeout(None if family == socket.AF_UNIX else self.timeout)
        self.socket.connect(address)
        self.socket.settimeout(self.timeout)
        self.buffer, self.received = b"", 0

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def send(self, data):
        self.socket.sendall(data)
        return self

    def more(self):
        """Reads once; False at the end of the stream. A reset is ConnectionResetError."""
        data = self.socket.recv(262144)
        self.buffer += data
        self.received += len(data)
        return bool(data)

    def need(self, count):
        while len(self.buffer) < count:
            # Large bodies are collected in pieces: adding to bytes again and again is quadratic.
            parts, have = [self.buffer], len(self.buffer)
            while have < count:
                data = self.socket.recv(min(1 << 20, count - have))
                if not data:
                    self.buffer = b"".join(parts)
                    raise Failure(f"the stream ended after {have} of {count} bytes: {self.buffer[-200:]!r}")
                parts.append(data)
                have += len(data)
                self.received += len(data)
            self.buffer = b"".join(parts)
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def until(self, mark):
        while mark not in self.buffer:
            if not self.more():
                raise Failure(f"the stream ended before {mark!r}: {self.buffer[-300:]!r}")
        taken, self.buffer = self.buffer.split(mark, 1)
        return taken + mark

    def rest(self):
        """Everything up to the end of the stream."""
        parts = [self.buffer]
        self.buffer = b""
        while True:
            data = self.socket.recv(1 << 20)
            if not data:
                return b"".join(parts)
            parts.append(data)
            self.received += len(data)

    def read_head(self):
        head = self.until(b"\r\n\r\n")
        lines = head[:-4].split(b"\r\n")
        match = re.fullmatch(rb"(HTTP/1\.[01]) (\d{3}) ?(.*)", lines[0])
        if not match:
            raise Failure(f"not a status line: {lines[0]!r}")
        headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if not colon or not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                raise Failure(f"not a header line: {line!r}")
            headers.append((name.decode(), value.strip().decode("latin-1")))
        return Response(int(match[2]), match[3].decode(), match[1].decode(), headers, raw_head=head)

    def read_chunks(self):
        parts = []
        while True:
            line = self.until(b"\r\n")
            size = int(line.split(b";")[0].strip(), 16)
            if size == 0:
                while self.until(b"\r\n") != b"\r\n":
                    pass
                return b"".join(parts)
            parts.append(self.need(size))
            if self.need(2) != b"\r\n":
                raise Failure("a chunk does not end with CR LF")

    def response(self, method="GET", interim=None):
        """The next final answer; 1xx answers are appended to the list interim."""
        while True:
            response = self.read_head()
            if response.status >= 200 or response.status == 101:
                break
            if interim is not None:
                interim.append(response)
        if method == "HEAD" or response.status in (101, 204, 304):
            return response
        if response.get("Transfer-Encoding", "").lower() == "chunked":
            response.body = self.read_chunks()
        elif response.get("Content-Length") is not None:
            if len(set(response.all("Content-Length"))) != 1:
                raise Failure(f"several lengths: {response}")
            response.body = self.need(int(response.get("Content-Length")))
        else:
            response.body = self.rest()
        return response

    def request(self, method="GET", target="/", headers=None, body=None, host="test.example", chunks=None):
        """Sends one request and returns the answer. chunks: a list of bytes, sent with chunked coding."""
        self.send(build_request(method, target, headers, body, host, chunks))
        return self.response(method)

    def closed(self, timeout=5.0):
        """True when the peer ends the stream in time and nothing was left unread."""
        self.socket.settimeout(timeout * PACE)
        try:
            while self.more():
                pass
        except ConnectionResetError:
            pass
        except socket.timeout:
            return False
        finally:
            self.socket.settimeout(self.timeout)
        return not self.buffer


def build_request(method="GET", target="/", headers=None, body=None, host="test.example", chunks=None):
    lines = [f"{method} {target} HTTP/1.1"]
    if host is not None:
        lines.append(f"Host: {host}")
    pairs = headers.items() if isinstance(headers, dict) else headers or []
    lines += [f"{name}: {value}" for name, value in pairs]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    if chunks is not None:
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def http(address, method="GET", target="/", headers=None, body=None, timeout=10.0, **more):
    """One request on a connection of its own."""
    with Client(address, timeout) as client:
        return client.request(method, target, headers, body, **more)


def curl(*args, timeout=30):
    """curl -sS with these arguments; returns (exit code, stdout bytes, stderr text)."""
    done = subprocess.run(["curl", "-sS", "--noproxy", "*", *map(str, args)], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=timeout * PACE, check=False)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


class Load:
    """Clients that send requests one after another and account for each of them. With may_close they connect anew, like
    every client of HTTP, when the other side closes a connection between two answers and that crosses a request: it is
    counted in stale, and sent again. Whether a server had seen it is told by comparing its count with results."""

    def __init__(self, address, clients=8, target="/", each=None, method="GET", body=None, pause=0.0,
                 may_close=False, headers=None):
        self.may_close, self.headers = may_close, headers
        self.address, self.target, self.method, self.body = address, target, method, body
        self.pause, self.each = pause, each
        self.results, self.errors = [], []
        self.refused, self.stale = 0, 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _connect(self):
        try:
            return Client(self.address)
        except (ConnectionRefusedError, ConnectionResetError):
            self.refused += 1
            return None

    def _run(self):
        client, done = None, 0
        data = build_request(self.method, self.target, self.headers, body=self.body)
        while not self.stopping.is_set() and (self.each is None or done < self.each):
            try:
                fresh = client is None
                client = client or self._connect()
                if client is None:
                    time.sleep(0.01)
                    continue
                if not fresh and select.select([client.socket], [], [], 0)[0]:
                    client.close()
                    client = None
                    continue
                before = client.received
                client.send(data)
                response = client.response(self.method)
                self.results.append((response.status, response.origin, response.body))
                done += 1
                if response.get("Connection", "").lower() == "close":
                    client.close()
                    client = None
            except (OSError, Failure) as error:
                if self.may_close and not fresh and client.received == before and not isinstance(error, socket.timeout):
                    self.stale += 1
                else:
                    self.errors.append(repr(error))
                    done += 1
                client.close()
                client = None
            if self.pause:
                time.sleep(self.pause)
        if client:
            client.close()

    def stop(self):
        self.stopping.set()
        return self.join()

    def join(self, timeout=60):
        for thread in self.threads:
            thread.join(timeout * PACE)
            if thread.is_alive():
                raise Late("a client of the load never ended")
        return self

    def count(self, status=None, origin=None):
        return sum(1 for s, o, _ in self.results
                   if (status is None or s == status) and (origin is None or o == origin))


# --- processes -----------------------------------------------------------------------------------------------------

class Process:
    """A child with its output in files. Stopped by pid, never by name."""

    def __init__(self, sandbox, name, argv, env=None, **popen):
        self.name, self.argv = name, [str(arg) for arg in argv]
        self.out_path = sandbox.directory / f"{name}.out"
        self.err_path = sandbox.directory / f"{name}.err"
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            # Should this process die in the middle of a test, the kernel ends its children.
            self.child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *self.argv], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                          env={**os.environ, **(env or {})}, **popen)
        self.pid = self.child.pid
        sandbox.processes.append(self)

    @property
    def out(self):
        return self.out_path.read_text("utf-8", "replace")

    @property
    def log(self):
        return self.err_path.read_text("utf-8", "replace")

    @property
    def running(self):
        return self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def pause(self):
        """Stops every thread, and returns when they stand."""
        self.signal(signal.SIGSTOP)
        tasks = pathlib.Path(f"/proc/{self.pid}/task")
        wait_for(lambda: all((task / "stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
                             for task in tasks.iterdir()), what="all threads to stop", every=0.001)

    def resume(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        """kill -9, and reaps it."""
        if self.running:
            self.child.kill()
        self.child.wait()

    def wait(self, timeout=15.0):
        try:
            return self.child.wait(timeout * PACE)
        except subprocess.TimeoutExpired:
            raise Late(f"{self.name} (pid {self.pid}) still runs after {timeout * PACE:.1f} s; its log ends:\n"
                          f"{self.log[-2000:]}") from None

    def stop(self, timeout=15.0):
        """SIGTERM; returns the exit status."""
        if self.running:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def fds(self):
        """{descriptor: what it links to}"""
        result = {}
        for entry in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                result[int(entry)] = os.readlink(f"/proc/{self.pid}/fd/{entry}")
            except FileNotFoundError:
                pass
        return result

    def rss(self, row="VmRSS"):
        """Resident bytes; row "VmHWM": the most that there ever were."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(row + r":\s+(\d+) kB", text)[1]) * 1024

    def cpu(self):
        """Seconds of CPU, user and system."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Origin(Process):
    """A demo server; knobs as in origin_knobs.def."""

    def __init__(self, sandbox, name, listen="127.0.0.1:0", echo=False, **knobs):
        listen = [listen] if isinstance(listen, str) else listen
        argv = [ORIGIN, "-n", name] + (["-e"] if echo else [])
        for address in listen:
            argv += ["-l", address]
        argv += [f"{knob}={value}" for knob, value in knobs.items()]
        super().__init__(sandbox, sandbox.fresh(f"origin-{name}"), argv)
        self.title = name
        wait_for(lambda: self.out.count("listening ") == len(listen) or not self.running, what=f"{name} to listen")
        if not self.running:
            raise Failure(f"{name} did not start: {self.log}")
        self.addresses = re.findall(r"^listening (.+)$", self.out, re.M)
        self.address = self.addresses[0]

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    @property
    def endpoint(self):
        return self.address[5:] if self.address.startswith("unix:") else self.port

    def set(self, **knobs):
        """Changes the defaults at run time; returns all of them."""
        query = "&".join(f"{name}={value}" for name, value in knobs.items())
        return json.loads(http(self.endpoint, target=f"/_set?{query}").body)

    def stats(self):
        return json.loads(http(self.endpoint, target="/_stats").body)

    def requests(self):
        return self.stats()["requests"]

    def again(self, sandbox):
        """The same server on the same address, after it was stopped or killed."""
        return sandbox.origin(self.title, listen=self.address)


class ScriptedServer:
    """A server in Python for what the demo server cannot do: script(connection, number) runs in a thread for each
    connection; connection is a Client whose socket was accepted."""

    def __init__(self, script):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.script, self.connections, self.errors = script, 0, []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(accepted, self.connections), daemon=True).start()

    def _serve(self, accepted, number):
        client = Client.__new__(Client)
        client.socket, client.buffer, client.timeout, client.received = accepted, b"", 20.0 * PACE, 0
        accepted.settimeout(client.timeout)
        try:
            self.script(client, number)
        except (OSError, Failure) as error:
            self.errors.append(repr(error))
        finally:
            accepted.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class StatsConnection(Client):
    """An interactive connection to the stats socket."""

    def __init__(self, path, timeout=10.0):
        super().__init__(str(path), timeout)
        self.send(b"prompt\n")
        self.until(b"\n> ")

    def command(self, text):
        self.send(text.encode() + b"\n")
        return self.until(b"\n\n> ")[:-4].decode() if not self._silent() else ""

    def _silent(self):
        """A silent success is an empty answer and the prompt."""
        while len(self.buffer) < 3 and self.more():
            pass
        if self.buffer.startswith(b"\n> "):
            self.buffer = self.buffer[3:]
            return True
        return False


class Lbd(Process):
    """A running daemon. ports[NAME]: the first port of a frontend; stats_path: its first stats socket."""

    def __init__(self, sandbox, config, args=(), env=None, wait=True):
        self.sandbox = sandbox
        name = sandbox.fresh("lbd")
        self.config_path = sandbox.directory / f"{name}.conf"
        self.write_config(config)
        self.checked = False
        self.expect_exit = 0
        self.fds_at_start = 0
        super().__init__(sandbox, name, [*WRAPPER, LBD, "-f", self.config_path, "-L", PLUGINS, *args],
                         env={**sandbox.sanitizer_env(name), **(env or {})})
        sandbox.daemons.append(self)
        if wait:
            self.wait_ready()
            self.fds_at_start = len(self.held_fds())

    def write_config(self, config):
        text = config_text(config)
        self.config_path.write_text(text)
        match = re.search(r'stats_sockets\s*=\s*\(\s*\{[^}]*?path\s*=\s*"([^"]+)"', text)
        self.stats_path = match[1] if match else None
        self.ports = {}
        frontends = text.partition("frontends")[2]
        for block in re.finditer(r'(\w[\w-]*)\s*[=:]\s*\{[^{}]*?bind\s*=\s*[\[(]?\s*"[^"]*?:(\d+)"', frontends):
            self.ports[block[1]] = int(block[2])

    @property
    def port(self):
        return next(iter(self.ports.values()))

    def wait_ready(self, deadline=20.0):
        def ready():
            if not self.running:
                raise Failure(f"lbd ended with {self.child.returncode} at its start:\n{self.log}\n{self.config_path.read_text()}")
            if not all(port in listening_ports() for port in self.ports.values()):
                return False
            try:
                return self.stats_path is None or self.cli("show version") != ""
            except OSError:
                return False
        wait_for(ready, deadline, f"lbd to listen on {self.ports} and {self.stats_path}; log: {self.log[-500:]}")

    def held_fds(self):
        """Descriptors except established and connecting streams, which come and go with the traffic."""
        flowing = flowing_inodes()
        return {fd: link for fd, link in self.fds().items() if link not in flowing}

    # -- the stats socket

    def cli(self, command, half_close=False, timeout=10.0, path=None):
        """One line in one-shot mode; the answer as it came, with the final empty line."""
        with Client(str(path or self.stats_path), timeout) as client:
            client.send(command.encode() + b"\n")
            if half_close:
                client.half_close()
            return client.rest().decode("utf-8", "replace")

    def act(self, command):
        """A command that must succeed without a word."""
        answer = self.cli(command)
        if answer != "\n":
            raise Failure(f"{command!r} answered {answer!r}")

    def table(self, command):
        """A CSV answer as a list of dicts."""
        text = self.cli(command)
        if not text.startswith("# "):
            raise Failure(f"{command!r} answered {text[:300]!r}")
        return list(csv.DictReader(io.StringIO(text[2:].rstrip("\n") + "\n")))

    def show_stat(self):
        return self.table("show stat")

    def stat(self, proxy, name):
        for row in self.show_stat():
            if row["pxname"] == proxy and row["svname"] == name:
                return row
        raise Failure(f"show stat has no {proxy}/{name}: {[(r['pxname'], r['svname']) for r in self.show_stat()]}")

    def info(self):
        pairs = (line.split(": ", 1) for line in self.cli("show info").splitlines() if ": " in line)
        return dict(pairs)

    def wait_status(self, proxy, name, status, deadline=10.0):
        return wait_for(lambda: self.stat(proxy, name)["status"].startswith(status), deadline,
                        f"{proxy}/{name} to be {status}, now {self.stat(proxy, name)['status']}")

    # -- the end

    def findings(self):
        """What sanitizers and assertions said, in the log or in their own files."""
        found = []
        for path in [self.out_path, self.err_path, *self.sandbox.directory.glob(f"{self.name}.san.*")]:
            data = path.read_bytes()
            match = FINDINGS.search(data)
            if match or (".san." in path.name and data):
                at = match.start() if match else 0
                found.append(f"{path.name}: {data[at:at + 3000].decode('utf-8', 'replace')}")
        return found

    def check(self):
        """Stops it if it still runs, and fails on anything that is not a clean end. Once."""
        if self.checked:
            return
        self.checked = True
        problems = []
        if self.running and self.fds_at_start:
            self.resume()
            limit = self.fds_at_start + FD_SLACK
            try:
                wait_for(lambda: len(self.held_fds()) <= limit, 5)
            except Failure:
                if self.running:
                    problems.append(f"descriptors: {self.fds_at_start} at the start, now {self.held_fds()}")
        try:
            status = self.stop()
            if status != self.expect_exit:
                problems.append(f"exit status {status}, expected {self.expect_exit}")
        except Failure as failure:
            problems.append(str(failure))
            self.kill()
        problems += self.findings()
        if problems:
            raise Failure(f"{self.name}: " + "\n".join(problems) + f"\nthe log ends:\n{self.log[-3000:]}")


def _tcp_rows():
    for name in ("tcp", "tcp6"):
        try:
            for line in pathlib.Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                fields = line.split()
                yield int(fields[1].rsplit(":", 1)[1], 16), fields[3], fields[9]
        except FileNotFoundError:
            pass


def listening_ports():
    return {port for port, state, _ in _tcp_rows() if state == "0A"}


def flowing_inodes():
    """socket:[INODE] of streams that are established or connecting."""
    flowing = {f"socket:[{inode}]" for _, state, inode in _tcp_rows() if state in ("01", "02")}
    for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[4] == "0001" and fields[5] == "03":
            flowing.add(f"socket:[{fields[6]}]")
    return flowing


class Sandbox:
    """What one test has started, and where its files are."""

    def __init__(self):
        # Short on purpose: the path of a Unix socket has 107 bytes.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="lbd-"))
        self.processes, self.daemons, self.closers = [], [], []
        self.names = {}

    def fresh(self, name):
        self.names[name] = self.names.get(name, 0) + 1
        return name if self.names[name] == 1 else f"{name}.{self.names[name]}"

    def path(self, name):
        return self.directory / name

    def port(self):
        holder = PortHolder()
        self.closers.append(holder)
        return holder.port

    def dead_port(self):
        """A port that refuses connections as long as the test runs."""
        return self.port()

    def sanitizer_env(self, name):
        log = f"log_path={self.directory}/{name}.san:log_exe_name=0"
        return {"ASAN_OPTIONS": f"{log}:detect_leaks=1:detect_stack_use_after_return=1:exitcode=99",
                "UBSAN_OPTIONS": f"{log}:print_stacktrace=1:halt_on_error=1",
                "LSAN_OPTIONS": "exitcode=98",
                "TSAN_OPTIONS": f"{log}:halt_on_error=0:exitcode=97"}

    def origin(self, name="a", **knobs):
        return Origin(self, name, **knobs)

    def origins(self, *names, **knobs):
        return [self.origin(name, **knobs) for name in names]

    def scripted(self, script):
        server = ScriptedServer(script)
        self.closers.append(server)
        return server

    def config(self, servers, frontend=None, backend=None, top=None):
        """A configuration of one frontend "web" and one backend "app". servers: {name: Origin, address or group}."""
        groups = {}
        for name, server in servers.items():
            if isinstance(server, dict):
                groups[name] = dict(server)
                if hasattr(groups[name].get("address"), "address"):
                    groups[name]["address"] = groups[name]["address"].address
            else:
                groups[name] = {"address": getattr(server, "address", server)}
        base = {
            "global": {
                "threads": 2,
                "shutdown_timeout": "5s",
                "stats_sockets": [{"path": str(self.path(f"s{len(self.daemons)}.sock")), "level": "admin"}],
            },
            "frontends": {"web": {"bind": [f"127.0.0.1:{self.port()}"], "default_backend": "app"}},
            "backends": {"app": {"algorithm": "round_robin", "servers": groups}},
        }
        extra = {"frontends": {"web": frontend or {}}, "backends": {"app": backend or {}}}
        return merge(merge(base, extra), top or {})

    def lbd(self, config, args=(), env=None, wait=True):
        return Lbd(self, config, args, env, wait)

    def serve(self, *names, frontend=None, backend=None, top=None, env=None, **knobs):
        """The usual start: demo servers of these names behind one lbd. Returns (lbd, origin, ...)."""
        origins = self.origins(*names, **knobs)
        config = self.config({o.title: o for o in origins}, frontend, backend, top)
        return (self.lbd(config, env=env), *origins)

    def run(self, *args, timeout=30, env=None, cwd=None):
        """lbd with these arguments up to its end: (exit status, stdout, stderr)."""
        name = self.fresh("run")
        done = subprocess.run([str(LBD), *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=timeout * PACE, check=False, cwd=cwd,
                              env={**os.environ, **self.sanitizer_env(name), **(env or {})})
        for path in self.directory.glob(f"{name}.san.*"):
            raise Failure(f"lbd {args}: {path.read_text('utf-8', 'replace')[:3000]}")
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def check_config(self, text):
        """lbd -c on this text: (exit status, stdout, stderr)."""
        path = self.path(f"{self.fresh('check')}.conf")
        path.write_bytes(text if isinstance(text, bytes) else config_text(text).encode())
        return self.run("-c", "-f", path, "-L", PLUGINS)

    def close(self):
        """Ends everything. $LBD_KEEP keeps the files."""
        problems = []
        for daemon in self.daemons:
            try:
                daemon.check()
            except Failure as failure:
                problems.append(str(failure))
        for process in self.processes:
            process.kill()
        for closer in self.closers:
            try:
                closer.close()
            except OSError:
                pass
        if "LBD_KEEP" in os.environ:
            print(f"files: {self.directory}")
        else:
            shutil.rmtree(self.directory, ignore_errors=True)
        if problems:
            raise Failure("\n".join(problems))
