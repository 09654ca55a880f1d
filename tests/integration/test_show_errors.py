"""show errors: the last malformed request of a frontend and response of a backend, with the byte at fault."""
import re
import subprocess
import time

import pytest
from lbdtest import Client, http, wait_for

REQUESTS = [  # bytes, position of the fault, its word
    (b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 5, "bad_request_line"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX\x00Y: b\r\n\r\n", 26, "bad_field_name"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nA: b\x01c\r\n\r\n", 29, "bad_field_value"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", 26, "bad_field_name"),
    (b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 1, "bad_method"),
    (b"GET / HTTP/1.1\nHost: a\r\n\r\n", 14, "bad_line_end"),
    (b"GET / HTTP/3.1\r\nHost: a\r\n\r\n", 6, "bad_version"),
]
RESPONSES = [
    (b"HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n", 20, "bad_field_name"),
    (b"HTTX/1.1 200 OK\r\n\r\n", 3, "bad_status_line"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n", 33, "bad_content_length"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", 10, "bad_chunk"),
]


def event(lbd, words=""):
    text = lbd.cli(f"show errors{words}")
    assert text.startswith("Total events captured on [") and text.endswith("\n\n") and "\n\n" not in text[:-2]
    return text


def fields(text):
    return {"position": int(re.search(r"error at position (\d+)", text)[1]),
            "len": int(re.search(r"\n  len (\d+),", text)[1]),
            "number": int(re.search(r"event #(\d+)", text)[1])}


def dumped(text):
    """The bytes of a dump."""
    lines = re.findall(r"^  \d{5,}[ +] (.*)$", text, re.M)
    return "".join(lines).encode("latin-1").decode("unicode_escape").replace("\\e", "\x1b").encode("latin-1")


def test_none(box):
    lbd, = box.serve()
    assert re.fullmatch(r"Total events captured on \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] : 0\n\n",
                        lbd.cli("show errors"))
    assert lbd.cli("show errors nope") == "No such proxy.\n\n"


def test_requests(box):
    lbd, _ = box.serve("a")
    for number, (sent, position, word) in enumerate(REQUESTS):
        with Client(lbd.port) as client:
            assert b" 400 " in client.send(sent).rest()
            port = client.socket.getsockname()[1]
        text = event(lbd)
        assert f" : {number + 1}\n \n[" in text
        assert "frontend web (#2): invalid request\n  backend <NONE> (#-1), server <NONE> (#-1), event" in text
        assert f"src 127.0.0.1:{port}\n" in text
        assert word in text
        found = fields(text)
        assert (found["position"], found["number"]) == (position, number), text
        assert sent.startswith(dumped(text)) and len(dumped(text)) > position
        assert text == event(lbd, " web request") or event(lbd, " -1 request").count("invalid") == 1
    assert "invalid" not in event(lbd, " web response") and "invalid" not in event(lbd, " app")


@pytest.mark.parametrize("pad", [0, 3000])
def test_a_refused_underscore(box, pad):
    """Long heads are read another way."""
    lbd, _ = box.serve("a", frontend={"underscores": "refuse"})
    sent = b"GET / HTTP/1.1\r\nHost: a\r\nX-Pad: %s\r\nX_B: b\r\n\r\n" % (b"x" * pad)
    with Client(lbd.port) as client:
        assert client.send(sent).response().status == 400
    text = event(lbd)
    assert "invalid request" in text and "underscore_in_name" in text
    assert fields(text)["position"] == sent.index(b"_")


def test_pipelined_request_counts_from_its_own_head(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        client.send(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n").rest()
    assert fields(event(lbd))["position"] == 26


def test_request_body(box):
    lbd, _ = box.serve("a")
    with Client(lbd.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n")
        time.sleep(0.2)  # the fault comes in a later piece
        client.send(b"3\r\nabc\r\nxyz\r\n")
        client.rest()
    text = event(lbd, " web")
    assert "backend app (#3), server a (#1)" in text and "bad_chunk in the body" in text
    assert fields(text)["position"] == len(b"4\r\nabcd\r\n3\r\nabc\r\n")


@pytest.mark.parametrize("answer,position,word", RESPONSES)
def test_responses(box, answer, position, word):
    server = box.scripted(lambda connection, number: (connection.until(b"\r\n\r\n"), connection.send(answer)))
    lbd = box.lbd(box.config({"s": server}))
    http(lbd.port) if word != "bad_chunk" else subprocess.run(["curl", "-s", f"http://127.0.0.1:{lbd.port}/"], timeout=9)
    text = wait_for(lambda: "invalid" in event(lbd) and event(lbd), what="the response to be captured")
    assert "backend app (#3): invalid response\n  frontend web (#2), server " in text and word in text
    assert fields(text)["position"] == position
    assert "invalid" not in event(lbd, " app request") and "invalid response" in event(lbd, " 3 response")


def test_dump_is_bounded_and_holds_the_position(box):
    lbd, _ = box.serve("a")
    sent = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"\\\t\xff" * 60) for i in range(50)) + b"Z\x02: 1\r\n\r\n"
    with Client(lbd.port) as client:
        client.send(sent).rest()
    text = event(lbd)
    found = fields(text)
    start = int(re.search(r"buffer starts at (\d+)", text)[1])
    assert found["len"] <= 2048 and found["position"] == sent.index(b"\x02")
    assert dumped(text) == sent[start:start + found["len"]] and start <= found["position"] < start + found["len"]
    assert all(len(line) <= 82 for line in text.splitlines()[1:])


def test_level(box):
    lbd, _ = box.serve("a")
    assert lbd.cli("user; show errors").endswith("Permission denied\n\n")
    assert "Permission" not in lbd.cli("operator; show errors")


def test_flood_from_many_clients(box):
    """Four workers capture at the same time as the operator reads; every event is counted."""
    from concurrent.futures import ThreadPoolExecutor
    lbd, _ = box.serve("a", top={"global": {"threads": 4}})

    def one(i):
        with Client(lbd.port) as client:
            client.send(REQUESTS[i % len(REQUESTS)][0]).rest()
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(one, i) for i in range(300)]
        while not all(d.done() for d in done):
            text = event(lbd)
            if "invalid" in text:
                assert any(sent.startswith(dumped(text)) for sent, _, _ in REQUESTS), text
    assert [d.result() for d in done] == [None] * 300
    assert " : 300\n" in event(lbd)
