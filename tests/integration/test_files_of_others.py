"""What somebody else can put in the place of a file of ours: links are not followed, and no directory is used that
everybody can write, unless it is sticky."""
import os
import signal
import socket

import pytest
from lbdtest import Client, http, wait_for

STATS, LOG, ACCESS, PID, FRONT = "s0.sock", "process.log", "access.log", "lbd.pid", "front.sock"


def config_in(box, directory, log=True):
    """A configuration with each kind of file in this directory."""
    config = box.config({"a": "127.0.0.1:1"}, frontend={"bind": [f"127.0.0.1:{box.port()}"]})
    config["global"]["stats_sockets"] = [{"path": str(box.path(STATS)), "level": "admin"}]
    if log:
        config["global"]["log"] = {"target": str(directory / LOG)}
        config["frontends"]["web"]["access_log"] = {"format": "json", "target": str(directory / ACCESS)}
    return config


def refused(box, config, *args):
    lbd = box.lbd(config, args=args, wait=False)
    assert lbd.wait() == 1
    lbd.checked = True
    return lbd.log


@pytest.mark.parametrize("kind", ["log", "access_log", "pidfile", "stats", "bind"])
@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_directory_that_everybody_can_write_must_be_sticky(box, kind, mode):
    outer = box.path("outer")
    directory = outer / "inner"
    directory.mkdir(parents=True)
    config = config_in(box, box.directory)
    args = ()
    if kind == "log":
        config["global"]["log"]["target"] = str(directory / LOG)
    elif kind == "access_log":
        config["frontends"]["web"]["access_log"]["target"] = str(directory / ACCESS)
    elif kind == "pidfile":
        args = ("-p", directory / PID)
    elif kind == "stats":
        config["global"]["stats_sockets"].append({"path": str(directory / STATS)})
    else:
        config["frontends"]["web"]["bind"].append(f"unix:{directory / FRONT}")
    for shared in (directory, outer):
        shared.chmod(mode)
        if mode & 0o1000:
            box.lbd(config, args=args).check()
        else:
            log = refused(box, config, *args)
            assert f"everybody can write the directory {shared}" in log and "chmod o-w" in log
            assert not list(directory.iterdir())
        shared.chmod(0o755)


@pytest.mark.parametrize("name", [LOG, ACCESS])
def test_a_log_that_is_a_link_is_refused(box, name):
    victim = box.path("victim")
    victim.write_text("precious\n")
    box.path(name).symlink_to(victim)
    config = config_in(box, box.directory)
    assert f"{box.path(name)}\" cannot be opened for writing: it is a symbolic link" in refused(box, config)
    status, _, errors = box.check_config(config)
    assert status == 1 and "it is a symbolic link" in errors, "-c says it too"
    assert victim.read_text() == "precious\n"


def test_dev_stdout_is_written_as_stdout(box):
    config = config_in(box, box.directory)
    config["global"]["log"]["target"] = "/dev/stdout"
    assert '"stdout"' in refused(box, config)


def test_a_link_that_comes_later_is_not_followed_by_a_reopen(box):
    victim = box.path("victim")
    victim.write_text("precious\n")
    config = config_in(box, box.directory)
    lbd = box.lbd(config)
    log, old = box.path(LOG), box.path("old.log")
    log.rename(old)
    log.symlink_to(victim)
    lbd.signal(signal.SIGHUP)
    wait_for(lambda: "cannot be opened anew: it is a symbolic link" in old.read_text(), what="the refusal")
    lbd.act("disable server app/a")
    wait_for(lambda: "disable server app/a" in old.read_text(), what="lines in the old file")
    assert victim.read_text() == "precious\n"
    log.unlink()
    lbd.signal(signal.SIGHUP)
    wait_for(log.exists, what="the new file")


def test_a_file_with_several_names_is_refused_where_others_could_have_made_one(box):
    config, shared = config_in(box, box.directory), box.path("shared")
    shared.mkdir()
    shared.chmod(0o1777)
    victim = box.path("victim")
    victim.write_text("precious\n")
    os.link(victim, shared / LOG)
    config["global"]["log"]["target"] = str(shared / LOG)
    assert "it has several names" in refused(box, config)
    os.unlink(shared / LOG)
    os.link(victim, box.path(LOG))
    config["global"]["log"]["target"] = str(box.path(LOG))
    box.lbd(config)


def test_a_pidfile_that_is_a_link_is_refused_or_replaced_and_never_followed(box):
    victim, pidfile = box.path("victim"), box.path(PID)
    victim.write_text("precious\n")
    pidfile.symlink_to(victim)
    config = config_in(box, box.directory)
    assert f"cannot write the pidfile {pidfile}: it is a symbolic link" in refused(box, config, "-p", pidfile)
    assert victim.read_text() == "precious\n"


def test_a_stats_socket_has_its_mode_without_a_chmod(box):
    config = config_in(box, box.directory)
    victim = box.path("victim")
    victim.write_text("precious\n")
    victim.chmod(0o600)
    config["global"]["stats_sockets"].append({"path": str(box.path("all.sock")), "mode": "0666"})
    old = os.umask(0o077)
    try:
        lbd = box.lbd(config)
    finally:
        os.umask(old)
    assert box.path("all.sock").stat().st_mode & 0o777 == 0o666
    assert lbd.stop() == 0
    box.path("all.sock").symlink_to(victim)
    assert "all.sock" in refused(box, config)
    assert victim.stat().st_mode & 0o777 == 0o600


def test_a_socket_as_log_file_is_refused_with_the_word_that_works(box):
    path = str(box.path("dev-log"))
    daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    daemon.bind(path)
    daemon.settimeout(10)
    config = config_in(box, box.directory)
    config["global"]["log"]["target"] = path
    assert f'write "syslog:{path}"' in refused(box, config)
    status, _, errors = box.check_config(config)
    assert status == 1 and f'write "syslog:{path}"' in errors
    config["global"]["log"]["target"] = f"syslog:{path}"
    box.lbd(config)
    assert b"started with" in daemon.recv(4096)
    daemon.close()


def test_a_log_that_becomes_a_socket_keeps_the_old_file(box):
    config = config_in(box, box.directory)
    lbd = box.lbd(config)
    log, old = box.path(LOG), box.path("old.log")
    log.rename(old)
    other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    other.bind(str(log))
    lbd.signal(signal.SIGHUP)
    wait_for(lambda: "cannot be opened anew: it is a socket" in old.read_text(), what="the refusal")
    other.close()
    with Client(lbd.stats_path) as client:
        assert client.send(b"show version\n").rest().startswith(b"2.6.0")
    assert http(lbd.port).status == 503
