"""Bodies of all sizes arrive as they were sent, both ways, and never stand in memory."""
import concurrent.futures
import hashlib
import json
import zlib

import pytest
from lbdtest import Client, build_request, curl, http, pattern, sanitized, wait_for

MB = 1_000_000
LIMIT = 50 << 20


def memory_limit(lbd):
    """The most that it may hold, resident; a sanitizer's own memory comes on top."""
    return lbd.rss() + (30 << 20) if sanitized() else LIMIT


@pytest.fixture(scope="module")
def lbd(shared_box):
    origins = shared_box.origins("a", "b")
    return shared_box.lbd(shared_box.config({o.title: o for o in origins}, top={"global": {"threads": 4}}))


def transfer(path, port, size, number, *extra):
    """Sends a body of this size by curl, then fetches one; what was wrong with it, or None."""
    url, got = f"http://127.0.0.1:{port}", path.with_name(f"{path.name}.{number}")
    sent = curl("--data-binary", f"@{path}", "-H", "Expect:", *extra, f"{url}/_len", timeout=100)
    crc = f"{zlib.crc32(path.read_bytes()):08x}"
    if sent[0] or json.loads(sent[1]) != {"length": size, "crc32": crc}:
        return sent
    fetched = curl("-o", got, f"{url}/?body={size}" + ("&chunk=10000" if extra else ""), timeout=100)
    if fetched[0] or got.read_bytes() != path.read_bytes():
        return fetched
    return None


@pytest.mark.parametrize("size", [0, 1, 10 * MB])
@pytest.mark.parametrize("coding", [(), ("-H", "Transfer-Encoding: chunked")])
def test_twenty_at_once_are_the_same_both_ways(shared_box, lbd, size, coding):
    path = shared_box.path(f"body-{size}-{len(coding)}")
    path.write_bytes(pattern(size))
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        wrong = list(pool.map(lambda i: transfer(path, lbd.port, size, i, *coding), range(20)))
    assert wrong == [None] * 20


DOWN = {"length": "", "chunked": "&chunk=50000", "until close": "&until_close=1"}
UP = {"length": [], "chunked": ["-H", "Transfer-Encoding: chunked"]}


def md5(path):
    return hashlib.md5(path.read_bytes()).digest()


@pytest.mark.parametrize("kind", sorted(DOWN))
def test_a_hundred_megabytes_down_pass_through_little_memory(box, kind):
    lbd, *_ = box.serve("a", env={"ASAN_OPTIONS": "quarantine_size_mb=1"})
    limit = memory_limit(lbd)
    got, sent = box.path("got"), box.path("sent")
    sent.write_bytes(pattern(100 * MB))
    url = f"http://127.0.0.1:{lbd.port}/?body={100 * MB}{DOWN[kind]}"
    assert curl("-o", got, url, timeout=100) == (0, b"", "")
    assert md5(got) == md5(sent)
    assert lbd.rss("VmHWM") < limit


def test_a_hundred_megabytes_to_a_client_of_http_1_0(box):
    lbd, *_ = box.serve("a", env={"ASAN_OPTIONS": "quarantine_size_mb=1"})
    limit = memory_limit(lbd)
    got, sent = box.path("got"), box.path("sent")
    sent.write_bytes(pattern(100 * MB))
    url = f"http://127.0.0.1:{lbd.port}/?body={100 * MB}&chunk=50000"
    assert curl("--http1.0", "-o", got, url, timeout=100) == (0, b"", "")
    assert md5(got) == md5(sent)
    assert lbd.rss("VmHWM") < limit


@pytest.mark.parametrize("kind", sorted(UP))
def test_a_hundred_megabytes_up_pass_through_little_memory(box, kind):
    lbd, *_ = box.serve("a", env={"ASAN_OPTIONS": "quarantine_size_mb=1"})
    limit = memory_limit(lbd)
    up = box.path("up")
    up.write_bytes(pattern(100 * MB))
    code, out, _ = curl("-T", up, "-X", "POST", "-H", "Expect:", *UP[kind], f"http://127.0.0.1:{lbd.port}/_len",
                        timeout=100)
    assert code == 0
    assert json.loads(out) == {"length": 100 * MB, "crc32": f"{zlib.crc32(up.read_bytes()):08x}"}
    assert lbd.rss("VmHWM") < limit


def test_slow_readers_do_not_fill_the_memory(box):
    lbd, a = box.serve("a", env={"ASAN_OPTIONS": "quarantine_size_mb=1"})
    limit = memory_limit(lbd)
    clients = [Client(lbd.port) for _ in range(20)]
    for client in clients:
        client.send(build_request(target=f"/?body={20 * MB}"))
    wait_for(lambda: a.requests() == 20)
    assert http(lbd.port).status == 200
    for client in clients:
        assert len(client.response().body) == 20 * MB
        client.close()
    assert lbd.rss("VmHWM") < limit
