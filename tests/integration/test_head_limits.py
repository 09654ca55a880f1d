"""limits of the head: each is exact, stands alone, and has its own status."""
import time

import pytest
from attempts import Plan, answer
from lbdtest import Client

LINE = len("GET / HTTP/1.1")
HOST = b"Host: x\r\n"


def status(lbd, data):
    with Client(lbd.port) as client:
        return client.send(data).response().status


def head_of(bytes_of_lines, target=b"/"):
    """A request whose field lines have so many bytes, with their ends."""
    filler = bytes_of_lines - len(HOST) - len(b"X: \r\n")
    return b"GET %s HTTP/1.1\r\n%sX: %s\r\n\r\n" % (target, HOST, b"a" * filler)


@pytest.mark.parametrize("first_piece", [0, 20])
@pytest.mark.parametrize("target_bytes", [1, 7000])
@pytest.mark.parametrize("size,expected", [(1000, 200), (1001, 431)])
def test_header_bytes_are_those_of_the_header_lines(box, size, expected, target_bytes, first_piece):
    lbd, _ = box.serve("a", frontend={"limits": {"header_bytes": 1000}})
    data = head_of(size, b"/" + b"t" * (target_bytes - 1))
    with Client(lbd.port) as client:
        client.send(data[:first_piece])
        time.sleep(0.05 if first_piece else 0)
        assert client.send(data[first_piece:]).response().status == expected


@pytest.mark.parametrize("target,line", [(b"/", LINE), (b"http://x/", LINE + len("http://x"))], ids=["origin", "absolute"])
def test_request_line_is_exact(box, target, line):
    lbd, _ = box.serve("a", frontend={"limits": {"request_line": 200}})
    for over, expected in ((0, 200), (1, 414)):
        filled = target + b"b" * (200 - line + over)
        assert status(lbd, b"GET %s HTTP/1.1\r\n%s\r\n" % (filled, HOST)) == expected


def test_headers_are_counted_with_the_host(box):
    lbd, _ = box.serve("a", frontend={"limits": {"headers": 3}})
    for more, expected in ((2, 200), (3, 431)):
        assert status(lbd, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * more + b"\r\n") == expected


def test_a_large_limit_is_usable(box):
    lbd = box.lbd(box.config(Plan(box, "a", answer()).servers, {"limits": {"header_bytes": "1m", "request_line": "1m"}}))
    assert status(lbd, head_of(1 << 20)) == 200
    assert status(lbd, head_of((1 << 20) + 1)) == 431
