"""What curl can ask for, through lbd as from the server itself."""
import hashlib
import json
import pathlib
import re
import subprocess
import zlib

import pytest
from lbdtest import curl, pattern
from real_nginx import start_nginx

MB = 1_000_000


@pytest.fixture(scope="module")
def url(shared_box):
    lbd, *_ = shared_box.serve("a")
    return f"http://127.0.0.1:{lbd.port}"


def trace(*args):
    """(exit code, body, the lines of both heads as curl -v shows them)."""
    code, out, err = curl("-v", *args)
    return code, out, re.findall(r"^([<>] .*?)\r?$", err, re.M)


def test_http_1_0(url):
    code, out, lines = trace("--http1.0", f"{url}/?body=3000&chunk=100")
    assert (code, out) == (0, pattern(3000))
    heads = [line.lower() for line in lines]
    assert "> get /?body=3000&chunk=100 http/1.0" in heads
    # No chunked coding to one who may not know it: the end of the connection ends the body.
    assert not any(line.startswith("< transfer-encoding") for line in heads)


def test_http_1_1_keeps_the_connection(url):
    code, out, err = curl("-v", "--http1.1", f"{url}/?body=10", f"{url}/?body=10")
    assert (code, out) == (0, pattern(10) * 2)
    assert "Re-using existing connection" in err


@pytest.mark.parametrize("size", [2 * MB, 20 * MB])
def test_a_large_post_waits_for_100_continue(url, tmp_path, size):
    path = tmp_path / "body"
    path.write_bytes(pattern(size))
    code, out, lines = trace("--http1.1", "--expect100-timeout", "20", "-H", "Expect: 100-continue",
                             "--data-binary", f"@{path}", f"{url}/_len")
    assert code == 0
    assert json.loads(out) == {"length": size, "crc32": f"{zlib.crc32(pattern(size)):08x}"}
    statuses = [line for line in lines if re.match("< HTTP/1.1", line)]
    assert [line.split()[2] for line in statuses] == ["100", "200"]


def test_a_refused_post_is_not_sent(url, tmp_path):
    path = tmp_path / "body"
    path.write_bytes(pattern(5 * MB))
    done = subprocess.run(["curl", "-sS", "--http1.1", "--expect100-timeout", "20", "-H", "Expect: 100-continue",
                           "-o", tmp_path / "out", "-w", "%{http_code} %{size_upload}", "--data-binary", f"@{path}",
                           f"{url}/?cont=0&early=1&status=403"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=True)
    status, sent = done.stdout.split()
    assert status == "403"
    assert int(sent) < 5 * MB


def test_an_upload_from_stdin_is_chunked(url):
    body = pattern(3 * MB)
    done = subprocess.run(["curl", "-sSv", "--http1.1", "-H", "Expect:", "-X", "POST", "-T", "-", f"{url}/_len"],
                          input=body, capture_output=True, timeout=60, check=True)
    assert b"> Transfer-Encoding: chunked" in done.stderr
    assert json.loads(done.stdout) == {"length": len(body), "crc32": f"{zlib.crc32(body):08x}"}


def test_head_has_the_length_and_no_body(url):
    code, out, err = curl("-I", f"{url}/?body=12345")
    assert (code, err) == (0, "")
    head = out.decode().lower()
    assert head.startswith("http/1.1 200") and "content-length: 12345" in head and head.endswith("\r\n\r\n")


def test_ranges_of_a_real_file(box, tmp_path):
    """Ranges are the server's business: nginx answers 206, and a broken download is resumed."""
    port, body = box.port(), pattern(MB)
    box.path("www").mkdir(mode=0o777)
    box.path("www/file").write_bytes(body)
    start_nginx(box, f"server {{ listen 127.0.0.1:{port} reuseport; root {box.path('www')}; }}", [port])
    lbd = box.lbd(box.config({"n": f"127.0.0.1:{port}"}))
    url = f"http://127.0.0.1:{lbd.port}/file"
    assert curl("-r", "500-999", url) == (0, body[500:1000], "")
    assert curl("-r", "-100", url) == (0, body[-100:], "")
    code, out, _ = curl("-i", "-r", "0-1,10-11", url)
    assert code == 0 and b"multipart/byteranges" in out
    code, out, _ = curl("-w", "%{http_code}", "-o", tmp_path / "none", "-r", "2000000-", url)
    assert out == b"416"
    partial = tmp_path / "partial"
    partial.write_bytes(body[:400_000])
    assert curl("-C", "-", "-o", partial, url) == (0, b"", "")
    assert hashlib.md5(pathlib.Path(partial).read_bytes()).digest() == hashlib.md5(body).digest()


def test_a_hundred_at_once(url):
    code, out, _ = curl("--no-progress-meter", "--parallel", "--parallel-max", "50", f"{url}/?body=1000&n=[1-100]",
                        timeout=60)
    assert (code, len(out)) == (0, 100_000)
