"""A log target that takes nothing costs lines, never a request; every lost line is counted."""
import os
import re
import threading
import time

from lbdtest import Load, wait_for


def test_written_and_dropped_lines_are_all(box):
    fifo = box.path("fifo")
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        lbd, _ = box.serve("a", top={"global": {"threads": 2}},
                           frontend={"access_log": {"format": "httplog", "target": str(fifo)}})
        target = "/" + "x" * 6000
        load = Load(lbd.port, clients=4, each=500, target=target).join()
        assert load.errors == []
        dropped = wait_for(lambda: int(lbd.info()["DroppedLogs"]), what="dropped lines")
        os.set_blocking(reader, True)
        chunks = []

        def read():
            while chunk := os.read(reader, 1 << 20):
                chunks.append(chunk)
        thread = threading.Thread(target=read, daemon=True)
        thread.start()

        def all_there():
            text = b"".join(chunks)
            return text.count(b"\n") + int(lbd.info()["DroppedLogs"]) == 2000
        wait_for(all_there, what="2000 lines, written or counted")
        time.sleep(0.3)
        assert all_there() and int(lbd.info()["DroppedLogs"]) >= dropped
        whole = [line for line in b"".join(chunks).split(b"\n") if line]
        assert all(re.match(rb'127\.0\.0\.1:\d+ \[.*"GET /x+ HTTP/1\.1"$', line) for line in whole)
        told = wait_for(lambda: re.search(r"(\d+) log lines were dropped", lbd.log), what="the process log")
        assert int(told[1]) > 0
    finally:
        lbd.stop()
        os.close(reader)
