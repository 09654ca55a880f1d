"""lenient: "chunked, chunked" of a server is taken for chunked, and counted; else it is 502."""
import json

import pytest
from attempts import Plan, says
from lbdtest import http, wait_for

BODY = b"\r\n5\r\nhello\r\n0\r\n\r\n"
TWICE = [b"Transfer-Encoding: chunked, chunked\r\n", b"Transfer-Encoding: Chunked\r\ntransfer-encoding: chunked\r\n"]
OTHERS = [b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding: chunked, chunked, chunked\r\n",
          b"Transfer-Encoding: chunked,\r\n", b"Transfer-Encoding: identity\r\n",
          b"Transfer-Encoding: chunked, chunked\r\nContent-Length: 5\r\n"]


def ask(box, coding, lenient, version=b"1.1"):
    path = box.path("access.log")
    plan = Plan(box, "a", says(b"HTTP/" + version + b" 200 OK\r\n" + coding + BODY))
    lbd = box.lbd(box.config(plan.servers, {"access_log": {"format": "json", "target": str(path)}}, {"lenient": lenient}))
    response = http(lbd.port)
    wait_for(lambda: path.exists() and path.read_text().endswith("\n"), what="the line")
    twice = 1 if lenient and response.status == 200 else 0
    assert lbd.stat("app", "a")["lenient_responses"] == lbd.stat("app", "BACKEND")["lenient_responses"] == str(twice)
    return response, json.loads(path.read_text())


@pytest.mark.parametrize("coding", TWICE)
def test_twice(box, coding):
    response, row = ask(box, coding, True)
    assert (response.status, response.body, response.all("Transfer-Encoding")) == (200, b"hello", ["chunked"])
    assert (row["reason"], row["detail"]) == ("-", "chunked_twice")


@pytest.mark.parametrize("coding", TWICE)
def test_twice_is_refused_unless_it_is_allowed(box, coding):
    response, row = ask(box, coding, False)
    assert (response.status, row["detail"]) == (502, "unknown_transfer_coding")


@pytest.mark.parametrize("coding", OTHERS)
def test_nothing_else_is_allowed(box, coding):
    response, row = ask(box, coding, True)
    assert (response.status, row["reason"]) == (502, "malformed_response")


def test_nor_in_http_1_0(box):
    assert ask(box, TWICE[0], True, b"1.0")[0].status == 502
