"""retry.same_server: the first server that takes no connection is asked so many times more, and then another one."""
import re

from attempts import Logged, Took
from lbdtest import Client, build_request, http, in_time, wait_for


def figures(lbd, name):
    row = lbd.stat("app", name)
    return {key: int(row[key]) for key in ("econ", "wretr", "wredis", "stot")}


def test_then_another_one(box):
    servers = {"dead": f"127.0.0.1:{box.dead_port()}", "a": box.origin("a")}
    log = Logged(box, servers, backend={"retry": {"same_server": 2}}, form="httplog")
    for method in ("GET", "POST") * 2:
        assert http(log.port, method, body=b"x").status == 200
    retries = [re.search(r"/(\+?\d+) 0/0 ", line)[1] for line in log.lines(4)]
    tried = retries.count("+3")
    assert tried and tried + retries.count("0") == 4
    assert figures(log.lbd, "dead") == {"econ": 3 * tried, "wretr": 3 * tried, "wredis": tried, "stot": tried}


def test_only_the_first_one(box):
    servers = {name: f"127.0.0.1:{box.dead_port()}" for name in "abc"}
    log = Logged(box, servers, backend={"retry": {"same_server": 2, "connect_for": 0}})
    assert http(log.port).status == 503
    assert sorted(figures(log.lbd, name)["econ"] for name in "abc") == [1, 1, 3]
    assert log.end() == (503, "connect_failed", "SC", 4)


def test_none_is_another_one_at_once(box):
    servers = {name: f"127.0.0.1:{box.dead_port()}" for name in "abc"}
    log = Logged(box, servers, backend={"retry": {"attempts": 16, "connect_for": 0}})
    assert http(log.port).status == 503
    assert [figures(log.lbd, name)["econ"] for name in "abc"] == [1, 1, 1]


def test_a_tunnel_too(box):
    servers = {"dead": f"127.0.0.1:{box.dead_port()}", "a": box.origin("a", echo=True)}
    lbd = box.lbd(box.config(servers, backend={"retry": {"same_server": 3}, "passive": {"window": 0}},
                             top={"defaults": {"mode": "tcp"}}))
    for _ in range(4):
        with Client(lbd.port) as client:
            assert client.send(b"hello").need(5) == b"hello"
    dead = figures(lbd, "dead")
    assert dead["stot"] and dead["econ"] == dead["stot"] * 4


def test_pauses_between(box):
    """Of 100 and 200 ms, in which no place on the server is held."""
    log = Logged(box, {"dead": {"address": f"127.0.0.1:{box.dead_port()}", "maxconn": 1}},
                 backend={"retry": {"same_server": 2, "connect_for": 0}})
    with Took(0.25, 2):
        assert http(log.port, "POST", body=b"x").status == 503
    row, = log.rows()
    assert (row["reason"], row["termination"], row["retries"]) == ("connect_failed", "SC", 2)
    in_time(row["t_queue"] / 1e6, 1.5, 0.28)
    assert figures(log.lbd, "dead") == {"econ": 3, "wretr": 2, "wredis": 0, "stot": 1}
    other = Logged(box, {"dead": {"address": f"127.0.0.1:{box.dead_port()}", "maxconn": 1}},
                   backend={"retry": {"same_server": 1, "pause": "20s", "connect_for": 0}})
    clients = [Client(other.port).send(build_request()) for _ in range(3)]
    wait_for(lambda: other.lbd.stat("app", "BACKEND")["qcur"] == "3")
    assert figures(other.lbd, "dead")["econ"] == 3 and other.lbd.stat("app", "dead")["scur"] == "0"
    for client in clients:
        client.close()


def test_the_server_is_back_after_the_pause(box):
    a = box.origin("a")
    a.kill()
    log = Logged(box, {"a": a.address, "b": box.origin("b")},
                 backend={"algorithm": "first", "retry": {"same_server": 9, "pause": "400ms", "connect_for": 0}},
                 top={"backends": {"app": {"servers": {"a": {"maxconn": 9}, "b": {"maxconn": 9}}}}})
    client = Client(log.port).send(build_request())
    wait_for(lambda: log.lbd.stat("app", "BACKEND")["qcur"] == "1")
    a.again(box)
    assert client.response().origin == "a"
    assert log.end()[3] >= 1


def test_where_nobody_may_wait_it_is_another_one_at_once(box):
    servers = {"dead": f"127.0.0.1:{box.dead_port()}", "a": box.origin("a")}
    log = Logged(box, servers, backend={"retry": {"same_server": 2, "pause": "20s"}, "queue": {"max": 0}})
    for _ in range(4):
        assert http(log.port).status == 200
    dead = figures(log.lbd, "dead")
    assert 0 < dead["econ"] == dead["stot"] <= 4
