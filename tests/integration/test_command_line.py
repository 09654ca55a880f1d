"""Arguments, exit codes and what a user reads when a configuration is wrong."""
import re
import subprocess

import pytest

from lbdtest import LBD

VALID = """
frontends: { web: { bind = [ "127.0.0.1:18080" ]; default_backend = "app"; }; };
backends: { app: { servers: { a: { address = "127.0.0.1:18081"; }; }; }; };
"""


def test_version_is_one_line(box):
    status, out, err = box.run("-v")
    assert (status, err) == (0, "")
    assert re.fullmatch(r"lbd \S*\d+\.\d+\.\d+.*\n", out)


def test_long_version_names_options_and_libraries(box):
    status, out, _ = box.run("-V")
    assert status == 0
    for word in ("libev", "libconfig", "PCRE2"):
        assert word.lower() in out.lower()


def test_help_names_every_option(box):
    status, out, _ = box.run("-h")
    assert status == 0
    for option in ("-f", "-c", "-q", "-D", "-p", "-L", "-v", "-V", "-h", "-b", "-a", "-s", "--dump-config", "--list"):
        assert option in out


def test_no_argument_is_a_usage_error(box):
    status, _, err = box.run()
    assert status == 1
    assert "-f" in err


def test_unknown_option_is_a_usage_error(box):
    status, _, err = box.run("--frobnicate")
    assert status == 1
    assert "frobnicate" in err


def test_valid_configuration(box):
    assert box.check_config(VALID) == (0, "Configuration file is valid\n", "")


def test_quiet_check_says_nothing(box):
    path = box.path("ok.conf")
    path.write_text(VALID)
    assert box.run("-c", "-q", "-f", path) == (0, "", "")


@pytest.mark.parametrize("old,new,line,words", [
    ("default_backend", "default_backand", 2, ["default_backand", "default_backend"]),
    ("servers:", "server:", 3, ["server", "servers"]),
    ('"app"; };', '"ap"; };', 2, ["ap", "app"]),
    ("127.0.0.1:18081", "127.0.0.1:99999", 3, ["99999"]),
    ("backends:", "algorithm = 5;\nbackends:", 3, ["algorithm"]),
    ("{ address", "{ weight = 257; address", 3, ["weight", "257", "256"]),
    ("{ address", '{ weight = "heavy"; address', 3, ["weight", "heavy"]),
    ("servers:", 'algorithm = "smooth_wrx"; servers:', 3, ["smooth_wrx", "smooth_wrr"]),
    ("servers:", 'check: { interval = "5 parsecs"; }; servers:', 3, ["interval", "5 parsecs"]),
    ("servers:", 'mode = "htpp"; servers:', 3, ["htpp", "http"]),
    ("bind = [", "bind = [[", 2, []),
])
def test_error_names_file_line_and_cause(box, old, new, line, words):
    status, out, err = box.check_config(VALID.replace(old, new, 1))
    assert (status, out) == (1, "")
    assert re.search(rf"\.conf:{line}: error: ", err), err
    for word in words:
        assert word in err


def test_all_errors_are_reported_in_one_run(box):
    bad = VALID.replace("default_backend", "default_backand").replace("address", "adress")
    status, _, err = box.check_config(bad)
    assert status == 1
    assert re.search(r":2: error: .*default_backand", err) and re.search(r":3: error: .*adress", err), err


def test_missing_file(box):
    status, _, err = box.run("-c", "-f", box.path("nowhere.conf"))
    assert status == 1
    assert re.search(r"nowhere\.conf: error: ", err)


@pytest.mark.parametrize("content", [b"", b"\0\1\2\3" * 100, b"frontends: {", b"\xef\xbb\xbf", b'@include "/"', b"{" * 5000],
                         ids=["empty", "binary", "truncated", "bom", "include of a directory", "deep"])
def test_a_broken_file_is_an_error_and_no_crash(box, content):
    status, _, err = box.check_config(content)
    assert status == 1
    assert "error: " in err


def test_the_same_error_ends_the_start(box):
    path = box.path("bad.conf")
    path.write_text(VALID.replace("backends", "backend"))
    status, _, err = box.run("-f", path)
    assert status == 1
    assert "backends" in err


def test_a_taken_port_is_an_error_with_the_address(box):
    other = box.origin()
    status, _, err = box.run("-b", other.address, "127.0.0.1:1", "-L", "/nonexistent")
    assert status == 1
    assert other.address in err


@pytest.mark.parametrize("what,known", [("options", "default_backend"), ("algorithms", "smooth_wrr"),
                                        ("counters", ""), ("commands", "show stat"), ("reasons", "")])
