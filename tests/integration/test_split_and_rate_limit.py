"""Rules that share requests between backends, and rules that limit how many there may be."""
import json
import re
import socket
import threading
import time
from collections import Counter

import pytest
from lbdtest import Client, Failure, build_request, http, wait_for

THERE = {"backend": "app", "weight": 95}


def two_backends(box, rules, frontend=None, mode="http", threads=2):
    app, canary = box.origins("app", "canary")
    config = box.config({"s": app}, frontend={"mode": mode, "rules": rules, **(frontend or {})}, backend={"mode": mode},
                        top={"global": {"threads": threads}})
    config["backends"]["canary"] = {"mode": mode, "servers": {"s": {"address": canary.address}}}
    return config


def parts(canary, app):
    return [{"backend": "canary", "weight": canary}, {"backend": "app", "weight": app}]


# --- split

def test_shares(box):
    lbd = box.lbd(two_backends(box, [{"path": "^/share", "split": parts(20, 80)}, {"path": "^/none", "split": parts(0, 1)},
                                     {"path": "^/all", "split": parts(7, 0)}]))
    with Client(lbd.port) as client:
        counts = Counter(client.request(target="/share").origin for _ in range(1000))
        assert {client.request(target="/none").origin for _ in range(50)} == {"app"}
        assert {client.request(target="/all").origin for _ in range(50)} == {"canary"}
        assert client.request(target="/other").origin == "app"
    # Five standard deviations around 20 %.
    assert 137 <= counts["canary"] <= 263, counts
    rows = lbd.table("show rules web")
    assert [(row["action"], row["target"], row["hits"], row["limited"]) for row in rows] == [
        ("split", "canary:20 app:80", "1000", ""), ("split", "canary:0 app:1", "50", ""), ("split", "canary:7 app:0", "50", "")]
    assert int(lbd.stat("canary", "BACKEND")["req_tot"]) == counts["canary"] + 50


@pytest.mark.parametrize("key,headers,target", [
    ("cookie:user", lambda user: {"Cookie": f"a=b; user={user}"}, lambda user: "/"),
    ("header:X-User", lambda user: {"x-user": user}, lambda user: "/"),
    ("query:user", lambda user: {}, lambda user: f"/?x&user={user}"),
    ("path", lambda user: {}, lambda user: f"/{user}?{time.monotonic()}"),
])
def test_a_client_stays(box, key, headers, target):
    """On its side, over all workers, and after a restart; and who had the canary keeps it when it grows."""
    users = [f"user-{number}" for number in range(60)]
    config = two_backends(box, [{"split": parts(30, 70), "split_key": key}])

    def sides(lbd):
        return {user: {http(lbd.port, headers=headers(user), target=target(user)).origin for _ in range(4)} for user in users}

    lbd = box.lbd(config)
    before = sides(lbd)
    assert all(len(seen) == 1 for seen in before.values())
    had = {user for user in users if before[user] == {"canary"}}
    assert 4 <= len(had) <= 36
    lbd.stop()
    lbd = box.lbd(config)
    assert sides(lbd) == before
    lbd.stop()
    config["frontends"]["web"]["rules"] = [{"split": parts(60, 40), "split_key": key}]
    after = sides(box.lbd(config))
    assert all(after[user] == {"canary"} for user in had)
    assert sum(seen == {"canary"} for seen in after.values()) > len(had)


def test_a_connection_stays_by_its_address(box):
    config = two_backends(box, [{"split": parts(1, 1), "split_key": "src"}], mode="tcp")
    lbd = box.lbd(config)
    assert len({http(lbd.port).origin for _ in range(20)}) == 1
    lbd.stop()
    config["frontends"]["web"]["rules"] = [{"split": parts(1, 1)}]
    lbd = box.lbd(config)
    assert len({http(lbd.port).origin for _ in range(40)}) == 2


