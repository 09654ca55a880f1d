"""What stands in examples/ works as it says."""
import shutil
import subprocess
from collections import Counter

import pytest
from lbdtest import PLUGINS, TOP, Client

CONFIGS = sorted((TOP / "examples").glob("*.conf"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_configuration_is_valid(box, path):
    assert box.run("-c", "-f", path, "-L", PLUGINS) == (0, "Configuration file is valid\n", "")


def test_the_canary_and_the_rate_limit_of_routing_conf(box):
    """The example as it stands, but for its ports."""
    servers = {name: box.origin(name) for name in ("9001", "9002", "9003", "9004", "9011", "9012", "9021")}
    text = (TOP / "examples/routing.conf").read_text()
    for name, server in servers.items():
        text = text.replace(f"127.0.0.1:{name}", server.address)
    lbd = box.lbd(text.replace("127.0.0.1:8080", f"127.0.0.1:{box.port()}"))
    with Client(lbd.port) as client:
        assert client.request("TRACE").status == 405
        assert [client.request(target="/v1/x").origin in ("9011", "9012") for _ in range(20)] == [True] * 20
        # A slow machine gets some more.
        refused = next(answer for answer in (client.request(target="/v1/x") for _ in range(500)) if answer.status != 200)
        assert refused.status == 429 and refused.get("Retry-After") == "1"
        sides = [{client.request(target="/shop/", headers={"Cookie": f"session=s{number}"}).origin == "9004" for _ in range(3)}
                 for number in range(200)]
    # Five in a hundred, five standard deviations around.
    assert all(len(side) == 1 for side in sides) and 1 <= sides.count({True}) <= 25


def test_an_algorithm_from_outside_the_tree(box):
    directory = box.path("algorithm")
    shutil.copytree(TOP / "examples/algorithm", directory)
    subprocess.run(["make", "-s", "CFLAGS=-std=c11 -fPIC -fvisibility=hidden -Wall -Wextra -Werror "
                    f"-I{TOP}/include"], cwd=directory, check=True)
    a, b, c = box.origins("a", "b", "c")
    config = box.config({"a": a, "b": b, "c": c}, backend={"algorithm": "canary"})
    lbd = box.lbd(config, args=["-L", directory])
    with Client(lbd.port) as client:
        counts = Counter(client.request().origin for _ in range(1000))
    # Five standard deviations around 10 % and 45 %.
    assert 53 <= counts["c"] <= 147 and counts["a"] > 370 and counts["b"] > 370
    assert lbd.stat("app", "BACKEND")["algo"] == "canary"
