"""Servers that accept and answer nothing hold their probes for a whole timeout: nobody else's news may wait for that."""
import socket
import threading

from lbdtest import http, wait_for

SILENT = 100


class SilentServers:
    """Listens on one port of all of 127.0.0.0/8, and keeps what it accepts open until the other side ends it."""

    def __init__(self):
        self.listener = socket.create_server(("0.0.0.0", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.lock, self.open = threading.Lock(), 0
        threading.Thread(target=self._accept, daemon=True).start()

    def address(self, number):
        return f"127.0.1.{number + 1}:{self.port}"

    def _accept(self):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._hold, args=(accepted,), daemon=True).start()

    def _hold(self, accepted):
        with self.lock:
            self.open += 1
        try:
            while accepted.recv(65536):
                pass
        except OSError:
            pass
        with self.lock:
            self.open -= 1
        accepted.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def silent_backend(silent, check):
    return {"check": check, "servers": {f"s{i}": {"address": silent.address(i)} for i in range(SILENT)}}


def test_the_news_of_a_death_does_not_wait_for_the_silent(box):
    silent = SilentServers()
    box.closers.append(silent)
    a, b = box.origins("a", "b")
    # Each of their probes holds its place for longer than this test waits.
    config = box.config({"a": a, "b": b}, backend={"check": {"path": "/health", "interval": "100ms", "timeout": "5s"}},
                        top={"backends": {"quiet": silent_backend(silent, {"interval": "200ms", "timeout": "30s"})}})
    lbd = box.lbd(config)
    lbd.wait_status("app", "a", "UP")
    wait_for(lambda: silent.open >= 40, what="the silent servers to hold what they can")
    # The cap holds over all backends. A star in front: one is in flight.
    assert sum(row["check_status"].startswith("* ") for row in lbd.show_stat()) <= 64
    a.kill()
    lbd.wait_status("app", "a", "DOWN", deadline=15)
    assert {http(lbd.port).origin for _ in range(4)} == {"b"}
    assert int(lbd.stat("app", "b")["chkfail"]) == 0


def test_silent_servers_do_not_delay_those_of_their_own_backend(box):
    silent = SilentServers()
    box.closers.append(silent)
    a = box.origin("a")
    lbd = box.lbd(box.config({"a": a, **{f"s{i}": silent.address(i) for i in range(SILENT)}},
                             backend={"check": {"path": "/health", "interval": "200ms", "timeout": "1s"}}))

    def all_found():
        rows = [row for row in lbd.show_stat() if row["pxname"] == "app" and row["svname"].startswith("s")]
        return all(row["status"].startswith("DOWN") for row in rows)
    wait_for(all_found, deadline=60, every=0.1, what="the silent servers to be found out")
    # They want more places than there are, all the time. In one queue with them, 20 probes would take half a minute.
    seen = a.stats()["health"]
    wait_for(lambda: a.stats()["health"] >= seen + 20, deadline=15, what="20 probes of the server that answers")
