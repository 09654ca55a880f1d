"""A stats socket that behaves, or misbehaves, as told: the other end of lbtop's tests.

    lb = FakeLb(path); lb.start(); lb.mode = "stall"; ...; lb.stop()
    python3 fakelb.py PATH [MODE]          by hand

Modes (mode, and arg where one is named): ok, slow (arg: ms before an answer), stall (never answers), trickle (a byte
each 10 ms), half (cut in the middle of a row), noaccept (see block()), cols (columns reordered, some missing, one
unknown), evil (hostile text in every text field), deny (level user), refuse (an error text for each change), huge
(arg: rows). Methods: gone(), back(), reload(), reset().
"""

import errno
import os
import socket
import sys
import threading
import time

COLUMNS = """pxname svname qcur qmax scur smax slim stot bin bout dreq dresp ereq econ eresp wretr wredis status weight
act bck chkfail chkdown lastchg downtime qlimit pid iid sid throttle lbtot tracked type rate rate_lim rate_max
check_status check_code check_duration hrsp_1xx hrsp_2xx hrsp_3xx hrsp_4xx hrsp_5xx hrsp_other hanafail req_rate
req_rate_max req_tot cli_abrt srv_abrt lastsess last_chk qtime ctime rtime ttime check_rise check_fall check_health
addr cookie mode algo uweight -""".split()
OWN_COLUMNS = """health admin_state brk_state brk_since brk_err_pct brk_requests brk_threshold_pct brk_opens
brk_trials_ok brk_trials_need lat_p50_us lat_p90_us lat_p99_us lat_max_us chk_hist drain_since eff_weight""".split()

EVIL = b"\x1b]0;OWNED\x07\x1b[31mred\xff\xfe\rcr\x9b5m\x00\xe2\x80\xaertl" + "\u200b".encode() + b"\x1b[2J end"


class Server:
    def __init__(self, name, weight=100, status="UP", rate=10, **fields):
        self.name, self.weight, self.initial = name, weight, weight
        self.status, self.admin, self.rate = status, "ready", rate
        self.fields = fields

    def word(self):
        return {"ready": self.status, "drain": "DRAIN" if self.status.startswith("UP") else self.status,
                "maint": "MAINT"}[self.admin]