@pytest.mark.parametrize("rule,message", [
    ({"split": [THERE, {"backend": "canaty", "weight": 5}]}, 'a split of frontend "web" is "canaty"; there is no such backend'),
    ({"split": [THERE, {"backend": "raw", "weight": 5}]}, '"raw", which has mode tcp'),
    ({"split": [{"backend": "app", "weight": 0}]}, "all weights of this split are 0"),
    ({"split": [THERE, THERE]}, "stands twice"),
    ({"split": [{"backend": "app"}]}, "split.weight is missing"),
    ({"split": [THERE], "backend": "app"}, "one terminal action; this one has 2"),
    ({"split": [THERE], "split_key": "user"}, 'split_key is "user"; needed:'),
    ({"split": [{"backend": "app", "weights": 1}]}, 'did you mean "weight"?'),
    ({"rate_limit": {"rate": 1}, "deny": 403}, "leave deny out"),
    ({"rate_limit": {"rate": 1, "status": 302}}, "allowed: 400 to 599"),
    ({"rate_limit": {"rate": 1, "per": "10ms"}}, 'rate_limit.per is "10ms"'),
])
def test_wrong_ones(box, rule, message):
    app, = box.origins("app")
    config = box.config({"s": app}, frontend={"rules": [rule]})
    config["backends"]["raw"] = {"mode": "tcp", "servers": {"s": {"address": app.address}}}
    status, out, err = box.check_config(config)
    assert status == 1 and not out
    assert message in err and re.match(r"\S+\.conf:\d+: error: ", err)


def test_nothing_comes_behind_a_split(box):
    app, = box.origins("app")
    status, _, err = box.check_config(box.config({"s": app}, frontend={"rules": [
        {"path": "^/a", "split": [THERE]}, {"path": "^/ab", "deny": 404}, {"path": "^/b", "rate_limit": {"rate": 1}}, {"path": "^/b", "deny": 404}]}))
    assert status == 0 and err.count("can never be reached") == 1


# --- rate_limit

def log_of(box):
    return [json.loads(line) for line in box.path("access").read_text().splitlines()]


def limited(box, rules, **more):
    return box.lbd(two_backends(box, rules, frontend={"access_log": {"format": "json", "target": str(box.path("access"))}}, **more))


def test_a_burst_and_then_429(box):
    lbd = limited(box, [{"path": "^/api", "rate_limit": {"rate": 1, "per": "100s", "burst": 3}}, {"path": "^/api", "backend": "canary"}])
    with Client(lbd.port) as client:
        assert [client.request(target="/api").origin for _ in range(3)] == ["canary"] * 3
        for _ in range(2):
            refused = client.request(target="/api")
            assert refused.status == 429 and refused.reason == "Too Many Requests" and "rate_limited" in refused.text
            assert 97 <= int(refused.get("Retry-After")) <= 100 and refused.get("Connection") is None
        assert client.request("HEAD", target="/api").status == 429
        assert client.request(target="/other").origin == "app"
    # What follows the head was not read, so this connection ends.
    with Client(lbd.port) as client:
        refused = client.request("POST", target="/api", body=b"x" * 10)
        assert refused.status == 429 and refused.get("Connection") == "close" and client.closed()
    rows = lbd.table("show rules")
    assert [(row["action"], row["hits"], row["limited"], row["forgotten"]) for row in rows] == [
        ("rate_limit", "7", "4", "0"), ("backend", "3", "", "")]
    assert lbd.stat("web", "FRONTEND")["dreq"] == "4"
    wait_for(lambda: len(log_of(box)) == 8)
    ends = Counter((line["status"], line["reason"], line["termination"]) for line in log_of(box))
    assert ends == {(200, "-", "--"): 4, (429, "rate_limited", "PR"): 4}


def test_it_lets_pass_again(box):
    lbd = limited(box, [{"rate_limit": {"rate": 1, "per": "2s", "burst": 1, "status": 503}}])
    with Client(lbd.port) as client:
        assert client.request().status == 200
        refused = client.request()
        assert refused.status == 503 and refused.get("Retry-After") == "2"
        wait_for(lambda: client.request().status == 200, deadline=5, every=0.05)


@pytest.mark.parametrize("key,requests", [
    ("header:X-User", [({"X-User": "a"}, True), ({"X-User": "b"}, True), ({"X-User": "a"}, False), ({}, True), ({}, False), ({"x-user": "c"}, True)]),
    ("cookie:id", [({"Cookie": "id=1"}, True), ({"Cookie": "x=1; id=1"}, False), ({"Cookie": "id=2"}, True)]),
    ("host", [({}, True), ({}, False)]),
    ("", [({"X-User": "a"}, True), ({"X-User": "b"}, False)]),
    ("src", [({"X-User": "a"}, True), ({"X-Forwarded-For": "192.0.2.1"}, False)]),
])
def test_keys(box, key, requests):
    lbd = limited(box, [{"rate_limit": {"rate": 1, "per": "1h", "key": key}}])
    assert [http(lbd.port, headers=headers).status == 200 for headers, _ in requests] == [passes for _, passes in requests]


