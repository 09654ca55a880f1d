"""Servers that treat each attempt as a test wants it, and the access log as rows.

A Plan is a list of acts; whichever server gets the next request does the next act, the last one again and again. What came
is in plan.seen, in the order in which it came."""
import json
import threading
import time

from lbdtest import Failure, took, wait_for


class Seen:
    def __init__(self, server, head, body=b""):
        self.server, self.head, self.body = server, head, body


def answer(status=200, body=b"fine"):
    """A whole answer; the connection stays."""
    def act(connection, seen):
        read_body(connection, seen)
        connection.send(b"HTTP/1.1 %d Some\r\nX-Origin: %s\r\nContent-Length: %d\r\n\r\n%s" % (
            status, seen.server.encode(), len(body), body))
        return True
    return act


def vanish(connection, seen):
    """The whole request is read, and the connection ends."""
    read_body(connection, seen)


def reset(connection, seen):
    read_body(connection, seen)
    connection.reset()


def vanish_at_head(_connection, _seen):
    """Ends before the body was read; the kernel says so with a reset."""


def silent(connection, seen):
    read_body(connection, seen)
    connection.rest()


def says(data, then=None):
    """Sends these bytes, and ends, or goes on with another act."""
    def act(connection, seen):
        read_body(connection, seen)
        connection.send(data)
        return then(connection, seen) if then else None
    return act


def read_body(connection, seen):
    head = seen.head.lower()
    if b"transfer-encoding: chunked" in head:
        seen.body = connection.read_chunks()
    elif b"content-length: " in head:
        seen.body = connection.need(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))


class Plan:
    def __init__(self, box, names, *acts):
        self.acts, self.seen, self.lock = list(acts), [], threading.Lock()
        self.scripted = {name: box.scripted(self._script(name)) for name in names}
        self.servers = {name: server.address for name, server in self.scripted.items()}

    def _script(self, name):
        def script(connection, _number):
            while True:
                try:
                    seen = Seen(name, connection.until(b"\r\n\r\n"))
                except (Failure, OSError):
                    return  # the other side closed it, or wants no more
                with self.lock:
                    self.seen.append(seen)
                    act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
                if not act(connection, seen):
                    return
        return script

    @property
    def order(self):
        return [seen.server for seen in self.seen]


class Logged:
    """One lbd with an access log: rows() as dicts of the JSON form."""

    def __init__(self, box, servers, frontend=None, backend=None, top=None, form="json", env=None):
        self.path = box.path(box.fresh("access") + ".log")
        log = {"access_log": {"format": form, "target": str(self.path)}}
        backend = {"passive": {"window": 0}, **(backend or {})}
        self.lbd = box.lbd(box.config(servers, {**log, **(frontend or {})}, backend, top), env=env)
        self.port = self.lbd.port

    def lines(self, count=1):
        wait_for(lambda: self.path.exists() and len(self.path.read_text().splitlines()) >= count,
                 what=f"{count} lines in the access log")
        return self.path.read_text().splitlines()

    def rows(self, count=1):
        return [json.loads(line) for line in self.lines(count)]

    def end(self, count=1):
        """(status, reason, termination, retries) of the newest of so many lines."""
        row = self.rows(count)[-1]
        return row["status"], row["reason"], row["termination"], row["retries"]


class Took:
    """with Took(0.2, 1): the block takes between so many seconds."""

    def __init__(self, least, most):
        self.least, self.most = least, most

    def __enter__(self):
        self.start = time.monotonic()
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            took(self.start, self.most, self.least)
