"""What the daemon meets at its start or in its log: ports in use, log targets that take nothing."""
import os
import socket
import time

from lbdtest import Client, Load, http, wait_for


def start(box, config):
    """lbd up to its end: (exit status, stderr)."""
    path = box.path("start.conf")
    lbd = box.lbd(config, wait=False)
    lbd.expect_exit = 1
    path.write_text(lbd.config_path.read_text())
    return lbd.wait(10), lbd.log


def test_a_port_in_use_is_told_with_its_line(box):
    taken = socket.create_server(("127.0.0.1", 0))
    address = "127.0.0.1:%d" % taken.getsockname()[1]
    status, log = start(box, box.config({"a": box.origin()}, frontend={"bind": [address]}))
    assert status == 1
    assert address in log and "in use" in log.lower()
    taken.close()


def test_a_second_daemon_on_the_same_socket_and_port_is_refused(box):
    config = box.config({"a": box.origin()})
    first = box.lbd(config)
    status, log = start(box, config)
    assert status == 1 and "in use" in log.lower() or "already" in log.lower()
    assert http(first.port).status == 200 and first.cli("show version").startswith("2.6.0-lbd")


def test_a_socket_path_that_is_a_file_is_not_removed(box):
    config = box.config({"a": box.origin()})
    path = box.path("s0.sock")
    path.write_text("precious")
    status, log = start(box, config)
    assert status == 1 and str(path) in log
    assert path.read_text() == "precious"


def test_a_full_log_target_costs_no_request(box):
    lbd, *_ = box.serve("a", "b", frontend={"access_log": {"format": "json", "target": "/dev/full"}},
                        top={"global": {"log": {"target": "/dev/full"}}})
    load = Load(lbd.port, clients=8, each=200).join()
    assert (load.errors, load.count(200)) == ([], 1600)
    wait_for(lambda: int(lbd.info()["DroppedLogs"]) > 0)
    began = lbd.cpu()
    time.sleep(0.5)
    assert lbd.cpu() - began < 0.2
    lbd.act("disable server app/a")
    assert http(lbd.port).origin == "b"


def test_a_full_access_log_is_told_with_its_target_and_cause(box):
    lbd, *_ = box.serve("a", "b", frontend={"access_log": {"format": "json", "target": "/dev/full"}})
    Load(lbd.port, clients=8, each=800).join()
    wait_for(lambda: 'log lines were dropped: log target "/dev/full": No space left on device' in lbd.log,
             deadline=15, what="the cause in the process log")


def test_a_fifo_that_nobody_reads_costs_no_request_and_is_used_when_somebody_does(box):
    path = str(box.path("fifo"))
    os.mkfifo(path)
    lbd, *_ = box.serve("a", frontend={"access_log": {"format": "json", "target": path}})
    load = Load(lbd.port, clients=8, each=500, target="/" + "x" * 500).join()
    assert (load.errors, load.count(200)) == ([], 4000)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with Client(lbd.port) as client:
        def line():
            assert client.request(target="/found").status == 200
            try:
                return b'"/found"' in os.read(reader, 1 << 20)
            except BlockingIOError:
                return False
        wait_for(line, every=0.05)
    # A reader that stands still is as good as none: the pipe fills.
    load = Load(lbd.port, clients=8, each=500, target="/" + "x" * 500).join()
    assert (load.errors, load.count(200)) == ([], 4000)
    os.close(reader)
    assert lbd.stop() == 0
