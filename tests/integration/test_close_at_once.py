"""Who said that a request was its last one is let go with the answer; others are listened to for a while, so that what they
still send turns no answer into a reset."""
from lbdtest import Client, wait_for

PATIENT = {"timeouts": {"client_fin": "60s"}}


def sessions(lbd):
    return int(lbd.stat("web", "FRONTEND")["scur"])


def test_a_client_that_said_close_holds_nothing(box):
    lbd, _ = box.serve("a", frontend=PATIENT)
    with Client(lbd.port) as client:
        assert client.request(headers={"Connection": "close"}).status == 200
        assert client.closed()
        wait_for(lambda: sessions(lbd) == 0, 5, "the session to be gone while the client keeps its side open")


def test_a_large_answer_arrives_whole(box):
    lbd, _ = box.serve("a", frontend=PATIENT)
    with Client(lbd.port) as client:
        assert len(client.request(target="/?body=3000000", headers={"Connection": "close"}).body) == 3_000_000
        assert client.closed()


def test_behind_a_body_an_empty_line_may_come(box):
    lbd, _ = box.serve("a", frontend=PATIENT)
    with Client(lbd.port) as client:
        answer = client.request("POST", "/_len", headers={"Connection": "close"}, body=b"x" * 10)
        assert answer.status == 200 and client.closed()
        assert sessions(lbd) == 1
        client.send(b"\r\n")
    wait_for(lambda: sessions(lbd) == 0, 5, "the session to be gone")
