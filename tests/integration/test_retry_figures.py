"""Attempts that failed are counted once, and leave no trace in the times of the next one."""
from lbdtest import build_request, http


def vanish(client, _number):
    client.until(b"\r\n\r\n")


def test_a_connect_that_fails_after_a_lost_answer(box):
    config = box.config({"lost": box.scripted(vanish), "dead": f"127.0.0.1:{box.dead_port()}"},
                        backend={"passive": {"window": 0}})
    lbd = box.lbd(config)
    for _ in range(6):
        assert http(lbd.port).status in (502, 503)
    row = lbd.stat("app", "BACKEND")
    assert int(row["ctime"]) < 10_000 and int(row["ttime"]) < 10_000


def test_each_lost_answer_is_one_error(box):
    for attempts in (1, 3):
        lbd = box.lbd(box.config({"lost": box.scripted(vanish)},
                                 backend={"passive": {"window": 0}, "retry": {"attempts": attempts}}))
        assert http(lbd.port).status == 502
        assert [lbd.stat("app", name)["eresp"] for name in ("lost", "BACKEND")] == [str(attempts)] * 2
