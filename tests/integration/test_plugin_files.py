"""Whose plugins are loaded: those that nobody but root and the user of lbd can write, and those that are named."""
import os
import shutil
import subprocess

import pytest
from lbdtest import LBD, PLUGINS, config_text


@pytest.fixture
def directory(box):
    path = box.path("plugins")
    path.mkdir(0o755)
    shutil.copy(PLUGINS / "first.so", path / "first.so")
    (path / "first.so").chmod(0o755)
    return path


def check(box, directory, algorithm="first", **more):
    """lbd -c with this directory in front: (exit status, stderr)."""
    config = box.config({"a": "127.0.0.1:1"}, backend={"algorithm": algorithm}, top={"global": more})
    config["backends"]["app"]["servers"]["a"] = {"address": "127.0.0.1:1", "maxconn": 10}
    path = box.path("check.conf")
    path.write_text(config_text(config))
    status, _, errors = box.run("-c", "-f", path, "-L", directory, "-L", PLUGINS)
    return status, errors


def test_what_only_we_can_write_is_loaded(box, directory):
    assert check(box, directory) == (0, "")
    # As a developer has it whose mask is 002 and whose group is his own.
    for path in (directory, directory / "first.so"):
        path.chmod(0o775)
        os.chown(path, -1, os.getegid())
    assert check(box, directory) == (0, "")


@pytest.mark.parametrize("which", ["file", "directory"])
def test_what_others_can_write_is_refused(box, directory, which):
    (directory / "first.so" if which == "file" else directory).chmod(0o757)
    status, errors = check(box, directory)
    assert status == 1 and "can be written by others; take that away (chmod go-w)" in errors
    assert str(directory / "first.so") in errors


def test_a_sticky_directory_is_no_better(box, directory):
    directory.chmod(0o1777)
    assert check(box, directory)[0] == 1


def test_a_directory_above_that_everybody_can_write(box, directory):
    box.directory.chmod(0o777)
    status, errors = check(box, directory)
    assert status == 1 and f"everybody can write the directory {box.directory}" in errors


if os.geteuid() == 0:
    @pytest.mark.parametrize("which", ["file", "directory", "group"])
    def test_what_belongs_to_somebody_else_is_refused(box, directory, which):
        path = directory if which == "directory" else directory / "first.so"
        os.chown(path, 0 if which == "group" else 12345, 12345)
        path.chmod(0o775 if which == "group" else 0o755)
        status, errors = check(box, directory)
        assert status == 1
        assert ("can be written by others" if which == "group" else "belongs to user 12345") in errors


def test_directories_are_named_by_absolute_paths(box, directory):
    status, errors = check(box, directory, plugin_path=["plugins", str(directory)])
    assert status == 1 and 'global.plugin_path: "plugins" must be an absolute path' in errors
    status, _, errors = box.run("-c", "-f", "x", "-L", "plugins")
    assert status == 1 and "-L plugins: a directory of plugins is named by an absolute path" in errors


def opened(box, algorithm):
    """What a check opens, by strace: a list of paths."""
    path, trace = box.path("traced.conf"), box.path("trace")
    path.write_text(config_text(box.config({"a": "127.0.0.1:1"}, backend={"algorithm": algorithm})))
    subprocess.run(["strace", "-f", "-qq", "-e", "trace=openat,open", "-o", trace, LBD, "-c", "-f", path, "-L", PLUGINS],
                   stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60,
                   env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    return [line.split('"')[1] for line in trace.read_text().splitlines() if '"' in line]


def test_a_check_opens_what_is_named_and_nothing_else(box):
    plugins = [path for path in opened(box, "least_con") if path.startswith(str(PLUGINS)) and path.endswith(".so")]
    assert plugins == []
    status, errors = check(box, PLUGINS, "least_con")
    assert status == 1 and "did you mean 'least_conn'?" in errors


def test_the_file_that_was_looked_at_is_the_one_that_is_loaded(box):
    paths = opened(box, "least_conn")
    named = [path for path in paths if path.endswith(".so") and path.startswith(str(PLUGINS))]
    assert named == [str(PLUGINS / "least_conn.so")], "once, to look at it"
    assert [path for path in paths if path.startswith("/proc/self/fd/")], "and loaded by its descriptor"
