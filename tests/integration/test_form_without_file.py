"""lbd -b ADDRESS SERVER...: a balancer without a configuration file."""
from collections import Counter

from lbdtest import LBD, PLUGINS, Client, Process, http, listening_ports, wait_for


def start(box, *args):
    port = box.port()
    process = Process(box, "plain", [LBD, "-b", f"127.0.0.1:{port}", "-L", PLUGINS, *args],
                      env=box.sanitizer_env("plain"))
    wait_for(lambda: port in listening_ports() or not process.running, what=f"the port; log: {process.log}")
    return process, port


def test_servers_share_the_requests_by_weight(box):
    a, b = box.origins("a", "b")
    process, port = start(box, "-a", "smooth_wrr", f"{a.address}*2", f"http://{b.address}")
    assert Counter(http(port).origin for _ in range(30)) == {"a": 20, "b": 10}
    assert process.stop() == 0


def test_with_a_stats_socket(box):
    socket = box.path("plain.sock")
    process, port = start(box, "-s", socket, box.origin().address)
    assert http(port).status == 200
    with Client(str(socket)) as client:
        assert "BACKEND" in client.send(b"show stat\n").rest().decode()
    assert process.stop() == 0


def test_a_server_that_is_no_address_is_a_usage_error(box):
    status, _, err = box.run("-b", "127.0.0.1:0", "not an address")
    assert status == 1
    assert "not an address" in err
