"""upgrade: which protocols may become a tunnel."""
import pytest
from lbdtest import Client, http

SWITCH = b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: %s\r\n\r\n"


def asked(box, option, value):
    """What Upgrade and Connection the server saw."""
    lbd, _ = box.serve("a", frontend={} if option is None else {"upgrade": option})
    lines = http(lbd.port, target="/_echo", headers=[("Connection", "upgrade"), ("Upgrade", value)]).text.split("\r\n")
    return [line.split(": ")[1] for line in lines if line.lower().startswith(("upgrade: ", "connection: "))]


@pytest.mark.parametrize("option,value,passes", [
    (None, "websocket", True), (None, "WebSocket", True), (None, "websocket/13", True),
    (None, "chat", False), (None, "TLS/1.0", False), (None, "websocket, chat", False), (None, "h2c", False),
    (True, "websocket", True), (True, "chat", False),
    (False, "websocket", False), ([], "websocket", False),
    (["websocket", "SPDY"], "websocket", True), (["websocket", "SPDY"], "spdy/3.1", True),
    (["websocket", "SPDY"], "spdy, websocket", True), (["websocket", "SPDY"], "spdy, h2c", False),
    (["SPDY"], "websocket", False),
])
def test_what_goes_on(box, option, value, passes):
    assert sorted(asked(box, option, value)) == (sorted([value, "upgrade"]) if passes else [])


def test_an_answer_to_what_was_not_sent_on_is_no_switch(box):
    """A server that switches all the same was not asked to."""
    raw = SWITCH % b"chat"
    lbd, _ = box.serve("a", frontend={"upgrade": ["websocket"]})
    headers = [("Connection", "upgrade"), ("Upgrade", "chat")]
    assert http(lbd.port, target=f"/_raw?hex={raw.hex()}", headers=headers).status == 502


def test_a_listed_protocol_becomes_a_tunnel(box):
    raw = SWITCH % b"chat" + b"hello"
    lbd, _ = box.serve("a", frontend={"upgrade": ["chat"]})
    with Client(lbd.port) as client:
        response = client.request(target=f"/_raw?hex={raw.hex()}", headers={"Connection": "upgrade", "Upgrade": "chat"})
        assert response.status == 101 and client.need(5) == b"hello"


@pytest.mark.parametrize("option,message", [
    (["h2c"], "h2c would carry requests past the rules, and is never allowed"),
    (["websocket", "H2C"], "h2c would carry requests past the rules"),
    (["a b"], "each element must be the name of a protocol"),
    ("websocket", "needed: true, false or a list of protocols"),
    (1, "needed: true, false or a list of protocols"),
])
def test_what_may_not_be_listed(box, option, message):
    status, _, err = box.check_config(box.config({"a": box.origin("a")}, {"upgrade": option}))
    assert status == 1 and message in err