def test_lists(box, what, known):
    from lbdtest import PLUGINS
    status, out, _ = box.run(f"--list={what}", "-L", PLUGINS)
    assert status == 0
    assert known in out and len(out.splitlines()) >= 3


def test_dumped_configuration_is_valid_and_a_fixed_point(box):
    path = box.path("one.conf")
    path.write_text(VALID)
    status, dumped, err = box.run("--dump-config", "-f", path)
    assert status == 0, err
    assert "keep_alive" in dumped
    assert box.check_config(dumped)[0] == 0
    path.write_text(dumped)
    assert box.run("--dump-config", "-f", path)[1] == dumped


@pytest.mark.parametrize("old,new,line,words", [
    ("servers:", 'check: { path = "/a b"; }; servers:', 3, ["check.path", "/a b"]),
    ("servers:", 'check: { path = "a"; }; servers:', 3, ["check.path", "/"]),
    ("servers:", '\ncheck: { expect_body = "("; }; servers:', 4, ["expect_body", "parenthesis"]),
    ("servers:", 'algorithm = "first"; servers:', 3, ["first", "maxconn"]),
    ('"app"; };', '"app";\naccess_log: { format = "json"; target = "access.log"; }; };', 3, ["access.log", "/PATH"]),
    ('"app"; };', '"app"; access_log: { target = "udp:127.0.0.1"; }; };', 2, ["udp:127.0.0.1", "port"]),
    ("frontends:", 'global: { log: { target = "syslog:"; }; };\nfrontends:', 2, ["global.log.target", "/dev/log"]),
])
def test_a_check_finds_what_a_start_would_refuse(box, old, new, line, words):
    path = box.path("wrong.conf")
    path.write_text(VALID.replace(old, new, 1))
    for arguments in (["-c"], []):
        status, out, err = box.run(*arguments, "-f", path)
        assert (status, out) == (1, ""), err
        first = err.splitlines()[0]
        assert first.startswith(f"{path}:{line}: error: "), err
        assert all(word in first for word in words), err


def test_a_name_that_cannot_be_resolved_has_its_line(box):
    path = box.path("wrong.conf")
    path.write_text(VALID.replace("127.0.0.1:18081", "unresolvable.invalid:80"))
    status, _, err = box.run("-c", "-f", path)
    assert status == 0
    assert err.startswith(f"{path}:3: warning: server 'app/a': "), err


def test_an_unknown_algorithm_without_a_file_has_no_line(box):
    status, _, err = box.run("-c", "-b", "127.0.0.1:0", "-a", "nope", "127.0.0.1:1")
    assert status == 1
    assert err.startswith("command line: error: backend 'app': algorithm 'nope'"), err


@pytest.mark.parametrize("arguments", [["-v"], ["-V"], ["-h"], ["--list=options"], ["-c", "-b", "127.0.0.1:0", "[::1]:1"],
                                       ["--dump-config", "-b", "127.0.0.1:0", "[::1]:1"]])
