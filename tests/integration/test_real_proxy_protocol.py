"""The PROXY protocol with those who made and use it: HAProxy and curl in front, HAProxy and nginx behind."""
import re

import pytest
from lbdtest import Client, Process, curl, wait_for
from real_nginx import start_nginx, wait_listening

NGINX = """
  server {{
    listen 127.0.0.1:{port} reuseport proxy_protocol;
    location / {{ return 200 "$proxy_protocol_addr $proxy_protocol_port\\n"; }}
  }}
"""
HAPROXY = """
defaults
  mode {mode}
  timeout connect 5s
  timeout client 20s
  timeout server 20s
"""


@pytest.fixture
def nginx(box):
    port = box.port()
    process = start_nginx(box, NGINX.format(port=port), [port], log="info")
    return process, f"127.0.0.1:{port}"


def haproxy(box, text, port, mode="http"):
    path = box.path(f"{box.fresh('haproxy')}.cfg")
    path.write_text(HAPROXY.format(mode=mode) + text)
    process = Process(box, box.fresh("haproxy"), ["haproxy", "-db", "-f", path])
    wait_listening(process, [port])
    return process


@pytest.mark.parametrize("sends", ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id"])
@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_haproxy_in_front(box, sends, mode):
    port = box.port()
    server = box.origin("a")
    config = box.config({"a": server}, {"accept_proxy": True}, top={"defaults": {"mode": mode}})
    lbd = box.lbd(config)
    unique = "  unique-id-format %[uuid()]\n" if "unique" in sends else ""
    haproxy(box, f"frontend f\n  bind 127.0.0.1:{port}\n{unique}  default_backend b\n"
                 f"backend b\n  server s 127.0.0.1:{lbd.port} {sends} check inter 50ms\n", port, mode)
    if "crc32c" in sends:
        # Its first connections are its probes, which say LOCAL.
        wait_for(lambda: int(lbd.stat("web", "FRONTEND")["stot"]) >= 3, what="probes")
    with Client(port) as client:
        seen = client.request(target="/_echo").text
        own = client.socket.getsockname()
        assert client.request(target="/_echo").status == 200
    if mode == "http":
        assert "X-Forwarded-For: 127.0.0.1\r\n" in seen and f"X-Forwarded-Port: {port}\r\n" in seen, seen
    assert own[0] == "127.0.0.1"


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_curl_in_front(box, mode):
    path = box.path("access.log")
    log = {"format": "json", "target": str(path)}
    lbd = box.lbd(box.config({"a": box.origin("a")}, {"accept_proxy": True, "access_log": log},
                             top={"defaults": {"mode": mode}}))
    code, out, err = curl("--haproxy-protocol", "-w", "%{local_port}", f"http://127.0.0.1:{lbd.port}/_echo")
    assert (code, err) == (0, "")
    port = re.search(rb"(\d+)$", out)[1].decode()
    wait_for(lambda: path.exists() and f'"client":"127.0.0.1:{port}"' in path.read_text(), what="the log")
    assert curl(f"http://127.0.0.1:{lbd.port}/")[0] in (52, 56)  # without it: no answer


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_nginx_behind(box, nginx, version, mode):
    check = {"type": "http" if mode == "http" else "tcp", "interval": "100ms", "fast_interval": "100ms"}
    lbd = box.lbd(box.config({"n": nginx[1]}, {"accept_proxy": True}, {"send_proxy": version, "check": check},
                             top={"defaults": {"mode": mode}}))
    for i in range(3):
        with Client(lbd.port) as client:
            client.send(f"PROXY TCP4 192.0.2.{i} 198.51.100.9 {1000 + i} 443\r\n".encode())
            for _ in range(2):
                assert client.request().text == f"192.0.2.{i} {1000 + i}\n"
    with Client(lbd.port) as client:
        client.send(b"PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n")
        assert client.request().text == "2001:db8::1 1000\n"
    wait_for(lambda: lbd.stat("app", "n")["check_status"] in ("L7OK", "L4OK"), what="a probe")
    assert lbd.stat("app", "n")["status"] == "UP"
    assert "broken header" not in nginx[0].log


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_haproxy_behind(box, version):
    port = box.port()
    behind = haproxy(box, f"frontend f\n  bind 127.0.0.1:{port} accept-proxy\n"
                          "  http-request return status 200 content-type text/plain "
                          'lf-string "%[src] %[src_port] %[dst] %[dst_port]"\n', port)
    check = {"type": "http", "interval": "100ms", "fast_interval": "100ms"}
    lbd = box.lbd(box.config({"h": f"127.0.0.1:{port}"}, {"accept_proxy": True},
                             {"send_proxy": version, "check": check}))
    for source in ("192.0.2.1", "203.0.113.254"):
        with Client(lbd.port) as client:
            client.send(f"PROXY TCP4 {source} 198.51.100.9 1000 443\r\n".encode())
            assert client.request().text == f"{source} 1000 198.51.100.9 443"
    wait_for(lambda: lbd.stat("app", "h")["check_status"] == "L7OK", what="a probe")
    assert behind.running


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_one_lbd_behind_another(box, version):
    inner = box.lbd(box.config({"a": box.origin("a")}, {"accept_proxy": True}))
    outer = box.lbd(box.config({"i": f"127.0.0.1:{inner.port}"}, {"accept_proxy": True}, {"send_proxy": version}))
    with Client(outer.port) as client:
        client.send(b"PROXY TCP4 192.0.2.1 198.51.100.9 1000 443\r\n")
        seen = client.request(target="/_echo").text
    assert "X-Forwarded-For: 192.0.2.1\r\n" in seen and "X-Forwarded-Port: 443\r\n" in seen
