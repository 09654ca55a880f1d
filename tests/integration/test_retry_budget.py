"""retry.budget: retries cannot multiply an outage."""
from attempts import Logged, Plan, answer, vanish
from lbdtest import Client, build_request, http


def test_retries_end_with_the_budget(box):
    plan = Plan(box, "ab", answer(503, b"theirs"))
    log = Logged(box, plan.servers, backend={"retry": {"attempts": 2, "budget": 1}})
    with Client(log.port) as client:
        bodies = {client.request().body for _ in range(150)}
    assert bodies == {b"theirs"}, "without a budget the client gets the server's own answer"
    # 10 a second over the window, full at the start, and 1 % of 150.
    assert int(log.lbd.stat("app", "BACKEND")["wretr"]) == 101
    assert len(plan.seen) == 251


def test_a_lost_answer_needs_it_too(box):
    plan = Plan(box, "ab", vanish)
    log = Logged(box, plan.servers, backend={"retry": {"attempts": 2, "budget": 0}})
    assert http(log.port).status == 502 and len(plan.seen) == 1
    assert log.end() == (502, "server_closed", "SH", 0)


def test_a_refused_connect_is_free(box):
    servers = {"dead": f"127.0.0.1:{box.dead_port()}", "a": box.origin("a")}
    log = Logged(box, servers, backend={"retry": {"budget": 0}})
    with Client(log.port) as client:
        for _ in range(400):
            client.send(build_request())
            assert client.response().status == 200
    assert int(log.lbd.stat("app", "dead")["wredis"]) > 110
