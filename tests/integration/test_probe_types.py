"""Probes that look at what a server says: bodies of HTTP as they come, send and expect, and the ready-made types."""
import struct
import time

import pytest
from lbdtest import PLUGINS, config_text, wait_for

FAST = {"interval": "50ms", "timeout": "3s"}


def probed(box, script, check, name="a"):
    """lbd with one such server. Probes end within their timeout only where their verdict falls before."""
    lbd = box.lbd(box.config({name: box.scripted(script)}, backend={"check": {**FAST, **check}}))
    wait_for(lambda: lbd.stat("app", name)["check_status"].removeprefix("* ") not in ("INI", ""))
    return lbd.stat("app", name)


def judge(row, status, word):
    assert (row["status"].split()[0], row["check_status"].removeprefix("* ")) == (status, word), row["last_chk"]
    # Well within the timeout.
    assert int(row["check_duration"]) < 2000


# --- bodies

def stream(*parts):
    def script(connection, _):
        connection.until(b"\r\n\r\n")
        for part in parts:
            connection.send(part)
            time.sleep(0.05)
        connection.more()
        time.sleep(6)
    return script


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
ENDLESS = HEAD + b"Connection: close\r\n\r\n"
LONG = HEAD + b"Content-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize("head", [ENDLESS, LONG, HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n"])
def test_a_match_ends_the_probe(box, head):
    judge(probed(box, stream(head, b"rea", b"dy"), {"expect_body": "ready"}), "UP", "L7OK")


@pytest.mark.parametrize("head,body,pattern,word", [
    (LONG, b"x" * 20000, "ready", "L7RSP"),                  # a full buffer
    (LONG, b"x" * 16384 + b"ready", "ready", "L7RSP"),       # what is behind is not looked at
    (HEAD + b"Content-Length: 4\r\n\r\n", b"read", "ready", "L7RSP"),
    (LONG, b"no", "^yes", "L7RSP"),                          # nothing that follows can change it
    (b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n", b"", "ready", "L7STS")])
def test_it_fails_as_soon_as_it_is_sure(box, head, body, pattern, word):
    judge(probed(box, stream(head, body), {"expect_body": pattern}), "DOWN", word)


# --- send and expect

def test_send_and_expect(box):
    def zookeeper(connection, _):
        connection.send(b"imok" if connection.need(4) == b"ruok" else b"?")
        connection.more()
    judge(probed(box, zookeeper, {"type": "tcp", "send": "ruok", "expect": "^imok"}), "UP", "L7OK")
    row = probed(box, zookeeper, {"type": "tcp", "send": "what", "expect": "^imok"}, "b")
    judge(row, "DOWN", "L7RSP")
    assert row["last_chk"] == "unexpected answer: ?"


def test_a_banner_is_expected_without_a_word(box):
    def banner(connection, _):
        connection.send(b"SSH-2")
        time.sleep(0.1)
        connection.send(b".0-x\r\n").more()
    judge(probed(box, banner, {"type": "tcp", "expect": "^SSH-2\\.0-"}), "UP", "L7OK")


@pytest.mark.parametrize("check,what", [
    ({"type": "http", "send": "x"}, "check.send"), ({"type": "redis", "expect": "x"}, "check.expect"),
    ({"send": "x"}, "check.send"), ({"type": "tcp", "expect": "("}, "check.expect")])
def test_what_has_no_effect_is_an_error(box, check, what):
    path = box.path("x.conf")
    path.write_text(config_text(box.config({"a": "127.0.0.1:9"}, backend={"check": check})))
    code, _, err = box.run("-f", path, "-L", PLUGINS, "-c")
    assert code == 1 and f": error: {what} of backend" in err, err


# --- ready-made types; each server as its protocol has it, with what it says when it is not ready

def redis(answer):
    def script(connection, _):
        assert connection.until(b"PING\r\n") == b"*1\r\n$4\r\nPING\r\n"
        connection.send(answer).more()
    return script


def pgsql(answer):
    def script(connection, _):
        length, version = struct.unpack(">II", connection.need(8))
        parts = connection.need(length - 8).split(b"\0")
        assert version == 196608 and parts[0] == b"user" and parts[1] and parts[2:] == [b"", b""]
        connection.send(answer).more()
    return script


def mysql(answer):
    def script(connection, _):
        connection.send(answer)
        if answer[4] == 10:
            length = int.from_bytes(connection.need(4)[:3], "little")
            login = connection.need(length)
            assert int.from_bytes(login[:4], "little") & 0x200 and login[32:].split(b"\0")[0] == b"lbd"
            connection.send(b"\7\0\0\2\0\0\0\2\0\0\0")
            assert connection.need(5) == b"\1\0\0\0\1"
            mysql.quits += 1
    return script


def smtp(answer):
    def script(connection, _):
        connection.send(answer)
        if answer.startswith(b"220"):
            assert connection.until(b"\r\n") == b"HELO localhost\r\n"
            connection.send(b"250 mail.test\r\n")
            assert connection.until(b"\r\n") == b"QUIT\r\n"
            connection.send(b"221 bye\r\n")
    return script


def greeting(payload):
    return len(payload).to_bytes(3, "little") + b"\0" + payload


TYPES = {
    "redis": (redis, b"+PONG\r\n", b"-LOADING Redis is loading the dataset in memory\r\n"),
    "pgsql": (pgsql, b"R\0\0\0\x0c\0\0\0\5salt", b"E\0\0\0\x20SFATAL\0C57P03\0Mstarting up\0\0"),
    "mysql": (mysql, greeting(b"\x0a8.0.36\0" + b"\1\0\0\0saltsalt\0\xff\xf7\x21\2\0\xff\xc1\x15" + b"\0" * 10 + b"saltsaltsalt\0"),
              greeting(b"\xff\x10\x04#08004Too many connections")),
    "smtp": (smtp, b"220-mail.test\r\n220 ready\r\n", b"421 mail.test closing\r\n"),
}


@pytest.mark.parametrize("kind", TYPES)
def test_ready_made_types(box, kind):
    script, good, bad = TYPES[kind]
    mysql.quits = 0
    a, b = box.scripted(script(good)), box.scripted(script(bad))
    lbd = box.lbd(box.config({"a": a, "b": b}, backend={"check": {**FAST, "type": kind}}))
    wait_for(lambda: lbd.stat("app", "b")["check_status"].removeprefix("* ") == "L7RSP")
    lbd.wait_status("app", "b", "DOWN")
    wait_for(lambda: a.connections >= 5)
    judge(lbd.stat("app", "a"), "UP", "L7OK")
    assert lbd.stat("app", "a")["chkfail"] == "0"
    assert lbd.stat("app", "b")["last_chk"].startswith("unexpected answer: ")
    if kind == "mysql":
        wait_for(lambda: mysql.quits >= 3)
    assert not [error for error in a.errors if "Assertion" in error]
