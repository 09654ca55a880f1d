"""No local port is left for a server's address: a shortage of this machine, which ends, and no failure of the server."""
from attempts import Logged, Took
from lbdtest import BUILD, Client, build_request, http, wait_for

NO_PORT = BUILD / "tests/support/.libs/no_port.so"


class Short:
    """One lbd before these servers; short(server, ...): it finds no port for them, until it does again."""

    def __init__(self, box, servers, **more):
        self.file, self.servers = box.path("no-port"), servers
        asan = box.sanitizer_env("lbd")["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
        env = {"LD_PRELOAD": str(NO_PORT), "NO_PORT_FILE": str(self.file), "ASAN_OPTIONS": asan}
        self.log = Logged(box, {server.title: server for server in servers}, env=env, **more)
        self.lbd, self.port = self.log.lbd, self.log.port

    def short(self, *servers):
        partial = self.file.with_suffix(".new")
        partial.write_text("".join(f"{server.port}\n" for server in servers))
        partial.rename(self.file)

    def waits(self, count):
        wait_for(lambda: self.figure("BACKEND", "qcur") == count, what=f"{count} to wait")

    def figure(self, server, name):
        return int(self.lbd.stat("app", server)[name] or 0)


def test_it_waits_for_a_port(box):
    a = box.origin("a")
    short = Short(box, [a], backend={"retry": {"connect_for": "20s"}})
    short.short(a)
    clients = [Client(short.port).send(build_request("POST", body=b"x")) for _ in range(10)]
    short.waits(10)
    assert [short.figure("a", name) for name in ("econ", "eresp", "scur")] == [0, 0, 0]
    short.short()
    assert [client.response().status for client in clients] == [200] * 10
    assert all(row["retries"] > 0 and row["t_queue"] > 0 and row["reason"] == "-" for row in short.log.rows(10))
    assert [short.figure("a", name) for name in ("econ", "chkdown")] == [0, 0]


def test_it_waits_for_an_idle_upstream(box):
    a = box.origin("a")
    short = Short(box, [a], backend={"retry": {"connect_for": "20s", "pause": "10s"}}, top={"global": {"threads": 1}})
    first = Client(short.port).send(build_request(target="/?delay=500"))
    wait_for(lambda: a.stats()["busy"] == 1)
    short.short(a)
    second = Client(short.port).send(build_request())
    short.waits(1)
    assert first.response().status == second.response().status == 200
    assert short.figure("a", "reuse") == 1


def test_another_server_is_asked_at_once(box):
    a, b = box.origins("a", "b")
    short = Short(box, [a, b])
    short.short(a)
    assert [http(short.port, "POST", body=b"x").origin for _ in range(6)] == ["b"] * 6
    assert short.figure("a", "econ") == 0 and short.figure("BACKEND", "qmax") == 0


def test_it_does_not_wait_for_ever(box):
    a = box.origin("a")
    short = Short(box, [a], backend={"retry": {"connect_for": "300ms"}})
    short.short(a)
    with Took(0.25, 5):
        assert http(short.port).status == 503
    row, = short.log.rows()
    assert (row["reason"], row["termination"], row["retries"]) == ("out_of_memory", "RC", 2)
    assert (short.figure("BACKEND", "eint"), short.figure("a", "econ")) == (1, 0)
