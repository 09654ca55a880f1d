"""unix_socket: who may connect to a Unix address of a frontend."""
import os
import stat
import subprocess

import pytest
from lbdtest import config_text, http


def start(box, **unix_socket):
    path = box.path("web.sock")
    frontend = {"bind": [f"unix:{path}"], **({"unix_socket": unix_socket} if unix_socket else {})}
    lbd = box.lbd(box.config({"a": box.origin("a")}, frontend))
    assert http(str(path)).status == 200
    return lbd, os.stat(path)


@pytest.mark.parametrize("mode", ["0660", "0600", "0777"])
def test_mode_is_exact(box, mode):
    _, seen = start(box, mode=mode)
    assert stat.S_IMODE(seen.st_mode) == int(mode, 8)


def test_without_a_mode_the_mask_of_the_process_counts(box):
    mask = os.umask(0o027)
    try:
        _, seen = start(box)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(seen.st_mode) == 0o750


def test_owner_by_name_and_number(box):
    if os.geteuid() != 0:  # a plain user can give nothing away, and is told so
        config = box.config({"a": "127.0.0.1:1"}, {"bind": [f"unix:{box.path('web.sock')}"], "unix_socket": {"user": "root"}})
        box.path("lbd.conf").write_text(config_text(config))
        status, _, err = box.run("-f", box.path("lbd.conf"))
        assert status == 1 and "Operation not permitted" in err
        return
    _, seen = start(box, mode="0660", user="nobody", group="12345")
    assert (seen.st_uid, seen.st_gid) == (int(subprocess.check_output(["id", "-u", "nobody"])), 12345)


@pytest.mark.parametrize("option,value,said", [
    ("user", "no-such-user", 'unix_socket of frontend "web": there is no user \'no-such-user\''),
    ("group", "no-such-group", 'unix_socket of frontend "web": there is no group \'no-such-group\''),
    ("mode", "888", "permission bits as an octal text"),
])
def test_what_there_is_not_is_found_by_the_check(box, option, value, said):
    config = box.config({"a": "127.0.0.1:1"}, {"bind": [f"unix:{box.path('web.sock')}"], "unix_socket": {option: value}})
    status, _, err = box.check_config(config)
    assert status == 1 and said in err


def test_without_a_unix_address_it_is_an_error(box):
    config = box.config({"a": "127.0.0.1:1"}, {"unix_socket": {"mode": "0660"}})
    status, _, err = box.check_config(config)
    assert status == 1 and 'unix_socket.mode of frontend "web" has no effect' in err
    config = box.config({"a": "127.0.0.1:1"}, top={"defaults": {"unix_socket": {"mode": "0660"}}})
    assert box.check_config(config)[0] == 0
