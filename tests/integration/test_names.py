"""Names of servers and listeners: all their addresses, and what is not known yet. Each daemon has a hosts file of its own."""
import os
import pathlib
import shutil
import stat
import subprocess

import lbdtest
import pytest
from lbdtest import PLUGINS, Client, config_text, http, wait_for

STOCK = "127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\n"
TCP_CHECK = {"type": "tcp", "interval": "50ms"}
# .invalid never exists (RFC 6761, section 6.4), unless a hosts file says so.
NAME = "later.invalid"


def own_mounts():
    """What unshare is told for a mount namespace. It would make all mounts in there private, so that none comes back, and
    cannot do so in a chroot whose / is no mount. There it need not, where none is shared."""
    own, all_ = ([line.split() for line in pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
                 for pid in ("self", "1"))
    shared = any(word.startswith("shared:") for mount in own + all_ for word in mount[6:mount.index("-")])
    is_mount = any(mount[4] == "/" for mount in own)
    return ["--mount"] if is_mount or shared else ["--mount", "--propagation", "unchanged"]


class Hosts:
    """/etc/hosts of the daemons that are started from now on. They see an /etc with copies of the machine's files, which may
    have no hosts file itself."""

    def __init__(self, etc):
        etc.mkdir()
        for file in pathlib.Path("/etc").iterdir():
            if file.is_file() and file.stat().st_mode & stat.S_IROTH:
                shutil.copy(file, etc)
        self.path = etc / "hosts"
        # An own mount namespace, and as another user an own user namespace for it, which root has none of in a chroot.
        words = own_mounts() if os.getuid() == 0 else ["--map-root-user", "--mount"]
        self.prefix = [shutil.which("unshare"), *words, "sh", "-c", f'mount --bind {etc} /etc && exec "$@"', "sh"]

    def write(self, text):
        with open(self.path, "w", encoding="ascii") as file:
            file.write(text)


@pytest.fixture
def hosts(box, monkeypatch):
    made = Hosts(box.path("etc"))
    made.write(STOCK)
    monkeypatch.setattr(lbdtest, "WRAPPER", made.prefix)
    return made


@pytest.mark.parametrize("file", ["stock", "empty"])
@pytest.mark.parametrize("where", ["127.0.0.1", "[::1]"])
def test_a_name_is_all_its_addresses(box, hosts, file, where):
    hosts.write(STOCK if file == "stock" else "")
    a = box.origin("a", listen=f"{where}:0")
    lbd = box.lbd(box.config({"a": f"localhost:{a.port}"}, backend={"check": TCP_CHECK}))
    lbd.wait_status("app", "a", "UP")
    assert [http(lbd.port).status for _ in range(5)] == [200] * 5
    assert lbd.stat("app", "a")["chkfail"] == "0"
    # What works is remembered.
    assert lbd.stat("app", "a")["addr"] == a.address


@pytest.mark.parametrize("where", ["127.0.0.1", "[::1]"])
def test_the_next_address_is_part_of_the_same_attempt(box, hosts, where):
    a = box.origin("a", listen=f"{where}:0")
    lbd = box.lbd(box.config({"a": f"localhost:{a.port}"}, backend={"retry": {"attempts": 1}}))
    assert http(lbd.port, "POST", "/_echo", body=b"x").status == 200
    row = lbd.stat("app", "a")
    assert (row["econ"], row["wretr"], row["wredis"], row["connect"]) == ("0", "0", "0", "1")
    assert row["addr"] == a.address


def test_a_server_that_moves_to_its_other_address_is_found(box, hosts):
    a = box.origin("a", listen="127.0.0.1:0")
    lbd = box.lbd(box.config({"a": f"localhost:{a.port}"}, backend={"check": {**TCP_CHECK, "fall": 1, "rise": 1}}))
    lbd.wait_status("app", "a", "UP")
    assert http(lbd.port).status == 200
    a.kill()
    lbd.wait_status("app", "a", "DOWN")
    box.origin("b", listen=f"[::1]:{a.port}")
    lbd.wait_status("app", "a", "UP")
    assert http(lbd.port).origin == "b"


def test_a_name_listens_on_all_its_addresses(box, hosts):
    holder = lbdtest.PortHolder()
    box.closers.append(holder)
    lbd = box.lbd(box.config({"a": box.origin("a")}, frontend={"bind": [f"localhost:{holder.port}"]}))
    for host in ("127.0.0.1", "::1"):
        with Client((host, holder.port)) as client:
            assert client.request().status == 200
    assert lbd.info()["Listeners"] == "2"


def test_a_server_with_an_unknown_name_begins_down_and_is_found_later(box, hosts):
    a, b = box.origins("a", "b")
    config = box.config({"a": f"{NAME}:{a.port}", "b": b}, backend={"check": TCP_CHECK})
    lbd = box.lbd(config)
    lbd.wait_status("app", "b", "UP")
    row = lbd.stat("app", "a")
    assert (row["status"], row["addr"]) == ("DOWN (unresolved)", f"{NAME}:{a.port}")
    assert f"'{NAME}' cannot be resolved: " in row["last_chk"]
    line = next(line for line in lbd.cli("show servers state app").splitlines() if " a " in line).split()
    assert (line[4], line[5], line[17], line[18]) == ("-", "0", NAME, str(a.port))
    assert f"Server app/a is DOWN, reason: '{NAME}' cannot be resolved: " in lbd.log
    assert [http(lbd.port).origin for _ in range(4)] == ["b"] * 4
    hosts.write(STOCK + f"127.0.0.1 {NAME}\n")
    lbd.wait_status("app", "a", "UP", deadline=20)
    wait_for(lambda: {http(lbd.port).origin for _ in range(4)} == {"a", "b"})
    assert (lbd.stat("app", "a")["addr"], lbd.stat("app", "a")["last_chk"]) == (a.address, "")
    assert "Server app/a is UP, reason: its name is known now." in lbd.log


def test_without_probes_and_alone(box, hosts):
    a = box.origin("a")
    lbd = box.lbd(box.config({"a": f"{NAME}:{a.port}"}))
    assert http(lbd.port).status == 503
    assert lbd.stat("app", "BACKEND")["status"] == "DOWN"
    # What an operator says of it changes nothing of that.
    lbd.cli("set server app/a health up")
    lbd.act("set server app/a state drain")
    lbd.act("set server app/a state ready")
    assert (http(lbd.port).status, lbd.stat("app", "a")["status"]) == (503, "DOWN (unresolved)")
    hosts.write(STOCK + f"127.0.0.1 {NAME}\n")
    wait_for(lambda: http(lbd.port).status == 200, deadline=20)
    assert (lbd.stat("app", "a")["status"], lbd.stat("app", "BACKEND")["status"]) == ("no check", "UP")


def test_the_check_says_what_the_start_would_say(box, hosts):
    path = box.path("x.conf")

    def check(config):
        path.write_text(config_text(config))
        run = [*hosts.prefix, str(lbdtest.LBD), "-f", str(path), "-L", str(PLUGINS), "-c"]
        done = subprocess.run(run, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stderr
    code, err = check(box.config({"a": f"{NAME}:80", "b": "127.0.0.1:81"}))
    assert code == 0 and f": warning: server 'app/a': '{NAME}' cannot be resolved: " in err and "begins DOWN" in err
    code, err = check(box.config({"a": "127.0.0.1:80"}, frontend={"bind": [f"{NAME}:8080"]}))
    assert code == 1 and f": error: bind of frontend 'web': '{NAME}' cannot be resolved: " in err
    code, err = check(box.config({"a": "127.0.0.1:80"}, frontend={"bind": ["localhost:8080", "127.0.0.1:08080"]}))
    assert code == 1 and 'the address "127.0.0.1:08080" is used twice (127.0.0.1:8080); first at ' in err
    code, err = check(box.config({"a": "127.0.0.1:80"}, frontend={"bind": ["[::1]:8080", "localhost:8080"]}))
    assert code == 1 and 'the address "localhost:8080" is used twice ([::1]:8080); first at ' in err
    code, err = check(box.config({"a": "localhost:80", "b": "[0::1]:80", "c": "127.0.0.2:80"}))
    assert code == 0 and "warning: servers 'a' and 'b' of backend 'app' have one address, " in err


