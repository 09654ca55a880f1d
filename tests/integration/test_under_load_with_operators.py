"""Load, probes, dying servers, and an operator who never rests, all at once. Any build runs it; with ThreadSanitizer it
is the test of what threads share."""
import itertools
import os
import re
import signal
import subprocess
import threading

from lbdtest import Load, StatsConnection, http, wait_for

SECONDS = int(os.environ.get("LBD_LOAD_SECONDS", "6"))
CHECK = {"path": "/health", "interval": "20ms", "fast_interval": "10ms", "down_interval": "20ms", "timeout": "500ms",
         "rise": 1, "fall": 2}
COMMANDS = ["set server app/a state drain", "show stat", "set server app/a state ready", "set weight app/a 0", "show info",
            "set weight app/a 37", "disable server app/b", "show servers state", "enable server app/b", "show stat -1 4 -1",
            "set server app/b weight 50%", "set weight app/b 100%", "show events", "show health", "show version", "help"]


def operate(lbd, stop, said):
    """One connection that sends the commands in a circle, in interactive mode."""
    with StatsConnection(lbd.stats_path) as connection:
        for command in itertools.cycle(COMMANDS):
            if stop.is_set():
                return
            said[command] = connection.command(command)


def shake(box, origin, stop):
    """Kills the server and starts it again on its address, again and again."""
    while not stop.wait(0.3):
        origin.kill()
        if stop.wait(0.2):
            return
        origin = origin.again(box)


def wrk(port, seconds):
    """(requests, what wrk calls an error) of 64 connections."""
    done = subprocess.run(["wrk", "-t2", "-c64", f"-d{seconds}s", "--timeout", "10s", f"http://127.0.0.1:{port}/"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 60, check=True)
    errors = re.findall(r"Non-2xx.*|Socket errors.*", done.stdout)
    return int(re.search(r"(\d+) requests in", done.stdout)[1]), errors


def test_operators_and_dying_servers_cost_no_request(box):
    lbd, _, _, _, d = box.serve("a", "b", "c", "d", backend={"check": CHECK},
                                top={"global": {"threads": 4}}, frontend={"access_log": {"format": "json",
                                "target": str(box.path("access.log"))}})
    stop, said = threading.Event(), [{}, {}]
    helpers = [threading.Thread(target=operate, args=(lbd, stop, said[i])) for i in range(2)]
    helpers.append(threading.Thread(target=shake, args=(box, d, stop)))
    for helper in helpers:
        helper.start()
    try:
        requests, errors = wrk(lbd.port, SECONDS)
    finally:
        stop.set()
        for helper in helpers:
            helper.join(20)
    assert not any(helper.is_alive() for helper in helpers)
    assert requests > 500 and errors == []
    for answers in said:
        assert set(answers) == set(COMMANDS)
        assert all(answers[command].strip() == "" for command in COMMANDS if command.startswith(("set", "dis", "ena")))
        assert answers["show stat"].startswith("# pxname,svname,") and "Uptime_sec" in answers["show info"]
    # wrk leaves its last requests unanswered and uncounted, at most one for each connection.
    assert requests <= int(lbd.stat("web", "FRONTEND")["req_tot"]) <= requests + 64
    load = Load(lbd.port, clients=16, may_close=True)
    wait_for(lambda: len(load.results) > 200)
    lbd.signal(signal.SIGTERM)
    assert lbd.wait(30) == 0
    load.stop()
    assert load.errors == [] and load.count(200) == len(load.results)
