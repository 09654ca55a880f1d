"""After an answer of the proxy itself the connection goes on, when no body of the request is left on it."""
import pytest
from lbdtest import Client, build_request

RULES = {"rules": [{"path": "^/deny", "deny": 403}, {"path": "^/return", "return": {"status": 200, "body": "x"}},
                   {"path": "^/redirect", "redirect": {"to": "/"}}]}


@pytest.mark.parametrize("path,status", [("/deny", 403), ("/return", 200), ("/redirect", 302), ("/none", 503)])
@pytest.mark.parametrize("request_", [("GET", None), ("POST", None), ("POST", b"")], ids=["GET", "POST", "empty POST"])
def test_connection_goes_on(box, request_, path, status):
    method, body = request_
    lbd = box.lbd(box.config({"dead": f"127.0.0.1:{box.dead_port()}"}, RULES, {"retry": {"connect_for": 0}}))
    with Client(lbd.port) as client:
        for _ in range(3):
            response = client.request(method, path, body=body)
            assert (response.status, response.get("Connection")) == (status, None)


@pytest.mark.parametrize("path,status", [("/deny", 403), ("/return", 200), ("/none", 503)])
def test_connection_ends_with_a_body_on_it(box, path, status):
    lbd = box.lbd(box.config({"dead": f"127.0.0.1:{box.dead_port()}"}, RULES, {"retry": {"connect_for": 0}}))
    with Client(lbd.port) as client:
        client.send(build_request("POST", path, body=b"hidden") + build_request())
        response = client.response()
        assert (response.status, response.get("Connection")) == (status, "close")
        assert client.closed()
