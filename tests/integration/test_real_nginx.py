"""nginx as the server behind lbd: files down, PUT up, its keep-alive and its chunked answers."""
import gzip
import hashlib
import subprocess

import pytest
from lbdtest import Client, curl, http, pattern, sanitized
from real_nginx import start_nginx

MB = 1_000_000
NGINX = """
  sendfile on; keepalive_requests 50;
  types {{ text/plain txt; }}
  server {{
    listen 127.0.0.1:{port} reuseport;
    root {dir}/www;
    location / {{ dav_methods PUT DELETE; gzip on; gzip_min_length 1; gzip_types text/plain; gzip_proxied any; }}
    location = /gone {{ return 410 "gone\\n"; }}
  }}
"""


@pytest.fixture
def nginx(box):
    """(Process, its address); its files are in www."""
    port = box.port()
    box.path("www").mkdir(mode=0o777)
    process = start_nginx(box, NGINX.format(dir=box.directory, port=port), [port])
    return process, f"127.0.0.1:{port}"


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


def test_a_hundred_megabytes_down_and_up(box, nginx):
    lbd = box.lbd(box.config({"n": nginx[1]}), env={"ASAN_OPTIONS": "quarantine_size_mb=1"})
    limit = lbd.rss() + (30 << 20) if sanitized() else 50 << 20
    url = f"http://127.0.0.1:{lbd.port}"
    source, got = box.path("www/large"), box.path("got")
    source.write_bytes(pattern(100 * MB))
    assert curl("-o", got, f"{url}/large", timeout=100) == (0, b"", "")
    assert md5(got) == md5(source)
    code, out, err = curl("-T", source, "-w", "%{http_code}", f"{url}/put", timeout=100)
    assert (code, out, err) == (0, b"201", "")
    assert md5(box.path("www/put")) == md5(source)
    assert lbd.rss("VmHWM") < limit, f"{lbd.rss('VmHWM')} bytes"


def test_what_nginx_says_arrives(box, nginx):
    lbd = box.lbd(box.config({"n": nginx[1]}))
    box.path("www/a.txt").write_text("hello " * 1000)
    with Client(lbd.port) as client:
        plain = client.request(target="/a.txt")
        assert (plain.status, plain.text) == (200, "hello " * 1000)
        assert client.request("HEAD", "/a.txt").get("Content-Length") == "6000"
        unchanged = client.request(target="/a.txt", headers={"If-None-Match": plain.get("ETag")})
        assert (unchanged.status, unchanged.body) == (304, b"")
        part = client.request(target="/a.txt", headers={"Range": "bytes=6-10"})
        assert (part.status, part.text, part.get("Content-Range")) == (206, "hello", "bytes 6-10/6000")
        assert client.request(target="/missing").status == 404
        assert client.request(target="/gone").status == 410
        assert client.request("PUT", "/b", body=b"x").status == 201
        assert client.request("PUT", "/b", chunks=[b"in ", b"pieces"]).status == 204
        assert client.request(target="/b").text == "in pieces"
        assert client.request("DELETE", "/b").status == 204
        assert client.request(target="/b").status == 404
    code, out, _ = curl("--compressed", "-H", "Via:", f"http://127.0.0.1:{lbd.port}/a.txt")
    assert (code, out) == (0, b"hello " * 1000)


def test_its_limit_of_requests_for_a_connection_costs_nothing(box, nginx):
    lbd = box.lbd(box.config({"n": nginx[1]}))
    box.path("www/a").write_text("a")
    done = subprocess.run(["wrk", "-t1", "-c20", "-d2s", f"http://127.0.0.1:{lbd.port}/a"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=True)
    assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
    row = lbd.stat("app", "n")
    assert int(row["hrsp_2xx"]) > 200 and (row["hrsp_5xx"], row["eresp"], row["econ"]) == ("0", "0", "0")
    assert http(lbd.port, target="/a").text == "a"


def test_its_gzip_and_chunks_arrive_as_it_made_them(box, nginx):
    lbd = box.lbd(box.config({"n": nginx[1]}))
    text = "".join(f"line {number}\n" for number in range(20_000))
    box.path("www/long.txt").write_text(text)
    port = int(nginx[1].rpartition(":")[2])
    with Client(lbd.port) as through, Client(port) as straight:
        answers = [client.request(target="/long.txt", headers={"Accept-Encoding": "gzip"})
                   for client in (through, straight)]
        for answer in answers:
            assert (answer.get("Content-Encoding"), answer.get("Transfer-Encoding")) == ("gzip", "chunked")
            assert gzip.decompress(answer.body).decode() == text
        # The connection goes on behind a chunked answer.
        assert through.request(target="/long.txt").text == text


def test_its_connections_are_kept_and_shared(box, nginx):
    lbd = box.lbd(box.config({"n": nginx[1]}, top={"global": {"threads": 1}}))
    box.path("www/a").write_text("a")
    for _ in range(40):
        assert http(lbd.port, target="/a").text == "a"
    row = lbd.stat("app", "n")
    # keepalive_requests is 50: clients come and go, the connection to nginx stays.
    assert (row["connect"], row["reuse"]) == ("1", "39")
