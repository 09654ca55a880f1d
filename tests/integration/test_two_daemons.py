"""A second daemon on the addresses of the first one fails, and takes nothing away from it."""
from lbdtest import http


def test_the_file_of_a_unix_socket_stays(box):
    config = box.config({"a": box.origin()})
    path = str(box.path("front.sock"))
    config["frontends"]["web"]["bind"] += [f"unix:{path}"]
    lbd = box.lbd(config)
    config["global"]["stats_sockets"] = [{"path": str(box.path("other.sock")), "level": "admin"}]
    other = box.lbd(config, wait=False)
    assert other.wait() == 1
    other.checked = True
    assert http(path).status == 200
    assert lbd.running
