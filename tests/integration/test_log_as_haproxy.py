"""The same traffic through HAProxy and through lbd: the lines of both logs agree, apart from times, ports, and the
length of an answer that the proxy wrote itself."""
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from lbdtest import Client, wait_for

NAMES = ("ip", "frontend", "server", "timers", "status", "bytes", "request_cookie", "response_cookie", "termination",
         "counts", "queues", "captured", "request")
LINE = re.compile(
    r'^(?P<ip>[\d.]+):\d+ \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] (?P<frontend>\S+) (?P<server>\S+/\S+) '
    r'(?P<timers>-?\d+/-?\d+/-?\d+/-?\d+/\d+) (?P<status>-?\d+) (?P<bytes>\d+) (?P<request_cookie>\S+) '
    r'(?P<response_cookie>\S+) (?P<termination>\S{4}) (?P<counts>\d+/\d+/\d+/\d+/\+?\d+) (?P<queues>\d+/\d+)'
    r'(?P<captured>(?: \{[^}]*\})*) (?P<request>".*")$')
TCP = re.compile(
    r'^(?P<ip>[\d.]+):\d+ \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] (?P<frontend>\S+) (?P<server>\S+/\S+) '
    r'(?P<timers>-?\d+/-?\d+/-?\d+) (?P<bytes>\d+) (?P<termination>\S{2}) '
    r'(?P<counts>\d+/\d+/\d+/\d+/\+?\d+) (?P<queues>\d+/\d+)$')

HAPROXY = """
global
  log stdout format raw local0
  stats socket {stats} level admin
  nbthread 1
defaults
  mode http
  log global
  option httplog
  option abortonclose
  timeout connect 400ms
  timeout server 700ms
  timeout client 900ms
  timeout http-request 600ms
  timeout http-keep-alive 20s
  retries 0
frontend fe_web
  bind 127.0.0.1:{port}
  capture request header X-Who len 8
  capture request header User-Agent len 8
  capture response header X-Said len 8
  http-request deny if {{ path /deny }}
  http-request redirect location /else code 302 if {{ path /redirect }}
  use_backend be_none if {{ path /none }}
  use_backend be_dead if {{ path /dead }}
  use_backend be_two if {{ path /two }}
  use_backend be_hole if {{ path /hole }}
  use_backend be_one if {{ path_beg /one/ }}
  default_backend be_web
backend be_web
  server s1 127.0.0.1:{origin}
backend be_one
  timeout queue 300ms
  server s1 127.0.0.1:{origin} maxconn 1
backend be_none
  server n1 127.0.0.1:{origin} disabled
backend be_dead
  server d1 127.0.0.1:{dead}
backend be_hole
  server h1 127.0.0.1:{hole}
backend be_two
  retries 2
  option redispatch 1
  balance static-rr
  server d1 127.0.0.1:{dead}
  server s1 127.0.0.1:{origin}
listen {tcp}
  mode tcp
  option tcplog
  timeout tunnel 900ms
  bind 127.0.0.1:{tcp_port}
  server t1 127.0.0.1:{origin}
"""

LBD = """
global: {{ threads = 1; stats_sockets = ( {{ path = "{stats}"; level = "admin"; }} ); }};
defaults: {{
  timeouts: {{ connect = 400; server = 700; client = 900; http_request = 600; keep_alive = "20s"; }};
  retry: {{ attempts = 1; }};
}};
frontends: {{
  fe_web: {{
    bind = [ "127.0.0.1:{port}" ];
    access_log: {{ format = "httplog"; target = "{log}"; }};
    capture: {{ request = [ "X-Who", "User-Agent" ]; response = [ "X-Said" ]; length = 8; }};
    default_backend = "be_web";
    rules = ( {{ path = "^/deny$"; deny = 403; }}, {{ path = "^/redirect$"; redirect: {{ to = "/else"; status = 302; }}; }},
      {{ path = "^/none$"; backend = "be_none"; }}, {{ path = "^/dead$"; backend = "be_dead"; }},
      {{ path = "^/two$"; backend = "be_two"; }}, {{ path = "^/hole$"; backend = "be_hole"; }},
      {{ path = "^/one/"; backend = "be_one"; }} );
  }};
  {tcp}: {{
    mode = "tcp"; bind = [ "127.0.0.1:{tcp_port}" ]; default_backend = "be_tcp"; timeouts: {{ tunnel = 900; }};
    access_log: {{ format = "tcplog"; target = "{log}"; }};
  }};
}};
backends: {{
  be_web: {{ algorithm = "round_robin"; servers: {{ s1: {{ address = "127.0.0.1:{origin}"; }}; }}; }};
  be_one: {{ timeouts: {{ queue = 300; }}; servers: {{ s1: {{ address = "127.0.0.1:{origin}"; maxconn = 1; }}; }}; }};
  be_none: {{ servers: {{ n1: {{ address = "127.0.0.1:{origin}"; disabled = true; }}; }}; }};
  be_dead: {{ servers: {{ d1: {{ address = "127.0.0.1:{dead}"; }}; }}; }};
  be_hole: {{ servers: {{ h1: {{ address = "127.0.0.1:{hole}"; }}; }}; }};
  be_two: {{ algorithm = "round_robin"; retry: {{ attempts = 3; }};
    servers: {{ d1: {{ address = "127.0.0.1:{dead}"; }}; s1: {{ address = "127.0.0.1:{origin}"; }}; }}; }};
  be_tcp: {{ mode = "tcp"; servers: {{ t1: {{ address = "127.0.0.1:{origin}"; }}; }}; }};
}};
"""


