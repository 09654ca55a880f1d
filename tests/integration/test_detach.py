"""-D and -p: the daemon leaves its caller, who knows from the exit status whether it serves."""
import os
import signal
import subprocess

import pytest
from lbdtest import LBD, PLUGINS, Client, config_text, wait_for


@pytest.fixture
def detached(box):
    """start(config, **popen) -> the finished caller and the daemon's process id, which is stopped at the end."""
    path, pidfile, started = box.path("d.conf"), box.path("d.pid"), []

    def start(config, **popen):
        path.write_text(config_text(config))
        done = subprocess.run([LBD, "-D", "-p", pidfile, "-f", path, "-L", PLUGINS], stdin=subprocess.DEVNULL, timeout=10,
                              check=False, **popen)
        if pidfile.exists():
            started.append(int(pidfile.read_text()))
        return done, started[-1] if started else None
    yield start
    for pid in started:
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda p=pid: not os.path.exists(f"/proc/{p}") and not pidfile.exists(), what="the end of the daemon")


def socket_path(config):
    return config["global"]["stats_sockets"][0]["path"]


def test_a_caller_that_reads_its_output_to_the_end_is_let_go(box, detached):
    config = box.config({"a": "127.0.0.1:1"})
    done, pid = detached(config, capture_output=True)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    with Client(socket_path(config)) as client:
        assert client.send(b"show version\n").rest().startswith(b"2.6.0-lbd")
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        assert stat.read().split()[5] == str(pid), "it leads a session of its own"


def test_output_to_a_file_goes_on(box, detached):
    log = box.path("stderr.log")
    config = box.config({"a": "127.0.0.1:1"})
    with open(log, "wb") as out:
        done, _ = detached(config, stdout=subprocess.DEVNULL, stderr=out)
    assert done.returncode == 0
    with Client(socket_path(config)) as client:
        client.send(b"disable server app/a\n").rest()
    wait_for(lambda: "disable server app/a" in log.read_text(), what="a line of the process log")


def test_a_start_that_fails_is_told_to_the_caller(box, detached):
    config = box.config({"a": "127.0.0.1:1"}, frontend={"bind": ["192.0.2.1:80"]})
    done, pid = detached(config, capture_output=True, text=True)
    assert (done.returncode, pid) == (1, None)
    assert "192.0.2.1:80" in done.stderr


def test_stop_signals_of_a_terminal_do_not_stop_the_daemon(box):
    lbd, *_ = box.serve("a")
    for number in (signal.SIGTTOU, signal.SIGTTIN):
        lbd.signal(number)
    assert lbd.cli("show version").startswith("2.6.0-lbd")
