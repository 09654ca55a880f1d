"""HUP and `reload`: the new configuration without losing a connection; a broken one changes nothing."""
import signal

import pytest
from lbdtest import Client, Load, build_request, config_text, http, wait_for


def reload(lbd, config):
    lbd.config_path.write_text(config if isinstance(config, str) else config_text(config))
    return lbd.cli("reload")


def test_a_new_server_joins_and_an_old_one_leaves(box):
    a, b, c = box.origins("a", "b", "c")
    config = box.config({"a": a, "b": b})
    lbd = box.lbd(config)
    config["backends"]["app"]["servers"] = {"b": {"address": b.address}, "c": {"address": c.address}}
    assert reload(lbd, config).startswith("ok")
    wait_for(lambda: {http(lbd.port).origin for _ in range(10)} == {"b", "c"})


def test_hup_does_the_same(box):
    a, b = box.origins("a", "b")
    config = box.config({"a": a})
    lbd = box.lbd(config)
    config["backends"]["app"]["servers"] = {"b": {"address": b.address}}
    lbd.config_path.write_text(config_text(config))
    lbd.signal(signal.SIGHUP)
    wait_for(lambda: http(lbd.port).origin == "b")


@pytest.mark.parametrize("broken", ["", "frontends: {", "\0\1\2", "bogus = 1;", '@include "/tmp"'])
def test_a_broken_file_changes_nothing(box, broken):
    lbd, _ = box.serve("a")
    answer = reload(lbd, broken)
    assert "error" in answer
    assert http(lbd.port).status == 200
    assert lbd.running


def test_counters_state_and_connections_survive(box):
    a, b = box.origins("a", "b")
    config = box.config({"a": a, "b": b})
    lbd = box.lbd(config)
    for _ in range(10):
        http(lbd.port)
    lbd.act("set server app/a state drain")
    with Client(lbd.port) as client:
        client.send(build_request(target="/?delay=500"))
        wait_for(lambda: b.requests() == 6)
        assert reload(lbd, config).startswith("ok")
        assert client.response().status == 200
    assert lbd.stat("app", "a")["status"] == "DRAIN"
    assert int(lbd.stat("app", "BACKEND")["stot"]) == 11


def test_many_reloads_under_load_lose_nothing(box):
    a, b = box.origins("a", "b")
    config = box.config({"a": a, "b": b}, top={"global": {"threads": 3}})
    lbd = box.lbd(config)
    load = Load(lbd.port, clients=8)
    for n in range(30):
        config["backends"]["app"]["algorithm"] = ["round_robin", "smooth_wrr", "least_conn"][n % 3]
        config["frontends"]["web"]["rules"] = [{"path": f"^/{n}$", "deny": 403}]
        assert reload(lbd, config).startswith("ok")
    load.stop()
    assert load.errors == []
    assert load.count(200) == len(load.results) > 0
