"""With retries on, a server that dies or lives badly is no client's error."""
import pytest
from lbdtest import Load, pattern, wait_for

ALL = {"methods": ["GET", "POST"], "attempts": 3, "budget": 100}


def served(box, *names, **more):
    backend = {"retry": ALL, "passive": {"window": 0}}
    return box.serve(*names, backend=backend, **more)


@pytest.mark.parametrize("method,body", [("GET", None), ("POST", pattern(30_000))], ids=["GET", "POST"])
def test_one_of_three_dies_again_and_again(box, method, body):
    lbd, a, *_ = served(box, "a", "b", "c")
    load = Load(lbd.port, clients=8, method=method, body=body, target="/_len" if body else "/")
    for _ in range(4):
        before = len(load.results)
        wait_for(lambda: len(load.results) > before + 300)
        a.kill()
        before = len(load.results)
        wait_for(lambda: len(load.results) > before + 300)
        a = a.again(box)
    load.stop()
    assert load.errors == [] and load.count(200) == len(load.results)
    assert len({text for _, _, text in load.results}) == (1 if body else 3)
    row = lbd.stat("app", "BACKEND")
    assert int(row["wredis"]) > 0 and int(row["hrsp_5xx"]) == 0


def test_one_of_three_is_dead_from_the_start(box):
    """Any method: nothing was sent."""
    b, c = box.origins("b", "c")
    config = box.config({"dead": f"127.0.0.1:{box.dead_port()}", "b": b, "c": c}, backend={"passive": {"window": 0}})
    lbd = box.lbd(config)
    for method in ("GET", "POST", "DELETE"):
        load = Load(lbd.port, clients=8, each=100, method=method, body=b"x").join()
        assert load.errors == [] and load.count(200) == 800
    assert int(lbd.stat("app", "dead")["stot"]) == int(lbd.stat("app", "dead")["econ"]) > 0


@pytest.mark.parametrize("knobs", [{"reset": 0}, {"status": 503}, {"status": 502}, {"hang": 1}])
def test_one_of_three_answers_badly(box, knobs):
    retry = {**ALL, "on": ["reset", "timeout", "502", "503"]}
    timeouts = {"timeouts": {"server": "200ms"}}
    a, b, c = box.origin("a", **knobs), *box.origins("b", "c")
    config = box.config({"a": a, "b": b, "c": c}, backend={"retry": retry, "passive": {"window": 0}, **timeouts})
    lbd = box.lbd(config)
    load = Load(lbd.port, clients=8, each=40, method="POST", body=pattern(5000), target="/").join()
    assert load.errors == [] and load.count(200) == 320
    assert a.requests() > 20
    row = lbd.stat("app", "a")
    assert row["hrsp_2xx"] == "0" and int(row["wredis"]) == int(row["stot"])
