"""global.sandbox: what workers can ask of the kernel, that they can do all that traffic needs, and what is said of it.
The plugin asks_kernel asks on workers, and on control, for what no algorithm should; other_kernel is preloaded and takes
parts of the kernel away, or ends the process at the first call that the list does not have."""
import errno
import pathlib
import re
import shutil
import signal

import pytest
from lbdtest import BUILD, Client, Load, http, pattern, sanitized, wait_for

PLUGINS = BUILD / "tests/support/plugins/.libs"
SHIM = BUILD / "tests/support/.libs/other_kernel.so"
# Sanitizers write their reports in any thread, so only the list of workers is left, and it lets files be opened.
WHOLE = not sanitized()


def other_kernel(box, words):
    asan = box.sanitizer_env("lbd")["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
    return {"LD_PRELOAD": str(SHIM), "OTHER_KERNEL": words, "ASAN_OPTIONS": asan}


def filters(lbd):
    """How many lists each thread has."""
    texts = [path.read_text() for path in pathlib.Path(f"/proc/{lbd.pid}/task").glob("*/status")]
    return sorted(int(re.search(r"^Seccomp_filters:\s+(\d+)", text, re.M)[1]) for text in texts)


def said(lbd):
    line = wait_for(lambda: re.search(r"no_new_privs(; .*)\.\n", lbd.log), what="the line of the start")
    return line[1]


def asking(box, what, env=None, **options):
    """A daemon whose algorithm asks for this."""
    directory = box.path("plugins")
    directory.mkdir()
    shutil.copy(PLUGINS / "asks_kernel.so", directory)
    config = box.config({"a": box.origin("a"), "b": box.origin("b")}, backend={"algorithm": "asks_kernel"},
                        top={"global": {"plugin_path": [str(directory)], **options}})
    return box.lbd(config, env={"ASKS_KERNEL": what, **(env or {})})


def answers(lbd, where, what):
    """The error numbers that this thread got, in order."""
    return [int(number) for number in re.findall(rf"^{where} {what}: (\d+)$", lbd.log, re.M)]


def of_worker(lbd, what):
    assert http(lbd.port).status == 200
    return wait_for(lambda: answers(lbd, "worker", what), what="the plugin's words")[0]


def of_control(lbd, what):
    """Once more, since the first time was before anything was given up."""
    before = len(answers(lbd, "control", what))
    lbd.act("disable server app/b")
    return wait_for(lambda: answers(lbd, "control", what)[before:], what="a new table")[0]


def end_of(lbd):
    """The exit status, after one request."""
    with Client(lbd.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.closed()
    lbd.checked = True
    return lbd.wait()


def test_every_worker_has_its_list(box):
    lbd = box.lbd(box.config({"a": box.origin()}))
    *others, first, second = filters(lbd)
    assert set(others) == {int(WHOLE)}, "control, the log's writer; a sanitizer's own thread"
    assert first == second == int(WHOLE) + 1, "two workers"
    assert said(lbd) == ("; sandbox: seccomp for control and workers, Landlock for workers" if WHOLE else
                         "; sandbox: seccomp for workers, no Landlock")
    assert http(lbd.port).status == 200


@pytest.mark.parametrize("what", ["open", "netlink", "code", "signal"])
def test_a_worker_is_refused_what_traffic_does_not_need(box, what):
    lbd = asking(box, what)
    assert of_worker(lbd, what) == (errno.ENOSYS if WHOLE or what != "open" else 0)
    assert of_control(lbd, what) == 0
    assert http(lbd.port).status == 200


@pytest.mark.parametrize("what", ["exec", "io_uring"])
def test_a_worker_that_asks_for_what_no_proxy_does_is_the_end(box, what):
    lbd = asking(box, what)
    in_control = {"exec": errno.ENOENT, "io_uring": errno.EPERM if WHOLE else errno.EFAULT}
    assert of_control(lbd, what) == in_control[what]
    assert end_of(lbd) == -signal.SIGSYS


def test_a_worker_can_abort(box):
    """A broken invariant must end the process, and leave a core of that moment."""
    assert end_of(asking(box, "abort")) == -signal.SIGABRT


def test_without_the_list_files_are_gone_all_the_same(box):
    lbd = asking(box, "open", other_kernel(box, "no_seccomp"))
    assert said(lbd) == ("; sandbox: no seccomp, Landlock for workers" if WHOLE else "; no sandbox here")
    assert set(filters(lbd)) == {0}
    assert of_worker(lbd, "open") == (errno.EACCES if WHOLE else 0)
    assert of_control(lbd, "open") == 0


def test_off_is_off(box):
    lbd = asking(box, "open", sandbox="off")
    assert said(lbd) == "; no sandbox, since global.sandbox is off"
    assert set(filters(lbd)) == {0}
    assert of_worker(lbd, "open") == 0


@pytest.mark.parametrize("lacks", ["seccomp", "Landlock"])
def test_what_is_required_and_not_there_is_refused(box, lacks):
    config = box.config({"a": "127.0.0.1:1"}, top={"global": {"sandbox": "required"}})
    lbd = box.lbd(config, env=other_kernel(box, f"no_{lacks.lower()}"), wait=False)
    assert lbd.wait() == 1
    lbd.checked = True
    assert f'global.sandbox is "required", but there is no {lacks} here' in lbd.log


def test_what_is_required_and_there(box):
    config = box.config({"a": box.origin()}, top={"global": {"sandbox": "required"}})
    lbd = box.lbd(config, wait=WHOLE)
    if WHOLE:
        assert http(lbd.port).status == 200
    else:
        assert lbd.wait() == 1
        lbd.checked = True


@pytest.mark.parametrize("lacks, answer", [
    ("", f"seccomp=yes landlock={'yes' if WHOLE else 'no'}"),
    ("no_seccomp no_landlock", "seccomp=no landlock=no")])
def test_the_build_says_what_the_kernel_can_do(box, lacks, answer):
    _, out, _ = box.run("-V", env=other_kernel(box, lacks))
    assert re.search(rf"^confinement: .*no_new_privs=yes {answer}$", out, re.M), out


def test_the_list_has_all_that_traffic_needs(box):
    """One call that it lacks ends the daemon here. The whole suite can be run like this, see other_kernel.c."""
    front, back, log = box.path("f.sock"), box.path("b.sock"), box.path("access.log")
    config = box.config(
        {"a": box.origin("a"), "b": box.origin("b", listen=f"unix:{back}"), "gone": f"127.0.0.1:{box.dead_port()}"},
        frontend={"rules": [{"path": "^/(a|b)+$", "return": {"status": 418}}],
                  "access_log": {"format": "json", "target": str(log)}},
        backend={"check": {"type": "tcp", "interval": "50ms"}},
        top={"frontends": {"raw": {"mode": "tcp", "bind": [f"127.0.0.1:{box.port()}"], "default_backend": "raw"}},
             "backends": {"raw": {"mode": "tcp", "algorithm": "least_conn", "servers": {"a": {"address": box.origin("c").address}}}}})
    config["frontends"]["web"]["bind"].append(f"unix:{front}")
    lbd = box.lbd(config, env=other_kernel(box, "strict"))
    large = 8 << 20
    assert http(lbd.port, target="/ab").status == 418
    for address in (lbd.port, str(front), lbd.ports["raw"]):
        for _ in range(3):
            assert http(address, target=f"/?body={large}").body == pattern(large)
            assert http(address, "POST", body=pattern(large)).status == 200
    idle = Client(lbd.port)
    assert idle.request().status == 200
    assert "source=127.0.0.1" in lbd.cli("show sess all")
    lbd.act("disable server app/a")
    lbd.act("enable server app/a")
    log.rename(f"{log}.1")
    lbd.signal(signal.SIGHUP)
    wait_for(log.exists, what="the new log")
    load = Load(lbd.port, clients=16, may_close=True)
    wait_for(lambda: load.count(200) > 500, what="requests under load")
    lbd.pause()
    lbd.resume()
    lbd.signal(signal.SIGTERM)
    assert lbd.wait() == 0
    load.stop()
    idle.close()
