"""The socket as operators and tools use it: framing, levels, clients that misbehave."""
import re
import socket
import subprocess
import time

import pytest
from lbdtest import Client, Load, StatsConnection, http, took, wait_for

HEADER = ("# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,"
          "act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,"
          "rate_max,check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,"
          "hanafail,req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,"
          "last_chk,last_agt,qtime,ctime,rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc,"
          "check_rise,check_fall,check_health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,"
          "conn_rate_max,conn_tot,intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,"
          "qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur,used_conn_cur,need_conn_est,uweight,"
          "agg_server_status,agg_server_check_status,agg_check_status,-,")
OWN = ["health", "admin_state", "brk_state", "brk_since", "brk_err_pct", "brk_requests", "brk_threshold_pct", "brk_opens",
       "brk_trials_ok", "brk_trials_need", "lat_p50_us", "lat_p90_us", "lat_p99_us", "lat_max_us", "chk_hist",
       "drain_since", "eff_weight", "rate_limited", "rate_limited_dry", "costly_requests", "sources_uncounted",
       "lenient_responses", "retries_refused", "pick_invalid", "queued"]


def test_show_stat_has_the_columns_in_their_places(box):
    lbd, _, _ = box.serve("a", "b")
    lines = lbd.cli("show stat").split("\n")
    assert lines[0].startswith(HEADER)
    assert lines[0][len(HEADER):].split(",")[:len(OWN)] == OWN
    assert lines[-2:] == ["", ""]
    fields = lines[0].count(",")
    rows = lines[1:-2]
    assert all(row.endswith(",") and row.count(",") == fields for row in rows)
    assert [row.split(",")[:2] for row in rows] == [
        ["web", "FRONTEND"], ["app", "a"], ["app", "b"], ["app", "BACKEND"]]


def test_counters_agree_with_what_was_sent(box):
    lbd, *_ = box.serve("a", "b", top={"global": {"threads": 3}})
    load = Load(lbd.port, clients=4, each=50).join()
    assert load.errors == []
    assert http(lbd.port, target="/?status=404").status == 404
    front, backend = lbd.stat("web", "FRONTEND"), lbd.stat("app", "BACKEND")
    assert (front["req_tot"], front["hrsp_2xx"], front["hrsp_4xx"]) == ("201", "200", "1")
    assert (backend["lbtot"], backend["hrsp_2xx"]) == ("201", "200")
    assert sum(int(lbd.stat("app", name)["stot"]) for name in "ab") == 201
    assert int(front["bin"]) > 0 and int(front["bout"]) > int(front["bin"])
    wait_for(lambda: lbd.stat("web", "FRONTEND")["scur"] == "0")


def test_numeric_columns_are_numbers(box):
    lbd, *_ = box.serve("a", "b")
    http(lbd.port)
    words = {"pxname", "svname", "status", "tracked", "check_status", "last_chk", "last_agt", "agent_status", "check_desc",
             "agent_desc", "addr", "cookie", "mode", "algo", "-", "health", "admin_state", "brk_state", "chk_hist",
             "lastsess", ""}
    for row in lbd.show_stat():
        for name, value in row.items():
            assert name in words or value in (None, "") or re.fullmatch(r"\d+(\.\d+)?", value), (name, value)


@pytest.mark.parametrize("command,expected", [
    ("show stat -1 2 -1", ["BACKEND"]), ("show stat -1 1 -1", ["FRONTEND"]), ("show stat -1 4 -1", ["a", "b"]),
    ("show stat app -1 -1", ["a", "b", "BACKEND"]), ("show stat foo", ["FRONTEND", "a", "b", "BACKEND"]),
])
def test_show_stat_filters(box, command, expected):
    lbd, *_ = box.serve("a", "b")
    assert [row["svname"] for row in lbd.table(command)] == expected


def test_show_info_and_version(box):
    lbd, _ = box.serve("a")
    info = lbd.info()
    for key in ("Name", "Version", "Release_date", "Nbproc", "Process_num", "Pid", "Uptime", "Uptime_sec", "Maxconn",
                "CurrConns", "CumConns", "CumReq", "Maxpipes", "PipesUsed", "Tasks", "Run_queue", "node", "Idle_pct"):
        assert key in info
    assert (info["Pid"], info["Name"]) == (str(lbd.pid), "lbd")
    assert lbd.cli("show version") == f"{info['Version']}\n\n"
    assert info["Version"].startswith("2.6.0-lbd")


