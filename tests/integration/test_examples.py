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
