"""Rules of a frontend: routing, denial, redirects, rewriting."""
import pytest
from lbdtest import http


@pytest.fixture
def lbd(box):
    app, api = box.origins("app", "api")
    config = box.config({"s": app}, frontend={"rules": [
        {"method": ["TRACE", "TRACK"], "deny": 405},
        {"path": "^/private", "deny": 403},
        {"path": "^/old/(.*)$", "redirect": {"to": "/new/$1", "status": 301}},
        {"header": {"name": "X-Env", "match": "^beta$"}, "set_header": {"name": "X-Group", "value": "beta"}},
        {"path": "^/v1/(.*)$", "rewrite_path": "/$1", "backend": "api"},
        {"host": "^api\\.", "path": "^/both", "backend": "api"},
        {"path": "^/api/", "backend": "api"},
    ]})
    config["backends"]["api"] = {"servers": {"s": {"address": api.address}}}
    return box.lbd(config)


@pytest.mark.parametrize("target,host,origin", [
    ("/", "x", "app"), ("/api/users", "x", "api"), ("/apix", "x", "app"), ("/both", "x", "app"),
    ("/both", "api.example", "api"), ("/%61pi/", "x", "app"),
])
def test_routes(lbd, target, host, origin):
    assert http(lbd.port, target=target, host=host).origin == origin


def test_denials(lbd):
    assert http(lbd.port, "TRACK").status == 405
    assert http(lbd.port, target="/private/x").status == 403
    assert http(lbd.port).status == 200
    assert lbd.stat("web", "FRONTEND")["dreq"] == "2"


def test_redirect(lbd):
    response = http(lbd.port, target="/old/a/b?c=d")
    assert response.status == 301
    assert response.get("Location").startswith("/new/a/b")


def test_set_header_and_rewrite(lbd):
    seen = http(lbd.port, target="/v1/_echo?q", headers={"X-Env": "beta"}).text
    assert seen.startswith("GET /_echo?q HTTP/1.1\r\n")
    assert "X-Group: beta\r\n" in seen


def test_explain_agrees_with_the_traffic(lbd):
    text = lbd.cli("explain GET /api/users Host:x")
    assert "api" in text
    text = lbd.cli("explain GET /private Host:x")
    assert "403" in text