class FakeLb:
    def __init__(self, path, own=True):
        self.path, self.own = path, own
        self.mode, self.arg = "ok", 0
        self.pid, self.level, self.node = 4711, "admin", "lb1"
        self.generation = 1
        self.epoch = self.started = time.time()
        self.commands = []      # every line that is not a question
        self.polls = 0          # answers to show stat
        self.open = 0           # connections now
        self.lock = threading.RLock()
        self.listener, self.fillers, self.stopping = None, [], False
        self.huge_text = None
        self.backends = {
            "app": [Server("a"), Server("b"), Server("c", weight=50), Server("d", weight=50, bck=1, act=0)],
            "api": [Server("web01", weight=1, rate=40), Server("api-long-name-of-a-server.internal", weight=1)],
        }
        self.frontends = ["web"]

    def server(self, name):
        backend, server = name.split("/")
        return next(s for s in self.backends[backend] if s.name == server)

    # life

    def start(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self.accept_loop, args=(self.listener,), daemon=True).start()
        return self

    def stop(self):
        self.stopping = True
        self.gone()

    def gone(self):
        listener, self.listener = self.listener, None
        if listener:
            os.unlink(self.path)
            try:
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            listener.close()
        for filler in self.fillers:
            filler.close()
        self.fillers = []

    back = start

    def block(self):
        """A full backlog: nobody accepts any more."""
        self.gone()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(0)
        while True:
            filler = socket.socket(socket.AF_UNIX)
            filler.setblocking(False)
            self.fillers.append(filler)
            try:
                filler.connect(self.path)
            except OSError as error:
                assert error.errno == errno.EAGAIN
                return

    def reload(self):
        self.pid += 1
        self.started = self.epoch = time.time()

    def reset(self):
        self.epoch = time.time()

    # the socket

    def accept_loop(self, listener):
        while self.listener is listener:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with self.lock:
            self.open += 1
        try:
            self.talk(connection)
        except OSError:
            pass
        finally:
            connection.close()
            with self.lock:
                self.open -= 1

    def talk(self, connection):
        prompt, pending = False, b""
        while True:
            data = connection.recv(65536)
            if not data:
                return
            if self.mode == "stall":
                while self.mode == "stall" and not self.stopping:
                    time.sleep(0.02)
                return
            if self.mode == "slow":
                time.sleep(self.arg / 1000)
            pending += data
            out = b""
            while b"\n" in pending:
                line, pending = pending.split(b"\n", 1)
                command = line.decode("latin-1").strip()
                if command == "quit":
                    self.send(connection, out)
                    return
                if command == "prompt":
                    prompt = True
                    out += b"\n> "
                    continue
                body = self.answer(command)
                if self.mode == "half" and command.startswith("show stat"):
                    self.send(connection, out + body[: len(body) * 2 // 3])
                    return
                out += body + b"\n" + (b"> " if prompt else b"")
            self.send(connection, out)
            if not prompt:
                return

    def send(self, connection, out):
        if self.mode == "trickle":
            for byte in out:
                connection.sendall(bytes([byte]))
                time.sleep(0.01)
        else:
            connection.sendall(out)

    def answer(self, command):
        if command == "show cli level":
            return ("user" if self.mode == "deny" else self.level).encode() + b"\n"
        if command == "show info":
            return self.info().encode()
        if command.startswith("show stat"):
            text = self.stat()
            with self.lock:
                self.polls += 1
            return text
        self.commands.append(command)
        if self.mode == "deny":
            return b"Permission denied\n"
        if self.mode == "refuse":
            return b"No such thing \x1b[31m here.\n"
        return self.change(command.split())

    def change(self, words):
        if words[:2] != ["set", "server"] or len(words) != 5:
            return b"Unknown command. Please enter one of the following commands only:\n"
        try:
            server = self.server(words[2])
        except (KeyError, StopIteration, ValueError):
            return b"No such server.\n"
        if words[3] == "state":
            server.admin = words[4]
        elif words[4].endswith("%"):
            server.weight = server.initial * int(words[4][:-1]) // 100
        else:
            server.weight = int(words[4])
        return b""

    # the text

    def info(self):
        return "".join(f"{key}: {value}\n" for key, value in {
            "Name": "lbd", "Version": "2.6.0-lbd0.1.0", "Pid": self.pid, "Uptime_sec": int(time.time() - self.started),
            "Maxconn": 2000, "CurrConns": 412, "SessRate": 10, "Idle_pct": 90, "node": self.node, "Stopping": 0,
            "Start_time_sec": int(self.started), "Generation": self.generation}.items())

    def row(self, columns, fields):
        out = []
        for column in columns:
            value = fields.get(column, "")
            raw = value if isinstance(value, bytes) else str(value).encode()
            if any(c in raw for c in b',"\r\n'):
                raw = b'"' + raw.replace(b'"', b'""') + b'"'
            out.append(raw)
        return b",".join(out) + b",\n"

    def counters(self, rate, seconds):
        total = int(rate * seconds)
        return {"req_tot": total, "stot": total // 2, "bin": total * 500, "bout": total * 5000, "hrsp_2xx": total,
                "hrsp_5xx": 0, "hrsp_4xx": 0}

    def own_fields(self, server):
        return {"health": "healthy", "admin_state": server.admin, "brk_state": "closed", "brk_since": 60,
                "brk_err_pct": 0, "brk_requests": 100, "brk_threshold_pct": 50, "brk_opens": 0, "lat_p50_us": 11000,
                "lat_p90_us": 60000, "lat_p99_us": 94000, "lat_max_us": 300000, "chk_hist": "oooooooooooooooo",
                "eff_weight": server.weight} if self.own else {}

    def rows(self):
        seconds = time.time() - self.epoch
        total = sum(s.rate for group in self.backends.values() for s in group)
        for name in self.frontends:
            yield {"pxname": name, "svname": "FRONTEND", "type": 0, "status": "OPEN", "scur": 20, "slim": 2000,
                   "mode": "http", "req_rate": total, "rate": total, "ereq": 0, "-": "-",
                   **self.counters(total, seconds)}
        for name, servers in self.backends.items():
            for server in servers:
                up = server.status.startswith("UP")
                yield {"pxname": name, "svname": server.name, "type": 2, "status": server.word(), "scur": 5,
                       "slim": 200, "weight": server.weight, "uweight": server.weight, "act": 1, "bck": 0,
                       "check_status": "L7OK" if up else "L4CON", "check_code": 200 if up else "",
                       "check_duration": 1, "last_chk": "" if up else "Connection refused", "check_rise": 2,
                       "check_fall": 3, "check_health": 4 if up else 0, "addr": "127.0.0.1:9001", "mode": "http",
                       "econ": 0, "eresp": 0, "qcur": 0, "lastchg": 100, "smax": 9, "-": "-",
                       **self.counters(server.rate, seconds), **self.own_fields(server), **server.fields}
            yield {"pxname": name, "svname": "BACKEND", "type": 1, "status": "UP", "scur": 10, "slim": 400,
                   "weight": sum(s.weight for s in servers), "act": len(servers), "bck": 0, "mode": "http",
                   "algo": "p2c", "econ": 0, "eresp": 0, "qcur": 0, "-": "-",
                   **self.counters(sum(s.rate for s in servers), seconds)}

    def stat(self):
        columns = COLUMNS + (OWN_COLUMNS if self.own else [])
        if self.mode == "huge":
            return self.huge(columns)
        rows = list(self.rows())
        if self.mode == "cols":
            columns = ["extra"] + [c for c in reversed(columns) if c not in ("slim", "check_code", "lastchg")]
            for row in rows:
                row["extra"] = "what,ever"
        if self.mode == "evil":
            for row in rows:
                row["last_chk"] = EVIL + b'"\n\n> "' + b"x" * (1 << 20)
                row["addr"] = EVIL
            rows.insert(0, dict(rows[1], pxname="app", svname="a;disable server app/b"))
        return b"# " + self.row(columns, {c: c for c in columns}) + b"".join(self.row(columns, r) for r in rows)

    def huge(self, columns):
        if not self.huge_text:
            base = next(row for row in self.rows() if row["type"] == 2)
            parts = [b"# " + self.row(columns, {c: c for c in columns})]
            line = self.row(columns, dict(base, svname="@NAME@"))
            for i in range(self.arg):
                parts.append(line.replace(b"@NAME@", b"s%05d" % i))
            parts.append(self.row(columns, {"pxname": "app", "svname": "BACKEND", "type": 1, "status": "UP"}))
            self.huge_text = b"".join(parts)
        return self.huge_text


if __name__ == "__main__":
    fake = FakeLb(sys.argv[1])
    if len(sys.argv) > 2:
        fake.mode, _, value = sys.argv[2].partition("=")
        fake.arg = int(value or 0)
    fake.start()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        fake.stop()