def test_several_commands_on_a_line(box):
    lbd, _ = box.serve("a")
    version = lbd.cli("show version")
    assert lbd.cli("show version;nonsense;show version").count(version) == 2
    assert lbd.cli("show version; show cli level") == version + "admin\n\n"


@pytest.mark.parametrize("line", ["show version\r", "  show \t version  ", "show version # why"])
def test_blanks_line_ends_and_comments(box, line):
    lbd, _ = box.serve("a")
    assert lbd.cli(line).startswith("2.6.0-lbd")


def test_split_writes(box):
    lbd, _ = box.serve("a")
    with Client(str(lbd.stats_path)) as client:
        for part in (b"sho", b"w ver", b"sion", b"\n"):
            client.send(part)
            time.sleep(0.02)
        assert client.rest().startswith(b"2.6.0-lbd")


def test_half_closed_client_gets_everything(box):
    lbd, _ = box.serve("a")
    assert lbd.cli("show stat", half_close=True) != ""
    done = subprocess.run(["socat", "-", f"UNIX-CONNECT:{lbd.stats_path}"], input=b"show info\n", capture_output=True,
                          timeout=10, check=True)
    assert done.stdout.startswith(b"Name: lbd\n") and done.stdout.endswith(b"\n\n")


def test_unfinished_line_is_dropped(box):
    lbd, _ = box.serve("a")
    with Client(str(lbd.stats_path)) as client:
        client.send(b"show version").half_close()
        assert client.rest() == b""


def test_prompt(box):
    lbd, _ = box.serve("a")
    with StatsConnection(lbd.stats_path) as client:
        for _ in range(3):
            assert client.command("show version").startswith("2.6.0-lbd")
            assert client.command("set weight app/a 50") == ""
        client.send(b"show version;show cli level\n")
        assert client.until(b"\n\n> ").startswith(b"2.6.0-lbd")
        assert client.until(b"\n\n> ") == b"admin\n\n> "
        client.send(b"quit\n")
        assert client.rest() == b""


def test_unknown_commands_and_help(box):
    lbd, _ = box.serve("a")
    assert lbd.cli("frobnicate").startswith("Unknown command")
    assert "show stat" in lbd.cli("help")
    assert lbd.cli("shov stat").startswith("Unknown command")


def test_help_lists_the_commands_that_begin_so(box):
    lbd, *_ = box.serve("a")

    def helped(words):
        title, *rows = lbd.cli(f"help {words}".strip()).strip("\n").split("\n")
        assert title == "The following commands are valid at this level:"
        usages = [row[2:].split(" : ")[0].split(":")[0].rstrip() for row in rows]
        assert usages[-3:] == ["help [<command>]", "prompt", "quit"]
        return usages[:-3]
    every = helped("")
    assert helped("show") == [usage for usage in every if usage.startswith("show ")]
    assert helped("set server") == [usage for usage in every if usage.startswith("set server ")]
    assert helped("sho stat")[0].startswith("show stat ") and helped("shoo stat")[0].startswith("show stat ")
    assert helped("frobnicate") == every


@pytest.mark.parametrize("command,answer", [
    ("get weight nowhere/a", "No such backend."), ("get weight app/x", "No such server."),
    ("set weight app/a 257", "Absolute weight can only be between 0 and 256 inclusive."),
    ("set server app/a state asleep", "'set server <srv> state' expects 'ready', 'drain' and 'maint'."),
    ("disable server a", "Require 'backend/server'."),
])
def test_errors_are_said_and_change_nothing(box, command, answer):
    lbd, _ = box.serve("a")
    assert lbd.cli(command) == answer + "\n\n"
    assert lbd.cli("get weight app/a") == "100 (initial 100)\n\n"


def levels(box):
    paths = {level: str(box.path(f"{level}.sock")) for level in ("user", "operator", "admin")}
    config = box.config({"a": box.origin()})
    config["global"]["stats_sockets"] = [{"path": path, "level": level} for level, path in paths.items()]
    return box.lbd(config), paths


def test_levels(box):
    lbd, paths = levels(box)
    for level, path in paths.items():
        assert lbd.cli("show cli level", path=path) == level + "\n\n"
        assert lbd.cli("set weight app/a 10", path=path) == ("\n" if level == "admin" else "Permission denied\n\n")
        assert lbd.cli("show errors", path=path).startswith("Permission denied") == (level == "user")
    assert lbd.cli("operator;set weight app/a 20", path=paths["admin"]) == "\nPermission denied\n\n"
    user = lbd.cli("show stat", path=paths["user"])
    assert "127.0.0.1:" not in user


