"""pool.reuse, and connections that were authenticated: whose an idle connection is."""
import pytest
from lbdtest import Client, Failure, http, wait_for

ONE = {"global": {"threads": 1}}
EVERY = ["never", "safe", "always"]


class Authenticating:
    """A server that takes the credentials of one request for those of all that follow on the connection. how: scheme, and
    whether it asks for them first."""

    def __init__(self, box, scheme="NTLM", challenge="WWW-Authenticate", status=401):
        self.scheme, self.challenge, self.status = scheme, challenge, status
        self.scripted = box.scripted(self.run)
        self.address = self.scripted.address

    def run(self, client, number):
        user = None
        while True:
            try:
                head = client.until(b"\r\n\r\n").decode()
            except (OSError, Failure):
                return
            for line in head.split("\r\n"):
                if line.lower().startswith(f"authorization: {self.scheme.lower()} "):
                    user = line.split()[-1]
            if user:
                text = f"{user} {number}"
                client.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
            else:
                client.send(f"HTTP/1.1 {self.status} No\r\n{self.challenge}: {self.scheme}\r\nContent-Length: 1\r\n\r\n"
                            f"{number}".encode())


def idle(lbd, name="s"):
    return int(lbd.stat("app", name)["srv_icur"])


@pytest.mark.parametrize("reuse", EVERY)
@pytest.mark.parametrize("scheme", ["NTLM", "negotiate"])
def test_nobody_else_gets_what_is_authenticated(box, reuse, scheme):
    lbd = box.lbd(box.config({"s": Authenticating(box, scheme)}, backend={"pool": {"reuse": reuse}}, top=ONE))
    with Client(lbd.port) as one, Client(lbd.port) as two:
        # Without being asked for them first.
        assert one.request(headers={"Authorization": f"{scheme} one"}).text == "one 1"
        for method in ("GET", "POST"):
            response = two.request(method, body=b"x" if method == "POST" else None)
            assert (response.status, response.text) == (401, "2")
            assert one.request(method, body=b"x" if method == "POST" else None).text == "one 1"
        assert two.request(headers={"Authorization": f"{scheme} two"}).text == "two 2"
        assert http(lbd.port).status == 401
        assert (one.request().text, two.request().text) == ("one 1", "two 2")
    # They end with their clients.
    wait_for(lambda: idle(lbd) == 0)


CHALLENGES = [("WWW-Authenticate", 401), ("Proxy-Authenticate", 407), ("WWW-Authenticate", 200)]


@pytest.mark.parametrize("challenge,status", CHALLENGES)
def test_a_connection_on_which_credentials_were_asked_for_is_its_clients(box, challenge, status):
    lbd = box.lbd(box.config({"s": Authenticating(box, "Negotiate", challenge, status)}, top=ONE))
    with Client(lbd.port) as one, Client(lbd.port) as two:
        assert [client.request().text for client in (one, two, one, two)] == ["1", "2", "1", "2"]


def test_other_credentials_belong_to_the_request(box):
    lbd = box.lbd(box.config({"s": Authenticating(box, "Basic")}, top=ONE))
    with Client(lbd.port) as one, Client(lbd.port) as two:
        assert [client.request().text for client in (one, two, one, two)] == ["1"] * 4


def test_a_client_stays_with_the_server_that_knows_it(box):
    servers = {name: Authenticating(box) for name in "abc"}
    lbd = box.lbd(box.config(servers, top=ONE))
    with Client(lbd.port) as client:
        assert client.request().status == 401
        for _ in range(6):
            assert client.request(headers={"Authorization": "NTLM me"}).text == "me 1"
            assert client.request("POST", body=b"x").text == "me 1"
        assert sum(server.scripted.connections for server in servers.values()) == 1
        # Unless that one takes no more requests.
        used = next(name for name in "abc" if servers[name].scripted.connections)
        lbd.act(f"disable server app/{used}")
        assert client.request().status == 401
        assert servers[used].scripted.connections == 1


@pytest.mark.parametrize("pool", [{"max_idle": 0}, {"max_idle": 1}, {"max_requests": 2}])
def test_the_limits_of_the_pool_are_not_for_them(box, pool):
    lbd = box.lbd(box.config({"s": Authenticating(box)}, backend={"pool": pool}, top=ONE))
    clients = [Client(lbd.port) for _ in range(4)]
    for _ in range(3):
        for i, client in enumerate(clients, 1):
            assert client.request(headers={"Authorization": "NTLM me"}).text == f"me {i}"
    assert idle(lbd) == 4
    for client in clients:
        client.close()
    wait_for(lambda: idle(lbd) == 0)


class Numbering:
    """Answers with the number of the connection."""

    def __init__(self, box):
        self.scripted = box.scripted(self.run)
        self.address = self.scripted.address

    def run(self, client, number):
        while True:
            try:
                head = client.until(b"\r\n\r\n")
                if head.startswith(b"POST"):
                    client.need(1)
            except (OSError, Failure):
                return
            client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)


SHARED = {"never": ["1", "2", "1", "2", "3"], "safe": ["1", "1", "1", "1", "1"], "always": ["1", "1", "1", "1", "1"]}
ONCE = {"never": ["1", "2", "1", "2", "3"], "safe": ["1", "2", "2", "2", "3"], "always": ["1", "1", "1", "1", "1"]}


@pytest.mark.parametrize("reuse", EVERY)
@pytest.mark.parametrize("method,expected", [("GET", SHARED), ("POST", ONCE)])
def test_who_gets_an_idle_connection(box, reuse, method, expected):
    lbd = box.lbd(box.config({"s": Numbering(box)}, backend={"pool": {"reuse": reuse}}, top=ONE))
    body = b"x" if method == "POST" else None
    with Client(lbd.port) as one, Client(lbd.port) as two:
        seen = [client.request(method, body=body).text for client in (one, two, one, two)]
        seen.append(http(lbd.port, method, body=body).text)
    assert seen == expected[reuse]
    wait_for(lambda: (idle(lbd) == 0) == (reuse == "never"))


def test_it_is_safe_unless_it_is_written(box):
    lbd = box.lbd(box.config({"s": Numbering(box)}, top=ONE))
    assert [http(lbd.port).text, http(lbd.port, "POST", body=b"x").text, http(lbd.port).text] == ["1", "2", "2"]
