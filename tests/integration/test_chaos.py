"""Everything at once: clients of every kind, servers that lie, stall and die, and operators who change what they can. Whatever
happens, an answer that is complete is the right one, nobody waits for ever, and in the end nothing is left behind and the
figures agree with the log. $LBD_LOAD_SECONDS makes it longer, $LBD_CHAOS_SEED repeats a run."""
import collections
import json
import os
import random
import socket
import threading
import time
import zlib

from lbdtest import Client, Failure, build_request, pattern, wait_for

SECONDS = int(os.environ.get("LBD_LOAD_SECONDS", "6"))
SEED = int(os.environ.get("LBD_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
CLIENTS = 24
CHECK = {"path": "/health", "interval": "50ms", "fast_interval": "20ms", "down_interval": "50ms", "timeout": "500ms",
         "rise": 1, "fall": 2}
TIMEOUTS = {"connect": "500ms", "server": "1s", "client": "2s", "http_request": "1s", "queue": "500ms", "tunnel": "2s",
            "request": "4s", "keep_alive": "1s", "client_fin": "500ms"}
RULES = [{"path": "^/forbidden", "deny": 403}, {"path": "^/limited", "rate_limit": {"rate": 20, "per": "1s", "burst": 5}},
         {"path": "^/moved/(.*)", "redirect": {"to": "/$1", "status": 302}}]
TROUBLE = {502, 503, 504}  # what the proxy says of servers that are in trouble
COMMANDS = ["set server app/{s} state drain", "set server app/{s} state ready", "set weight app/{s} 0", "set weight app/{s} 40",
            "disable server app/{s}", "enable server app/{s}", "set maxconn server app/{s} 3", "set maxconn server app/{s} 0",
            "shutdown sessions server app/{s}", "show stat", "show info", "show errors", "show sess", "show sess all",
            "show reasons", "show rules", "show servers state", "disable frontend web; enable frontend web"]


class Broken(Exception):
    """The connection ended before the answer did; servers that die in the middle of one do that."""


class Visitor:
    """One client: does one deed after the other, on one connection as long as that lasts."""

    def __init__(self, lbd, number):
        self.lbd, self.rng, self.number = lbd, random.Random(SEED * 1000 + number), number
        self.client, self.did, self.wrong = None, collections.Counter(), []

    def chance(self, percent):
        return self.rng.randrange(100) < percent

    def answer(self, method="GET", interim=None):
        try:
            return self.client.response(method, interim)
        except (ConnectionError, BrokenPipeError) as error:
            raise Broken from error
        except Failure as failure:
            if "ended" in str(failure):
                raise Broken from failure
            raise

    def send(self, data):
        """All at once, or in pieces. A proxy that has answered already may close meanwhile."""
        try:
            while data and self.chance(30):
                cut = self.rng.randrange(1, len(data) + 1)
                self.client.send(data[:cut])
                data = data[cut:]
            self.client.send(data)
        except ConnectionError:
            pass

    def ask(self, expect, body=None, method="GET", target="/", **more):
        """One request whose answer has one of these statuses; a 200 has this body. Returns the answer."""
        self.send(build_request(method, target, **more))
        return self.judge(self.answer(method), expect, body, target)

    def judge(self, response, expect, body, what):
        if response.status not in expect:
            raise Failure(f"{what}: {response}")
        if response.status == 200 and body is not None and (not body(response.body) if callable(body) else response.body != body):
            raise Failure(f"{what}: a wrong body of {len(response.body)} bytes: {response.body[:80]!r}")
        if response.get("Connection") == "close":
            self.hang_up()
        return response

    def hang_up(self):
        if self.client:
            self.client.close()
        self.client = None

    # -- the deeds

    def small(self):
        self.ask({200} | TROUBLE, lambda body: body in (b"a\n", b"b\n", b"c\n"), target=f"/?delay={self.rng.choice([0, 0, 0, 5, 50])}")

    def download(self):
        n = int(10 ** self.rng.uniform(0, 6.3))
        how = self.rng.choice(["", "&chunk=1000", "&until_close=1", "&chunk=100000"])
        # A server that dies ends a body that only its end delimits: nobody can tell that from a whole one.
        whole = pattern(n).startswith if "until" in how else pattern(n)
        self.ask({200} | TROUBLE, whole, target=f"/?body={n}{how}")

    def upload(self):
        data = self.rng.randbytes(int(10 ** self.rng.uniform(0, 6)))
        told = f'{{"length":{len(data)},"crc32":"{zlib.crc32(data):08x}"}}\n'.encode()
        whole = {"body": data} if self.chance(50) else {"chunks": [data[i:i + 30000] for i in range(0, len(data), 30000)]}
        self.send(build_request("POST", "/_len", **whole))
        self.judge(self.answer("POST"), {200} | TROUBLE, told, "POST /_len")

    def pipelined(self):
        sizes = [self.rng.randrange(1, 5000) for _ in range(self.rng.randrange(2, 12))]
        self.send(b"".join(build_request(target=f"/?body={n}") for n in sizes))
        for n in sizes:
            if self.client:
                self.judge(self.answer(), {200} | TROUBLE, pattern(n), f"pipelined body={n}")

    def head(self):
        self.ask({200} | TROUBLE, method="HEAD", target="/?body=100000")

    def expecting(self):
        data, interim = self.rng.randbytes(5000), []
        self.send(build_request("POST", "/_len", {"Expect": "100-continue", "Content-Length": len(data)}))
        self.send(data)
        told = f'{{"length":{len(data)},"crc32":"{zlib.crc32(data):08x}"}}\n'.encode()
        self.judge(self.answer("POST", interim), {200} | TROUBLE, told, "Expect")

    def early(self):
        self.send(build_request("POST", f"/?early={self.rng.choice([1, 2])}", body=self.rng.randbytes(200000)))
        self.judge(self.answer("POST"), {200} | TROUBLE, None, "early")
        self.hang_up()

    def lied_to(self):
        knob = self.rng.choice(["reset=0", "reset=100&body=5000", "cut=10&body=5000", "hang=1", "status=503", "hints=3", "close=1",
                                "cut=10&body=5000&chunk=100", "status=204", "status=304"])
        self.ask({200, 204, 304} | TROUBLE, target=f"/?{knob}")

    def refused(self):
        self.ask({403}, target="/forbidden")

    def limited(self):
        self.ask({200, 429} | TROUBLE, target="/limited")

    def moved(self):
        self.ask({302}, target="/moved/there")

    def malformed(self):
        self.send(self.rng.choice([b"GET / HTTP/1.1\nHost: a\r\n\r\n", b"G@T / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
                                   b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"]))
        self.judge(self.answer(), {400}, None, "malformed")
        self.hang_up()

    def tunnel(self):
        self.send(build_request(target="/_upgrade", headers={"Connection": "upgrade", "Upgrade": "websocket"}))
        response = self.answer()
        if response.status == 101:
            for _ in range(self.rng.randrange(1, 10)):
                data = self.rng.randbytes(self.rng.randrange(1, 50000))
                self.client.send(data)
                if self.client.need(len(data)) != data:
                    raise Failure("other bytes came out of the tunnel")
            self.hang_up()
        else:
            self.judge(response, TROUBLE, None, "tunnel")

    def slow_reader(self):
        self.send(build_request(target="/?body=600000"))
        for _ in range(3):
            time.sleep(0.05)
            self.client.more()
        self.judge(self.answer(), {200} | TROUBLE, pattern(600000), "slow reader")

    def quits(self):
        self.send(self.rng.choice([b"GET /?del", build_request(target="/?delay=20"), build_request(target="/?body=900000"),
                                   b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nsome"]))
        if self.chance(50):
            self.client.reset()
            self.client = None
        self.hang_up()

    def stream(self):
        """Through the TCP frontend, with a half-close."""
        data = self.rng.randbytes(int(10 ** self.rng.uniform(0, 5.5)))
        with Client(self.lbd.ports["stream"]) as client:
            writer = threading.Thread(target=lambda: (client.send(data), client.half_close()))
            writer.start()
            try:
                if client.rest() != data:
                    raise Failure("the stream came back changed")
            finally:
                writer.join()

    DEEDS = {small: 30, download: 15, upload: 10, pipelined: 10, head: 3, expecting: 3, early: 3, lied_to: 10, refused: 3,
             limited: 5, moved: 2, malformed: 3, tunnel: 3, slow_reader: 2, quits: 10, stream: 5}

    def run(self, end):
        deeds, weights = list(self.DEEDS), list(self.DEEDS.values())
        while time.monotonic() < end and self.lbd.running:
            deed = self.rng.choices(deeds, weights)[0]
            self.did[deed.__name__] += 1
            try:
                self.client = self.client or Client(self.lbd.port)
                deed(self)
            except (Broken, ConnectionError):
                self.did["broken"] += 1
                self.hang_up()
            except (Failure, socket.timeout) as failure:
                broken = "ended" in str(failure) and deed is Visitor.tunnel
                self.did["broken"] += 1
                if not broken:
                    self.wrong.append(f"client {self.number}, {deed.__name__}: {failure!r}")
                self.hang_up()
        self.hang_up()


def operate(lbd, rng, end, wrong):
    while time.monotonic() < end and lbd.running:
        for command in rng.choice(COMMANDS).format(s=rng.choice("abc")).split("; "):
            answer = lbd.cli(command)
            if not command.startswith("show") and answer != "\n":
                wrong.append(f"{command}: {answer!r}")


def shake(box, origins, rng, end):
    """A server dies and comes back, or stands still for a while."""
    while time.monotonic() < end:
        time.sleep(rng.uniform(0.05, 0.5))
        name = rng.choice("bc")
        if rng.random() < 0.5:
            origins[name].kill()
            time.sleep(rng.uniform(0, 0.3))
            origins[name] = origins[name].again(box)
        else:
            origins[name].pause()
            time.sleep(rng.uniform(0, 0.8))
            origins[name].resume()


def serve(box):
    """The HTTP frontend with everything that can be on, and a TCP frontend to a server that echoes."""
    origins = {name: box.origin(name) for name in "abc"}
    echo = box.origin("echo", echo=True)
    log = {"format": "json", "target": str(box.path("access.log"))}
    config = box.config(
        {"a": {"address": origins["a"], "maxconn": 8}, "b": {"address": origins["b"], "maxconn": 8}, "c": origins["c"]},
        {"access_log": log, "rules": RULES, "limits": {"body": "2m"}},
        {"check": CHECK, "algorithm": "p2c", "queue": {"max": 20}, "retry": {"on": ["connect", "reset", "timeout", "502", "503"]}},
        {"defaults": {"timeouts": TIMEOUTS}, "global": {"threads": 3}})
    config["frontends"]["stream"] = {"mode": "tcp", "bind": [f"127.0.0.1:{box.port()}"], "default_backend": "echo"}
    config["backends"]["echo"] = {"mode": "tcp", "servers": {"e": {"address": echo.address}}}
    return box.lbd(config), origins


def test_whatever_happens_answers_are_right_and_nothing_stays(box):
    print(f"LBD_CHAOS_SEED={SEED}")
    lbd, origins = serve(box)
    lbd.wait_status("app", "a", "UP")
    end, wrong = time.monotonic() + SECONDS, []
    visitors = [Visitor(lbd, number) for number in range(CLIENTS)]
    threads = [threading.Thread(target=visitor.run, args=(end,)) for visitor in visitors]
    threads.append(threading.Thread(target=operate, args=(lbd, random.Random(SEED), end, wrong)))
    threads.append(threading.Thread(target=shake, args=(box, origins, random.Random(SEED + 1), end)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS + 60)
    assert not any(thread.is_alive() for thread in threads)
    did = sum((visitor.did for visitor in visitors), collections.Counter())
    print(dict(did))
    for visitor in visitors:
        wrong += visitor.wrong
    assert lbd.running and not wrong, "\n".join(wrong)
    for name in "abc":
        lbd.act(f"enable server app/{name}")
    for row in ("FRONTEND", "a", "b", "c", "BACKEND"):
        proxy = "web" if row == "FRONTEND" else "app"
        wait_for(lambda p=proxy, r=row: lbd.stat(p, r)["scur"] == "0" and lbd.stat(p, r)["qcur"] in ("", "0"), 10,
                 f"{proxy}/{row} to be empty")
    reasons, web = lbd.table("show reasons"), lbd.stat("web", "FRONTEND")
    assert lbd.stop() == 0
    agree(box, web, reasons, did)


def agree(box, web, reasons, did):
    """The log, the counters and the visitors tell one story."""
    rows = [json.loads(line) for line in box.path("access.log").read_text().splitlines()]
    classes = collections.Counter(row["status"] // 100 for row in rows if row["status"])
    assert {n: int(web[f"hrsp_{n}xx"]) for n in (2, 3, 4, 5)} == {n: classes[n] for n in (2, 3, 4, 5)}
    ends = collections.Counter(row["reason"].split(":")[0] for row in rows if row["reason"] != "-")
    counted = {row["reason"]: int(row["count"]) for row in reasons if row["frontend"] == "web" and int(row["count"])}
    assert counted == dict(ends)
    assert sum(did[name] for name in ("small", "download", "upload")) > 3 * CLIENTS