def test_the_level_user_sees_no_address(box):
    """Whatever it asks, and whoever adds a command."""
    server, path = box.origin("a", listen="127.0.0.3:0"), str(box.path("user.sock"))
    config = box.config({"a": server}, {"bind": [f"127.0.0.4:{box.port()}"]}, {"check": {"type": "tcp"}})
    config["global"]["stats_sockets"].append({"path": path, "level": "user"})
    lbd = box.lbd(config)
    with Client(("127.0.0.4", lbd.port)) as client:
        assert client.request().status == 200
        client.send(b"GET / HTTP/1.1\r\n\r\n").response()
    asks = [row.strip().split(" : ")[0].split(" [")[0].split(" <")[0] for row in lbd.cli("help", path=path).splitlines()[1:]]
    asks = [words for words in asks if words.startswith(("show", "get"))] + ["show stat typed", "show stat json", "get weight app/a"]
    assert "show servers state" in asks and "show servers conn" in asks and "show info" in asks
    for words in asks:
        said = lbd.cli(words, path=path)
        assert not {address for address in ("127.0.0.3", "127.0.0.4", str(server.port)) if address in said}, (words, said)
    assert all("127.0.0.3" in lbd.cli(words) for words in ("show stat", "show servers state", "show servers conn"))


def test_mode_of_the_socket_file(box):
    import os
    config = box.config({"a": box.origin()})
    config["global"]["stats_sockets"][0]["mode"] = "0600"
    assert os.stat(box.lbd(config).stats_path).st_mode & 0o777 == 0o600


def test_a_client_that_never_reads_harms_nobody(box):
    lbd, _ = box.serve("a")
    stuck = []
    for _ in range(8):
        client = Client(str(lbd.stats_path))
        client.send(b"prompt\n")
        client.socket.setblocking(False)
        try:
            while True:
                client.socket.send(b"show stat;show info;help\n" * 100)
        except BlockingIOError:
            pass
        stuck.append(client)
    start = time.monotonic()
    assert lbd.cli("show info").startswith("Name: ")
    took(start, 2)
    assert http(lbd.port).status == 200
    assert lbd.rss() < 400 << 20
    for client in stuck:
        client.close()


def test_clients_that_vanish_or_flood(box):
    lbd, _ = box.serve("a")
    for _ in range(100):
        client = Client(str(lbd.stats_path))
        client.send(b"show stat\n" * 20)
        client.close()
    with Client(str(lbd.stats_path)) as client:
        try:
            client.send(b"x" * 200_000 + b"\n")
            client.rest()
        except OSError:
            pass
    assert lbd.cli("show version").startswith("2.6.0-lbd")


def test_idle_client_is_closed_at_the_timeout(box):
    config = box.config({"a": box.origin()})
    config["global"]["stats_sockets"][0]["timeout"] = "300ms"
    lbd = box.lbd(config)
    with Client(str(lbd.stats_path)) as client:
        start = time.monotonic()
        assert client.closed()
        took(start, 2, least=0.2)


def test_too_many_clients_are_refused_and_recover(box):
    config = box.config({"a": box.origin()})
    config["global"]["stats_sockets"][0]["max_clients"] = 3
    lbd = box.lbd(config)
    held = [StatsConnection(lbd.stats_path) for _ in range(3)]
    with Client(str(lbd.stats_path), timeout=2) as client:
        try:
            client.send(b"show version\n")
            assert client.rest() == b""
        except (BrokenPipeError, ConnectionResetError, socket.timeout):
            pass
    for client in held:
        client.close()
    wait_for(lambda: lbd.cli("show version") != "", what="a free place")


def test_commands_under_load_cost_no_request(box):
    lbd, *_ = box.serve("a", "b", "c", top={"global": {"threads": 3}})
    load = Load(lbd.port, clients=6)
    for n in range(200):
        lbd.act(f"set weight app/{'abc'[n % 3]} {n % 5 + 1}")
        lbd.show_stat()
    load.stop()
    assert load.errors == [] and load.count(200) == len(load.results)



def test_servers_state_has_the_known_form(box):
    lbd, _ = box.serve("a")
    lines = lbd.cli("show servers state").splitlines()
    assert lines[0] == "1"
    assert lines[1].startswith("# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight")
    assert len(lines[2].split()) == len(lines[1].split()) - 1
