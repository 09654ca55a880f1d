"""retry.same_server: the first server that takes no connection is asked so many times more, and then another one."""
import re

from attempts import Logged
from lbdtest import http


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
    log = Logged(box, servers, backend={"retry": {"same_server": 2}})
    assert http(log.port).status == 503
    assert sorted(figures(log.lbd, name)["econ"] for name in "abc") == [1, 1, 3]
    assert log.end() == (503, "connect_failed", "SC", 4)


def test_none_is_another_one_at_once(box):
    servers = {name: f"127.0.0.1:{box.dead_port()}" for name in "abc"}
    log = Logged(box, servers, backend={"retry": {"attempts": 20}})
    assert http(log.port).status == 503
    assert [figures(log.lbd, name)["econ"] for name in "abc"] == [1, 1, 1]


def test_a_tunnel_too(box):
    from lbdtest import Client
    servers = {"dead": f"127.0.0.1:{box.dead_port()}", "a": box.origin("a", echo=True)}
    lbd = box.lbd(box.config(servers, backend={"retry": {"same_server": 3}, "passive": {"window": 0}},
                             top={"defaults": {"mode": "tcp"}}))
    for _ in range(4):
        with Client(lbd.port) as client:
            assert client.send(b"hello").need(5) == b"hello"
    dead = figures(lbd, "dead")
    assert dead["stot"] and dead["econ"] == dead["stot"] * 4