def origin(connection, number):
    head = b"HTTP/1.1 200 OK\r\nX-Said: one|two{three}\r\n"
    while True:
        target = connection.until(b"\r\n\r\n").split(b" ")[1]
        if target == b"/bad":
            connection.send(b"HTTP/1.1 2x0 OK\r\n\r\n")
        elif target == b"/cut":
            connection.send(head + b"Content-Length: 100\r\n\r\nshort")
            return
        elif target == b"/close":
            return
        elif target.startswith(b"/one/slow"):
            time.sleep(0.25 if target == b"/one/slow" else 0.6)
            connection.send(head + b"Content-Length: 2\r\n\r\nok")
        elif target == b"/silent":
            time.sleep(1.2)
            return
        elif target in (b"/stall", b"/one/stall"):
            connection.send(head + b"Content-Length: 100\r\n\r\nshort")
            time.sleep(1.5)
            return
        elif target == b"/endless":
            connection.send(head + b"Content-Length: 100000000\r\n\r\n")
            while True:
                connection.send(b"x" * 65536)
        else:
            connection.send(head + b"Content-Length: 2\r\n\r\nok")


def get(target, more=b""):
    return b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n" + more + b"\r\n"


def ask(proxy, sent, pause=0.0, leave=""):
    with Client(proxy.port) as client:
        client.send(sent)
        time.sleep(pause)
        if leave:
            client.reset() if leave == "reset" else client.close()
            return
        client.half_close() if not sent.endswith(b"\n") else None
        client.rest()


def read_some(proxy):
    with Client(proxy.port) as client:
        client.send(get(b"/endless")).until(b"xxxx")
        client.reset()


def kill(proxy):
    with Client(proxy.port) as client:
        client.send(get(b"/stall")).until(b"short")
        session = re.search(r"^(0x\w+): .* srv=s1", proxy.cli("show sess"), re.M)[1]
        proxy.cli(f"shutdown session {session}")
        try:
            client.rest()
        except OSError:
            pass


def two(proxy):
    """Until one of them met the dead server first."""
    for _ in range(2):
        with Client(proxy.port) as client:
            client.send(get(b"/two", b"Connection: close\r\n")).rest()


def queue(proxy):
    """The first has the only place, the others wait for it in vain."""
    with Client(proxy.port) as first, Client(proxy.port) as second, Client(proxy.port) as third:
        for client in (first, second, third):
            client.send(get(b"/one/stall", b"Connection: close\r\n"))
            time.sleep(0.1)
        row = re.search(r"^be_one,BACKEND,(\d+),\d+,(\d+),", proxy.cli("show stat"), re.M)
        for client in (second, third, first):
            client.rest()
    return row.groups()


def beside_tcp(proxy):
    with Client(proxy.tcp_port) as other:
        other.send(get(b"/ok")).until(b"ok")
        ask(proxy, get(b"/ok", b"Connection: close\r\n"))


