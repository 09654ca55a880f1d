"""A stop waits for answers, and not for clients that have theirs and keep their side open."""
import signal
import time

import pytest
from lbdtest import Client, build_request, took, wait_for


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_client_that_forgets_to_close_holds_no_stop(box, when):
    lbd, _ = box.serve("a", frontend={"timeouts": {"client_fin": "60s"}}, top={"global": {"shutdown_timeout": "60s"}})
    with Client(lbd.port) as client:
        if when == "before":
            assert client.request(headers={"Connection": "close"}).status == 200
        else:
            assert client.request().status == 200
        began = time.monotonic()
        lbd.signal(signal.SIGTERM)
        if when == "after":
            # Perhaps told that the connection ends, perhaps a moment before that: it does nothing about it.
            assert client.request().status == 200
        assert lbd.wait(10) == 0
        took(began, 8)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nor_does_one_whose_answer_came_after_the_signal(box, method):
    lbd, a = box.serve("a", frontend={"timeouts": {"client_fin": "60s"}}, top={"global": {"shutdown_timeout": "60s"}})
    with Client(lbd.port) as client:
        client.send(build_request(method, "/?delay=300", body=b"x" if method == "POST" else None))
        wait_for(lambda: lbd.stat("app", "a")["scur"] == "1")
        began = time.monotonic()
        lbd.signal(signal.SIGTERM)
        response = client.response()
        assert (response.status, response.get("Connection")) == (200, "close")
        assert lbd.wait(10) == 0
        took(began, 8)


def test_an_answer_that_is_read_slowly_is_sent_to_its_end(box):
    lbd, _ = box.serve("a", frontend={"timeouts": {"client_fin": "60s"}}, top={"global": {"shutdown_timeout": "60s"}})
    size = 20_000_000
    with Client(lbd.port) as client:
        client.send(build_request(target=f"/?body={size}"))
        client.read_head()
        lbd.signal(signal.SIGTERM)
        # The tail stands in the daemon and the kernel when the exchange is over; it takes longer than a farewell.
        time.sleep(1)
        got = 0
        while got < size:
            piece = client.need(min(1_000_000, size - got))
            got += len(piece)
            time.sleep(0.1)
        assert got == size
        assert lbd.wait(10) == 0
