"""global.user, group and chroot: what the process is, keeps and can still do. Another user needs root, who lets nobody do
what he could not do; so the tests are root's, and as another user they see that it is refused."""
import os
import pathlib
import pwd
import re
import signal
import socket

import pytest
from lbdtest import Load, http, wait_for

ROOT = os.geteuid() == 0
NET_BIND_SERVICE = 1 << 10
NOBODY = pwd.getpwnam("nobody")


def tasks(lbd):
    """The status of each thread: {name: value}."""
    result = []
    for task in pathlib.Path(f"/proc/{lbd.pid}/task").iterdir():
        text = (task / "status").read_text()
        rows = dict(line.split(":", 1) for line in text.splitlines())
        result.append({"main": int(task.name) == lbd.pid, **{name: value.strip() for name, value in rows.items()}})
    return result


def jailed(box, **more):
    """A configuration with user nobody, whose files are in a directory that nobody owns; and that directory."""
    directory = box.path("home")
    directory.mkdir()
    box.directory.chmod(0o755)
    os.chown(directory, NOBODY.pw_uid, NOBODY.pw_gid)
    config = box.config({"a": box.origin()})
    # Who holds a port for us must be who will listen on it.
    os.seteuid(NOBODY.pw_uid)
    config["frontends"]["web"]["bind"] = [f"127.0.0.1:{box.port()}"]
    os.seteuid(0)
    config["global"].update(user="nobody", **more)
    config["global"]["stats_sockets"] = [{"path": str(directory / "s.sock"), "level": "admin"}]
    return config, directory


def refused(box, config, *args, env=None):
    lbd = box.lbd(config, args=args, wait=False, env=env)
    assert lbd.wait() == 1
    lbd.checked = True
    return lbd.log


def leaks_off(box):
    """A leak checker needs /proc, which a chroot does not have."""
    return {"ASAN_OPTIONS": box.sanitizer_env("jailed")["ASAN_OPTIONS"] + ":detect_leaks=0"}


def needs_root(test):
    """Only root becomes somebody else: for others this is no test, and what they are told is the test below."""
    return test if ROOT else None


if not ROOT:
    def test_another_user_needs_root(box):
        config = box.config({"a": "127.0.0.1:1"})
        config["global"]["user"] = "nobody"
        assert "only root can do that" in refused(box, config)


@needs_root
def test_all_threads_are_the_user_and_workers_keep_nothing(box):
    config, directory = jailed(box)
    lbd = box.lbd(config, args=("-p", directory / "lbd.pid"))
    threads = tasks(lbd)
    assert len(threads) == 4, "control, two workers, the log's writer"
    for thread in threads:
        assert thread["Uid"].split() == [str(NOBODY.pw_uid)] * 4
        assert thread["Gid"].split() == [str(NOBODY.pw_gid)] * 4
        assert "0" not in thread["Groups"].split()
        assert thread["NoNewPrivs"] == "1"
        left = NET_BIND_SERVICE if thread["main"] else 0
        assert int(thread["CapEff"], 16) == int(thread["CapPrm"], 16) == left
        assert int(thread["CapInh"], 16) == int(thread["CapAmb"], 16) == 0
        assert int(thread["CapBnd"], 16) == NET_BIND_SERVICE
    load = Load(lbd.port, clients=4, each=50).join()
    assert load.count(200) == 200
    assert "Running as user 'nobody'" in lbd.log and "CAP_NET_BIND_SERVICE for control, none for workers" in lbd.log
    assert lbd.stop() == 0
    assert list(directory.iterdir()) == [], "socket and pidfile are removed"


@needs_root
def test_without_a_user_workers_keep_nothing_either(box):
    lbd, *_ = box.serve("a")
    for thread in tasks(lbd):
        assert thread["NoNewPrivs"] == "1"
        assert thread["main"] or int(thread["CapEff"], 16) & ~2 == 0
        assert int(thread["CapEff"], 16) & ~(NET_BIND_SERVICE | 2) == 0
    assert sum(int(thread["CapEff"], 16) == 0 for thread in tasks(lbd)) == 2
    assert http(lbd.port).status == 200


@needs_root
def test_a_group_alone(box):
    config = box.config({"a": box.origin()})
    config["global"]["group"] = "nogroup"
    lbd = box.lbd(config)
    for thread in tasks(lbd):
        assert thread["Uid"].split() == ["0"] * 4 and thread["Groups"].split() == thread["Gid"].split()[:1]
        assert thread["Gid"].split() == [str(NOBODY.pw_gid)] * 4
    assert http(lbd.port).status == 200


@needs_root
def test_a_port_below_1024_for_every_worker(box):
    config, _ = jailed(box)
    for port in range(900, 1000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                break
    config["frontends"]["web"]["bind"] = [f"127.0.0.1:{port}"]
    lbd = box.lbd(config)
    assert http(port).status == 200
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table if f"0100007F:{port:04X} 00000000:0000 0A" in line]
    assert {row[7] for row in rows} == {str(NOBODY.pw_uid)} and len(rows) == 2
    assert lbd.running


@needs_root
def test_logs_are_made_by_the_user_and_opened_anew(box):
    config, directory = jailed(box)
    log, access = directory / "lbd.log", directory / "access.log"
    config["global"]["log"] = {"target": str(log)}
    config["frontends"]["web"]["access_log"] = {"format": "json", "target": str(access)}
    lbd = box.lbd(config)
    assert log.stat().st_uid == access.stat().st_uid == NOBODY.pw_uid
    for path in (log, access):
        path.rename(f"{path}.1")
    lbd.signal(signal.SIGHUP)
    wait_for(lambda: log.exists() and access.exists(), what="the new files")
    assert http(lbd.port).status == 200
    wait_for(lambda: '"status":200' in access.read_text(), what="a line in the new file")
    assert "opened as root" not in log.read_text()


