"""20 clients that behave, beside those that do not: an attack costs them next to nothing, whatever it sends."""
import contextlib
import json
import subprocess
import threading

import pytest
from lbdtest import BUILD, Client, build_request

ROUNDS = 12


def p99(port):
    """us, of 20 clients at 400 requests a second that come whatever the answers do."""
    argv = [BUILD / "tests/bench/load", "-c", "20", "-t", "600", "-g", "/", "-e", "a\n", "-r", "400", str(port)]
    return json.loads(subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout)["p99"]


def again_and_again(port, data, read, count):
    """Connections that send the data over and over, without waiting; read: they take what they are answered."""
    over = threading.Event()

    def run():
        while not over.is_set():
            with contextlib.suppress(OSError), contextlib.closing(Client(port, 1)) as client:
                client.send(data[0])
                while not over.is_set():
                    if read:
                        client.socket.setblocking(False)
                        with contextlib.suppress(BlockingIOError):
                            while client.socket.recv(1 << 20):
                                pass
                        client.socket.settimeout(0.2)
                    client.send(data[1])
                    over.wait(0.01)
    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return over, threads


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
LONG = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
ATTACKS = {"pipelined denies": ((b"", build_request(target="/deny", host="x") * 3000), True, 1),
           "deaf readers": ((build_request(target="/return"), build_request(target="/return") * 1000), False, 4),
           "tiny chunks": ((CHUNKED, b"1\r\nx\r\n" * 20_000), True, 2),
           "slow bodies": ((LONG, b"x"), True, 20),
           "many connections": ((build_request(), b""), True, 40)}


@pytest.mark.parametrize("attack", ATTACKS)
def test_who_behaves_does_not_notice(box, attack):
    rules = [{"path": "^/deny", "deny": 403}, {"path": "^/return", "return": {"status": 200, "body": "x" * 2000}}]
    lbd, _ = box.serve("a", frontend={"rules": rules}, top={"global": {"threads": 1}})
    data, read, count = ATTACKS[attack]
    seen = []
    # What else the machine does comes and goes; what the loop does to others is there in every round.
    for _ in range(ROUNDS):
        alone = p99(lbd.port)
        over, threads = again_and_again(lbd.port, data, read, count)
        beside = p99(lbd.port)
        over.set()
        for thread in threads:
            thread.join(10)
        seen.append((alone, beside))
        if beside <= 1.5 * alone + 10_000:
            break
    print(f"{attack}: p99 alone and beside, us: {seen}")
    assert seen[-1][1] <= 1.5 * seen[-1][0] + 10_000, seen
