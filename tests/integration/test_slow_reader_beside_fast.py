"""A client that takes 1 MB a second of a large answer costs neither the others their latency nor us our memory."""
import statistics
import threading
import time

from lbdtest import Client, build_request, pattern, sanitized

MB = 1_000_000
SLOW, SECONDS = 4, 3


def latencies(client, seconds):
    """ms of one request after another."""
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        assert client.request().body == b"a\n"
        took.append((time.monotonic() - start) * 1000)
        time.sleep(0.002)
    return took


class SlowReader:
    """Reads 1 MB of its answer a second, and compares it."""

    def __init__(self, port):
        self.client, self.read, self.wrong = Client(port, 30), 0, None
        self.client.send(build_request(target=f"/?body={200 * MB}"))
        self.client.read_head()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping.wait(0.05):
            data = self.client.need(50_000)
            at = self.read % 251
            if data != pattern(at + len(data))[at:]:
                self.wrong = self.read
            self.read += len(data)

    def stop(self):
        self.stopping.set()
        self.thread.join(10)
        self.client.close()


def test_fast_clients_do_not_feel_slow_ones(box):
    # One worker: whoever is slow shares a loop with whoever is fast.
    lbd, _ = box.serve("a", top={"global": {"threads": 1}}, env={"ASAN_OPTIONS": "quarantine_size_mb=1"})
    limit = lbd.rss() + (30 << 20) if sanitized() else 50 << 20
    with Client(lbd.port) as client:
        alone = latencies(client, 1)
        readers = [SlowReader(lbd.port) for _ in range(SLOW)]
        beside = latencies(client, SECONDS)
    for reader in readers:
        reader.stop()
        assert reader.wrong is None
        assert reader.read > 0.5 * SECONDS * MB, "the slow reader was starved"
    # Its body would take 200 s: a loop that waited for it would show in every request.
    assert statistics.median(beside) < max(3 * statistics.median(alone), 20), (alone[:9], beside[:9])
    assert sorted(beside)[int(len(beside) * 0.95)] < 200
    assert lbd.rss("VmHWM") < limit
    assert float(lbd.cpu()) < 2 * (SECONDS + 3)
