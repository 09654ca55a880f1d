"""threads = 0: as many workers as the process may use processors."""
import os

from lbdtest import Process, LBD, PLUGINS, config_text, wait_for


def workers(box, *before):
    path = box.path("lbd.conf")
    path.write_text(config_text(box.config({"a": "127.0.0.1:1"}, top={"global": {"threads": 0}})))
    lbd = Process(box, box.fresh("lbd"), [*before, LBD, "-f", path, "-L", PLUGINS])
    wait_for(lambda: " started with " in lbd.log or not lbd.running, what="the start")
    said = lbd.log.split(" started with ")[1].split()[0]
    assert lbd.stop() == 0
    return int(said)


def test_affinity(box):
    mine = sorted(os.sched_getaffinity(0))
    assert workers(box, "taskset", "-c", str(mine[0])) == 1
    assert workers(box) <= len(mine)
