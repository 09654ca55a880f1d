"""CONNECT where a frontend allows it: a tunnel, but only after the server's 2xx."""
import pytest
from lbdtest import Client

row = pytest.mark.row
CONNECT = b"CONNECT db.example:443 HTTP/1.1\r\nHost: db.example:443\r\n\r\n"


def tunnel(box, answer, seen):
    def script(client, _number):
        seen.append(client.until(b"\r\n\r\n"))
        client.socket.settimeout(0.3)
        try:
            client.more()
        except TimeoutError:
            pass
        seen.append(client.buffer)
        client.socket.settimeout(10)
        client.send(answer)
        seen.append(client.rest())
    scripted = box.scripted(script)
    return box.lbd(box.config({"s": scripted}, {"connect": True, "timeouts": {"client_fin": "500ms"}})), scripted


@row("RL21")
@pytest.mark.parametrize("fields", [b"", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_tunnel_after_2xx(box, fields):
    seen = []
    lbd, _ = tunnel(box, b"HTTP/1.1 200 Connected\r\n" + fields + b"\r\nfrom server", seen)
    with Client(lbd.port) as client:
        client.send(CONNECT + b"early")
        head = client.read_head()
        assert (head.status, head.headers) == (200, [])
        assert client.need(11) == b"from server"
        client.send(b" and late")
        client.half_close()
        assert client.rest() == b""
    assert seen[0].startswith(CONNECT[:-2]) and seen[1:] == [b"", b"early and late"]


@row("RL21")
def test_without_2xx_nothing_behind_it_is_a_request(box):
    seen = []
    lbd, scripted = tunnel(box, b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", seen)
    with Client(lbd.port) as client:
        client.send(CONNECT + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        response = client.response()
        assert (response.status, response.body, response.get("Connection")) == (403, b"no", "close")
        assert client.closed()
    assert seen[1] == b"" and scripted.connections == 1
    assert b"smuggled" not in b"".join(seen)


@row("RL21")
@pytest.mark.parametrize("data", [
    b"CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n", b"CONNECT x HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT x:1 HTTP/1.1\r\nHost: y:1\r\n\r\n", b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nContent-Length: 1\r\n\r\na",
])
def test_doubtful_ones_are_refused(box, data):
    seen = []
    lbd, scripted = tunnel(box, b"", seen)
    with Client(lbd.port) as client:
        client.send(data)
        assert client.response().status == 400
        assert client.closed()
    assert scripted.connections == 0


def test_via_is_added_where_it_is_asked_for(box):
    lbd, _ = box.serve("a", frontend={"via": "edge"})
    with Client(lbd.port) as client:
        response = client.request(target="/_echo", headers=[("Via", "1.0 other"), ("A", "1")])
        assert "Via: 1.0 other\r\n" in response.text and "Via: 1.1 edge\r\n" in response.text
        assert response.text.index("other") < response.text.index("edge")
        assert response.all("Via") == ["1.1 edge"]
        client.send(b"GET /_echo HTTP/1.0\r\nHost: x\r\n\r\n")
        assert "Via: 1.0 edge\r\n" in client.response().text
    lbd, _ = box.serve("b")
    with Client(lbd.port) as client:
        response = client.request(target="/_echo")
        assert "Via" not in response.text and response.get("Via") is None