def test_addresses(box):
    """IPv4 and IPv6 are told apart; a shorter prefix puts neighbours together."""
    config = two_backends(box, [{"path": "^/one", "rate_limit": {"rate": 1, "per": "1h"}},
                                {"path": "^/net", "rate_limit": {"rate": 1, "per": "1h", "v4_prefix": 8}}])
    bind = config["frontends"]["web"]["bind"]
    bind.append(f"[::1]:{bind[0].rpartition(':')[2]}")
    lbd = box.lbd(config)

    def status(source, target):
        with Client(("::1" if ":" in source else "127.0.0.1", lbd.port)) as client:
            if source.startswith("127") and source != "127.0.0.1":
                client.socket.close()
                client.socket = socket.create_connection(("127.0.0.1", lbd.port), 10, (source, 0))
            return client.request(target=target).status

    sources = ("127.0.0.1", "127.0.0.1", "127.3.2.1", "::1", "::1")
    assert [status(source, "/one") for source in sources] == [200, 429, 200, 200, 429]
    assert [status(source, "/net") for source in sources] == [200, 429, 429, 200, 429]


def test_two_limits_and_their_order(box):
    """Each has its own count; what the first one gave is spent, whatever the second one says."""
    lbd = limited(box, [{"rate_limit": {"rate": 4, "per": "1h"}}, {"path": "^/x", "rate_limit": {"rate": 2, "per": "1h"}, "backend": "canary"}])
    with Client(lbd.port) as client:
        seen = [client.request(target=target) for target in ("/x", "/x", "/x", "/y", "/y")]
    assert [(response.status, response.origin) for response in seen] == [(200, "canary"), (200, "canary"), (429, None), (200, "app"), (429, None)]


def test_a_dry_run(box):
    lbd = limited(box, [{"rate_limit": {"rate": 2, "per": "1h", "dry_run": True}, "set_header": {"name": "X", "value": "1"}}])
    with Client(lbd.port) as client:
        assert {client.request().status for _ in range(10)} == {200}
    assert [(row["hits"], row["limited"]) for row in lbd.table("show rules")] == [("10", "8")]
    row = lbd.stat("web", "FRONTEND")
    assert (row["dreq"], row["rate_limited"], row["rate_limited_dry"]) == ("0", "0", "8")
    wait_for(lambda: "would have refused" in lbd.log)
    assert lbd.log.count("(dry_run)") == 1 and re.search(r"rate_limit of the rule at \S+\.conf:\d+ would have refused 1 requests", lbd.log)
    wait_for(lambda: len(log_of(box)) == 10)
    assert {line["reason"] for line in log_of(box)} == {"-"}


def test_connections(box):
    lbd = limited(box, [{"rate_limit": {"rate": 3, "per": "1h"}}], mode="tcp")
    assert [http(lbd.port).status for _ in range(3)] == [200] * 3
    for _ in range(2):
        with pytest.raises((Failure, ConnectionError)):
            http(lbd.port)
    wait_for(lambda: len(log_of(box)) == 5)
    assert Counter(line["reason"] for line in log_of(box)) == {"-": 3, "rate_limited": 2}


def test_the_sum_over_all_workers(box):
    """Eight connections on four workers as fast as they can: never more than burst + rate * t, and nearly as many."""
    rate, burst = 200, 20
    lbd = limited(box, [{"rate_limit": {"rate": rate, "burst": burst}}], threads=4)
    data, counts, end = build_request(), Counter(), []
    begin = time.monotonic()

    def run():
        with Client(lbd.port) as client:
            while time.monotonic() < begin + 2:
                status = client.send(data).response().status
                counts_of[threading.get_ident()][status] += 1
        end.append(time.monotonic())

    counts_of = {}

    def start():
        counts_of[threading.get_ident()] = Counter()
        run()

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = sum(counts_of.values(), Counter())
    bound = burst + rate * (max(end) - begin)
    assert set(counts) == {200, 429} and counts[429] > 50
    assert bound * 0.9 - 10 <= counts[200] <= bound, counts
    assert lbd.table("show rules")[0]["limited"] == str(counts[429])
