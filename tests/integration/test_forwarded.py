"""forwarded = true: servers get the Forwarded field of RFC 7239."""
import pytest
from lbdtest import Client

TRUST = {"forwarded": True, "trusted_proxies": ["127.0.0.0/8", "::1"]}


def forwarded(box, frontend, headers=(), host="test.example", bind=None):
    bind = bind or f"127.0.0.1:{box.port()}"
    lbd = box.lbd(box.config({"a": box.origin("a")}, {"bind": [bind], **frontend}))
    address = bind[5:] if bind.startswith("unix:") else (bind.rsplit(":", 1)[0].strip("[]"), lbd.port)
    with Client(address) as client:
        lines = client.request(target="/_echo", headers=list(headers), host=host).text.split("\r\n")
    return [line.split(": ", 1)[1] for line in lines if line.lower().startswith("forwarded: ")]


def test_client_host_and_protocol(box):
    assert forwarded(box, {"forwarded": True}) == ["for=127.0.0.1;host=test.example;proto=http"]


def test_host_with_a_port_is_quoted(box):
    assert forwarded(box, {"forwarded": True}, host="[::1]:80") == ['for=127.0.0.1;host="[::1]:80";proto=http']


def test_ipv6_is_quoted(box):
    seen = forwarded(box, {"forwarded": True}, bind=f"[::1]:{box.port()}")
    assert seen == ['for="[::1]";host=test.example;proto=http']


def test_a_unix_socket_has_no_address(box):
    seen = forwarded(box, {"forwarded": True}, bind=f"unix:{box.path('f.sock')}")
    assert seen == ["for=unknown;host=test.example;proto=http"]


CLAIMS = [("Forwarded", "for=1.2.3.4"), ("Forwarded", 'for="[2001:db8::1]:99";by=x'), ("Forwarded", "")]


def test_a_trusted_proxy_is_appended_to(box):
    assert forwarded(box, TRUST, CLAIMS) == [
        'for=1.2.3.4, for="[2001:db8::1]:99";by=x, for=127.0.0.1;host=test.example;proto=http']


def test_others_are_replaced(box):
    assert forwarded(box, {"forwarded": True}, CLAIMS) == ["for=127.0.0.1;host=test.example;proto=http"]


@pytest.mark.parametrize("trusted,seen", [(False, []), (True, ["for=1.2.3.4"])])
def test_without_the_option_only_a_trusted_proxy_says_it(box, trusted, seen):
    assert forwarded(box, {"trusted_proxies": ["127.0.0.0/8"]} if trusted else {}, CLAIMS[:1]) == seen