def queued(proxy, first, *others):
    """first has the only slot, the others wait in this order, each with how it ends: None or a pause before its reset."""
    threads = [threading.Thread(target=ask, args=(proxy, get(first, b"Connection: close\r\n")))]
    for number, pause in enumerate(others):
        threads.append(threading.Thread(target=ask, args=(
            proxy, get(b"/one/%d" % number, b"Connection: close\r\n"), pause or 0, "reset" if pause else "")))
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()


CASES = {  # what is done; whether the origin's answer is the whole one, so that its bytes must agree
    "ok": (lambda p: ask(p, get(b"/ok", b"Connection: close\r\n")), False),
    "captures": (lambda p: ask(p, get(b"/ok", b"X-Who: a\r\nX-Who: {b|\"#\r\nUser-Agent: longer than eight\r\n"
                                      b"Connection: close\r\n")), False),
    "target": (lambda p: ask(p, get(b"/a#b?c=%22{|}~", b"Connection: close\r\n")), False),
    "http10": (lambda p: ask(p, b"GET /old HTTP/1.0\r\n\r\n"), False),
    "method": (lambda p: ask(p, b"BREW /pot HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), False),
    "deny": (lambda p: ask(p, get(b"/deny", b"Connection: close\r\n")), False),
    "redirect": (lambda p: ask(p, get(b"/redirect", b"Connection: close\r\n")), False),
    "no server": (lambda p: ask(p, get(b"/none", b"Connection: close\r\n")), False),
    "refused": (lambda p: ask(p, get(b"/dead", b"Connection: close\r\n")), False),
    "redispatched": (two, False),
    "connect timeout": (lambda p: ask(p, get(b"/hole", b"Connection: close\r\n")), False),
    "server timeout before headers": (lambda p: ask(p, get(b"/silent", b"Connection: close\r\n")), False),
    "server closed before headers": (lambda p: ask(p, get(b"/close", b"Connection: close\r\n")), False),
    "invalid response": (lambda p: ask(p, get(b"/bad", b"Connection: close\r\n")), False),
    "server closed in mid-body": (lambda p: ask(p, get(b"/cut")), False),
    "server timeout in mid-body": (lambda p: ask(p, get(b"/stall")), False),
    "client gone in mid-body": (read_some, False),
    # HAProxy takes FIN for it with abortonclose; lbd, for which FIN ends a request, takes a reset.
    "client gone waiting": (lambda p: ask(p, get(b"/silent"), 0.2, "close" if p.child.args[0] == "haproxy" else "reset"), False),
    "client gone connecting": (lambda p: ask(p, get(b"/hole"), 0.1, "reset"), False),
    "bad request": (lambda p: ask(p, b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n"), True),
    "request timeout": (lambda p: ask(p, b"GET / HT\r\n"[:-2], 0.9), True),
    "client closed early": (lambda p: ask(p, b"GET / HT"), True),
    "killed": (kill, False),
    "a session of another frontend": (beside_tcp, False),
    "queued": (lambda p: queued(p, b"/one/slow", None, None), False),
    "queue timeout": (lambda p: queued(p, b"/one/slower", None), False),
    "client gone in queue": (lambda p: queued(p, b"/one/slow", 0.1, None), False),
}


class Haproxy:
    def __init__(self, box, values):
        self.stats, self.port, self.tcp_port = values["stats"], values["port"], values["tcp_port"]
        path = box.path("haproxy.cfg")
        path.write_text(HAPROXY.format(**values))
        self.log = box.path("haproxy.log")
        with open(self.log, "wb") as out:
            self.child = subprocess.Popen(["haproxy", "-db", "-f", str(path)], stdout=out, stderr=subprocess.STDOUT)
        wait_for(lambda: self.up(), what="haproxy")

    def up(self):
        try:
            Client(self.port).close()
            return self.cli("show info")
        except OSError:
            return False

    def cli(self, command):
        with Client(self.stats) as client:
            return client.send(command.encode() + b"\n").rest().decode()

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(10)


@pytest.fixture
def both(box):
    """HAProxy and lbd with the same servers; each with .lines(): its access log so far."""
    server = box.scripted(origin)
    hole = socket.create_server(("127.0.0.1", 0), backlog=0)
    fill = [socket.socket() for _ in range(2)]
    for s in fill:
        s.setblocking(False)
        s.connect_ex(hole.getsockname())
    shared = {"origin": server.port, "dead": box.dead_port(), "hole": hole.getsockname()[1]}

    def ports():
        return {"port": box.port(), "tcp_port": box.port()}
    haproxy = Haproxy(box, {**shared, **ports(), "stats": str(box.path("h.sock")), "tcp": "fe_tcp"})
    values = {**shared, **ports(), "stats": str(box.path("l.sock")), "log": str(box.path("lbd.log")), "tcp": "fe_tcp"}
    lbd = box.lbd(LBD.format(**values))
    lbd.tcp_port, lbd.access = values["tcp_port"], box.path("lbd.log")
    time.sleep(0.1)
    yield haproxy, lbd
    haproxy.end()
    for s in (*fill, hole):
        s.close()


def lines(path, pattern):
    return [match.groupdict() for match in map(pattern.match, path.read_text().splitlines()) if match]


def phases(timers):
    """Which of them were reached."""
    return [value == "-1" for value in timers.split("/")]


def settled(path, pattern):
    last = []
    for _ in range(30):
        time.sleep(0.05)
        now = lines(path, pattern)
        if now and now == last:
            break
        last = now
    return last


def comparable(row, with_bytes):
    row = {**row, "timers": phases(row["timers"])}
    return {name: row[name] for name in row if name != "bytes" or with_bytes}


@pytest.mark.parametrize("name", CASES)
def test_httplog(both, name):
    act, with_bytes = CASES[name]
    found = []
    for proxy, path in zip(both, (both[0].log, both[1].access)):
        skip = len(lines(path, LINE)) if path.exists() else 0
        try:
            act(proxy)
        except OSError:
            pass
        wait_for(lambda: path.exists() and len(lines(path, LINE)) > skip, what=f"a line of {path}")
        rows = [comparable(row, with_bytes) for row in settled(path, LINE)[skip:]]
        found.append([row for row in rows if "+" in row["counts"]][:1] if name == "redispatched" else rows)
    haproxy, lbd = found
    assert lbd == haproxy


def test_counts_of_a_queue(both):
    """Who waits is in the backend: qcur and scur of show stat, and the log. (Queues are not compared: HAProxy counts who gave up as one ahead of himself.)"""
    found = []
    for proxy, path in zip(both, (both[0].log, both[1].access)):
        now = queue(proxy)
        def seen():
            return [(row["termination"], row["counts"]) for row in lines(path, LINE) if "/one/" in row["request"]]
        wait_for(lambda: path.exists() and len(seen()) == 3, what=f"three lines of {path}")
        found.append((now, seen()))
    haproxy, lbd = found
    assert lbd == haproxy


TCP_CASES = {
    "ok": lambda p: ask_tcp(p, get(b"/ok") * 2),
    "closed by the server": lambda p: ask_tcp(p, get(b"/cut")),
    "timeout": lambda p: ask_tcp(p, get(b"/stall"), 1.4),
}


def ask_tcp(proxy, sent, pause=0.1):
    with Client(proxy.tcp_port) as client:
        client.send(sent)
        client.need(1)
        time.sleep(pause)
        client.half_close()
        client.rest()


@pytest.mark.parametrize("name", TCP_CASES)
def test_tcplog(both, name):
    found = []
    for proxy, path in zip(both, (both[0].log, both[1].access)):
        try:
            TCP_CASES[name](proxy)
        except OSError:
            pass
        wait_for(lambda: path.exists() and lines(path, TCP), what=f"a line of {path}")
        found.append([comparable({**row, "server": row["server"].split("/")[1]}, True) for row in settled(path, TCP)])
    haproxy, lbd = found
    assert lbd == haproxy


def test_halog_reads_it(both):
    _, lbd = both
    for name in ("ok", "captures", "deny", "refused", "bad request", "server closed in mid-body"):
        CASES[name][0](lbd)
    wait_for(lambda: len(lines(lbd.access, LINE)) == 6, what="the lines")
    for options, expect in (("-st", "200 3"), ("-tc", "SD 1"), ("-srv", "be_web/s1"), ("-pct", "100.0"), ("-ut", "/ok"),
                            ("-e -c", "1")):
        done = subprocess.run(["halog", "-s", "-4", *options.split()], stdin=open(lbd.access, "rb"), capture_output=True,
                              text=True, timeout=10, check=True)
        text = re.sub(r"[ \t]+", " ", done.stdout)
        assert expect in text, (options, done.stdout, done.stderr)
        assert "truncated" not in done.stderr, done.stderr
