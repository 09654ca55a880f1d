"""A stop waits for answers, and not for clients that have theirs and keep their side open."""
import signal
import time

import pytest
from lbdtest import Client


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
        assert time.monotonic() - began < 8