def test_output_that_cannot_be_written_is_an_error(box, arguments):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([LBD, *arguments], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                              text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "standard output" in done.stderr
    assert "No space left" in done.stderr


WRITTEN_OUT = """
defaults: {
  maxconn = 10;
};
frontends: {
  web: {
    bind = [ "127.0.0.1:0" ];
    default_backend = "app";
    limits: {
      headers = 50;
      request_line = "8k";
    };
    rules = (
      { path = "^/a";
        backend = "app"; }
    );
  };
};
backends: {
  app: {
    algorithm: {
      name = "p2c";
      bounded_load = 0;
    };
    passive: {
      eject = "10s";
      degraded = 30;
    };
    servers: { a: { address = "127.0.0.1:1"; }; };
  };
  other: { servers: { }; };
};
"""


@pytest.mark.parametrize("old,new,words", [
    ('default_backend = "app"', 'default_backend = "nope"', ["default_backend", "nope", "defined: app, other"]),
    ('default_backend = "app"', 'default_backend = "App"', ['did you mean "app"?']),
    ('        backend = "app"', '        backend = "nope"', ["backend", "nope", "defined: app, other"]),
    ("bounded_load = 0", "bounded_load = 50", ["backend.algorithm.bounded_load is 50", "101"]),
    ("degraded = 30", "degraded = 60", ["passive.degraded", "passive.failed"]),
    ("  maxconn = 10", "  frobnicate = 10", ["frobnicate", "lbd --list=options"]),
    ("  app: {", "  1app: {", ["1app", "a letter, then letters, digits, _ or -"]),
    ("    passive:", "    _passive:", ["_", "a letter, then letters, digits, _ or -"]),
])
def test_an_error_has_the_line_of_the_value_and_says_what_is_allowed(box, old, new, words):
    line = 1 + WRITTEN_OUT[:WRITTEN_OUT.index(old)].count("\n")
    status, _, err = box.check_config(WRITTEN_OUT.replace(old, new, 1))
    assert status == 1
    first = next(row for row in err.splitlines() if ": error: " in row)
    assert re.match(rf".*:{line}: error: ", first), err
    assert all(word in first for word in words), err


def test_a_timeout_that_nobody_looks_at_is_warned_of(box):
    """Frontends and backends take the same group, so that defaults can serve both."""
    text = """\
defaults: { timeouts: { server = "1s"; client = "1s"; }; };
frontends: { web: {
  bind = [ "127.0.0.1:0" ];
  default_backend = "app";
  timeouts: {
    server = "5s";
    client = "5s";
  };
}; };
backends: { app: { servers: { a: { address = "127.0.0.1:1"; }; };
  timeouts: { server = "5s"; client_fin = "5s"; };
}; };
"""
    status, out, err = box.check_config(text)
    assert (status, out) == (0, "Configuration file is valid\n")
    assert [row.split(".conf:")[1] for row in err.splitlines()] == [
        '6: warning: timeouts.server of frontend "web" has no effect here; write it in a backend or in defaults',
        '11: warning: timeouts.client_fin of backend "app" has no effect here; write it in a frontend or in defaults']


TCP = """\
defaults: {{ mode = "tcp"; trusted_proxies = [ "10.0.0.0/8" ]; request_id = true; buffer_request = "8k"; {defaults} }};
frontends: {{ raw: {{
  bind = [ "127.0.0.1:0" ]; default_backend = "app";
  {frontend}
}}; }};
backends: {{ app: {{ servers: {{ a: {{ address = "127.0.0.1:1"; }}; }};
  {backend}
}}; }};
"""


@pytest.mark.parametrize("written,name", [
    ({"frontend": "trusted_proxies = [ \"127.0.0.0/8\" ];"}, 'trusted_proxies of frontend "raw"'),
    ({"frontend": "limits: { body = \"1m\"; };"}, 'limits.body of frontend "raw"'),
    ({"frontend": "limits: { source: { requests = 5; }; };"}, 'limits.source.requests of frontend "raw"'),
    ({"frontend": "timeouts: { keep_alive = \"5s\"; };"}, 'timeouts.keep_alive of frontend "raw"'),
    ({"frontend": "capture: { length = 32; };"}, 'capture.length of frontend "raw"'),
    ({"backend": "pool: { max_idle = 7; };"}, 'pool.max_idle of backend "app"'),
    ({"backend": "retry: { methods = ( \"GET\" ); };"}, 'retry.methods of backend "app"'),
    ({"backend": "host_header = \"server\";"}, 'host_header of backend "app"'),
])
def test_an_option_that_mode_tcp_does_not_look_at_is_an_error(box, written, name):
    text = TCP.format(**{"defaults": "", "frontend": "", "backend": "", **written})
    status, _, err = box.check_config(text)
    line = 4 if "frontend" in written else 7
    assert status == 1
    assert [row.split(".conf:")[1] for row in err.splitlines()] == [
        f"{line}: error: {name} has no effect in mode tcp; remove it or write it in defaults"]
    status, _, err = box.check_config(text.replace('"tcp"', '"http"'))
    assert (status, err) == (0, "")


def test_mode_tcp_takes_what_it_looks_at(box):
    text = TCP.format(
        defaults="", frontend="limits: { source: { connections = 9; }; }; trusted_proxies = [ \"127.0.0.0/8\" ];",
        backend="retry: { attempts = 2; pause = \"50ms\"; on = ( \"connect\" ); }; queue: { max = 5; };")
    assert box.check_config(text) == (0, "Configuration file is valid\n", "")


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_a_dump_is_valid_and_has_nothing_without_effect(box, mode):
    """Whatever a frontend or backend got from defaults."""
    text = TCP.format(defaults="timeouts: { request = \"9s\"; }; unix_socket: { mode = \"0600\"; };", frontend="",
                      backend="").replace('"tcp"', f'"{mode}"')
    file = box.path("all.conf")
    file.write_text(text)
    status, dump, _ = box.run("--dump-config", "-f", str(file))
    assert status == 0
    assert ("request_id = true" in dump) == ("trusted_proxies" in dump) == ("buffer_request" in dump) == (mode == "http")
    assert "unix_socket" not in dump and "default_backend" in dump
    assert box.check_config(dump) == (0, "Configuration file is valid\n", "")
