"""traceparent = true: each request has exactly one valid traceparent (W3C Trace Context)."""
import re

import pytest
from lbdtest import Client, http

VALID = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
MADE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01")


def sent(lbd, headers):
    lines = http(lbd.port, target="/_echo", headers=headers).text.split("\r\n")
    pairs = [line.split(": ", 1) for line in lines if ": " in line]
    return tuple([value for name, value in pairs if name.lower() == wanted] for wanted in ("traceparent", "tracestate"))


@pytest.fixture(scope="module")
def lbd(shared_box):
    return shared_box.serve("a", frontend={"traceparent": True})[0]


@pytest.mark.parametrize("value", [VALID, VALID[:-2] + "00", "cc-" + VALID[3:] + "-more.of-it"])
def test_a_valid_one_goes_on_with_its_state(lbd, value):
    state = [("Tracestate", "a=1"), ("tracestate", "b=2")]
    assert sent(lbd, [("Traceparent", value), *state]) == ([value], ["a=1", "b=2"])


@pytest.mark.parametrize("headers", [
    [], [("traceparent", "")], [("traceparent", VALID.upper())], [("traceparent", "ff" + VALID[2:])],
    [("traceparent", VALID + "-x")], [("traceparent", "00-" + "0" * 32 + VALID[35:])],
    [("traceparent", VALID), ("traceparent", VALID)], [("traceparent", VALID), ("Connection", "traceparent")],
    [("traceparent", "cc" + VALID[2:] + "-" + "x" * 300)]],
    ids=["none", "empty", "upper", "ff", "longer", "zero", "two", "hop-by-hop", "long"])
def test_any_other_is_made_anew_and_its_state_goes(lbd, headers):
    (parent,), state = sent(lbd, [*headers, ("tracestate", "a=1")])
    assert MADE.fullmatch(parent) and state == []


def test_each_request_gets_its_own(lbd):
    with Client(lbd.port) as client:
        texts = [client.request(target="/_echo").text for _ in range(20)]
    assert len({re.search(r"traceparent: (\S+)", text)[1] for text in texts}) == 20


def test_off_nothing_is_looked_at(box):
    lbd, _ = box.serve("a")
    assert sent(lbd, []) == ([], [])
    assert sent(lbd, [("traceparent", "x"), ("tracestate", "y")]) == (["x"], ["y"])