@needs_root
def test_a_log_of_root_is_opened_before_and_that_is_said(box):
    config, _ = jailed(box)
    log = box.path("root.log")
    log.touch(0o600)
    config["global"]["log"] = {"target": str(log)}
    lbd = box.lbd(config)
    wait_for(lambda: "started with" in log.read_text(), what="lines in the log of root")
    assert f"Log target {log} is open because lbd was started as root; user 'nobody' cannot open it anew" in lbd.log
    log.rename(box.path("root.log.1"))
    lbd.signal(signal.SIGHUP)
    wait_for(lambda: "cannot be opened anew" in box.path("root.log.1").read_text(), what="the error")


@needs_root
def test_root_opens_no_log_where_somebody_else_could_put_a_link(box):
    config, _ = jailed(box)
    other = box.path("other")
    other.mkdir(0o700)
    os.chown(other, 12345, 12345)
    config["global"]["log"] = {"target": str(other / "x.log")}
    assert "Permission denied" in refused(box, config)
    assert list(other.iterdir()) == []


@needs_root
@pytest.mark.parametrize("kind", ["stats", "pidfile", "bind"])
def test_what_could_not_be_removed_at_the_end_is_refused_at_the_start(box, kind):
    config, _ = jailed(box)
    args, path = (), box.path("of-root")
    if kind == "stats":
        config["global"]["stats_sockets"].append({"path": str(path)})
    elif kind == "pidfile":
        args = ("-p", path)
    else:
        config["frontends"]["web"]["bind"] += [f"unix:{path}"]
    log = refused(box, config, *args)
    assert f"{path}" in log and "Permission denied" in log and "user 'nobody'" in log
    assert not path.exists()


@pytest.mark.parametrize("option, value, text", [
    ("user", "no-such-user", "there is no user 'no-such-user' here"),
    ("group", "no-such-group", "there is no group 'no-such-group' here"),
    ("chroot", "/tmp", "global.chroot needs global.user")])
def test_what_is_not_there_is_an_error_of_the_check_too(box, option, value, text):
    config = box.config({"a": "127.0.0.1:1"})
    config["global"][option] = value
    status, _, errors = box.check_config(config)
    assert status == 1 and text in errors


@needs_root
def test_a_chroot_holds_everything_that_is_needed_later(box):
    config, directory = jailed(box)
    config["global"]["chroot"] = f"{directory}/"
    backend, front, pidfile, log = (directory / name for name in ("b.sock", "f.sock", "lbd.pid", "lbd.log"))
    origin = box.origin("b", listen=f"unix:{backend}")
    backend.chmod(0o777)
    config["backends"]["app"]["servers"] = {"b": {"address": origin.address}}
    config["frontends"]["web"]["bind"] += [f"unix:{front}"]
    config["global"]["log"] = {"target": str(log)}
    lbd = box.lbd(config, args=("-p", pidfile), env=leaks_off(box))
    assert os.readlink(f"/proc/{lbd.pid}/root") == str(directory)
    assert http(lbd.port).origin == "b" and http(lbd.port).status == 200
    front.chmod(0o777)
    assert http(str(front)).status == 200
    assert int(pidfile.read_text()) == lbd.pid
    log.rename(directory / "old.log")
    lbd.signal(signal.SIGHUP)
    wait_for(log.exists, what="the new log")
    other = box.lbd(config, args=("-p", pidfile, "-x", directory / "s.sock"), env=leaks_off(box), wait=False)
    assert lbd.wait() == 0
    lbd.checked = True
    assert int(pidfile.read_text()) == other.pid and other.stop() == 0
    assert sorted(path.name for path in directory.iterdir()) == ["b.sock", "lbd.log", "old.log"]


@pytest.mark.parametrize("kind", ["stats", "bind", "server", "log", "access_log", "syslog"])
def test_a_path_outside_of_the_chroot_is_an_error_of_the_check(box, kind):
    jail = box.path("jail")
    jail.mkdir()
    config = box.config({"a": "127.0.0.1:1"})
    config["global"].update(user="nobody", chroot=str(jail))
    config["global"]["stats_sockets"] = [{"path": f"{jail}/s.sock"}]
    assert box.check_config(config)[0] == 0
    outside = f"{jail}-not/x"
    if kind == "stats":
        config["global"]["stats_sockets"] = [{"path": outside}]
    elif kind == "bind":
        config["frontends"]["web"]["bind"] += [f"unix:{outside}"]
    elif kind == "server":
        config["backends"]["app"]["servers"]["a"]["address"] = f"unix:{outside}"
    elif kind == "access_log":
        config["frontends"]["web"]["access_log"] = {"format": "json", "target": outside}
    else:
        config["global"]["log"] = {"target": outside if kind == "log" else f"syslog:{outside}"}
    status, _, errors = box.check_config(config)
    assert status == 1
    assert re.search(rf"\.conf:\d+: error: .*{re.escape(outside)} is outside of global.chroot {jail}", errors), errors


@needs_root
def test_a_pidfile_outside_of_the_chroot_is_refused(box):
    config, directory = jailed(box)
    config["global"]["chroot"] = str(directory)
    pidfile = box.path("lbd.pid")
    assert f"the pidfile {pidfile} is outside of global.chroot" in refused(box, config, "-p", pidfile, env=leaks_off(box))
