"""Who is compared, each as one process that carries the traffic in one thread: lbd, HAProxy, nginx, and a bare relay of
bytes. All have the same two servers in turn, keep connections alive on both sides without a limit of requests, write no
access log, probe nothing, and add the four X-Forwarded fields that lbd always adds (the relay adds nothing)."""
import os
import pathlib
import re
import socket

from lbdtest import BUILD, LBD, PLUGINS, Failure, Process, config_text, http, wait_for

RELAY = BUILD / "tests/bench/relay"
RULES = 200  # that match nothing: work for the workers alone, where they shall be the limit
CLK_TCK = os.sysconf("SC_CLK_TCK")

HAPROXY = """
global
    nbthread 1
    maxconn 8000
defaults
    mode http
    timeout connect 4s
    timeout client 60s
    timeout server 30s
    timeout http-keep-alive 60s
    option http-keep-alive
    http-reuse {reuse}
frontend web
    bind 127.0.0.1:{port}
    option forwardfor
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-header X-Forwarded-Port %[dst_port]
    default_backend app
backend app
    balance roundrobin
    server a {a}
    server b {b}
"""

NGINX = """
daemon off;
user root;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/nginx.err crit;
events {{ worker_connections 8000; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    keepalive_timeout 60s;
    keepalive_requests 1000000000;
    tcp_nodelay on;
    client_max_body_size 0;
    upstream app {{
        server {a};
        server {b};
        keepalive 1000;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_max_temp_file_size 0;
            proxy_request_buffering off;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto http;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Port $server_port;
        }}
    }}
}}
"""


def free_port():
    """A port that nobody listens on; the contestants set SO_REUSEADDR, so it can be bound again at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def lbd_config(port, origins, threads=1, access_log=None, rules=0):
    web = {"bind": [f"127.0.0.1:{port}"], "default_backend": "app"}
    if rules:
        web["rules"] = [{"query": f"(^|&)campaign=[a-z]+{number}(&|$)", "deny": 403} for number in range(rules)]
    if access_log:
        web["access_log"] = {"format": "httplog", "target": str(access_log)}
    return config_text({
        "global": {"threads": threads, "shutdown_timeout": "1s"},
        "frontends": {"web": web},
        "backends": {"app": {
            "algorithm": "round_robin",
            "pool": {"max_idle": 1000, "max_requests": 0},
            "servers": {origin.title: {"address": origin.address} for origin in origins}}},
    })


def command_lbd(sandbox, origins, port, **more):
    path = sandbox.path(sandbox.fresh("lbd") + ".conf")
    path.write_text(lbd_config(port, origins, **more))
    return [LBD, "-f", path, "-L", PLUGINS]


def command_lbd_log(sandbox, origins, port):
    return command_lbd(sandbox, origins, port, access_log=sandbox.path(sandbox.fresh("access") + ".log"))


def command_lbd_rules(sandbox, origins, port):
    return command_lbd(sandbox, origins, port, rules=RULES)


def command_lbd_2_rules(sandbox, origins, port):
    return command_lbd(sandbox, origins, port, threads=2, rules=RULES)


def command_haproxy(sandbox, origins, port, reuse="always"):
    path = sandbox.path(sandbox.fresh("haproxy") + ".cfg")
    path.write_text(HAPROXY.format(port=port, reuse=reuse, a=origins[0].address, b=origins[1].address))
    return ["/usr/sbin/haproxy", "-db", "-f", path]


def command_haproxy_safe(sandbox, origins, port):
    return command_haproxy(sandbox, origins, port, reuse="safe")


def command_nginx(sandbox, origins, port):
    directory = sandbox.path(sandbox.fresh("nginx"))
    directory.mkdir()
    path = directory / "nginx.conf"
    path.write_text(NGINX.format(port=port, directory=directory, a=origins[0].address, b=origins[1].address))
    return ["/usr/sbin/nginx", "-p", directory, "-c", path]


def command_relay(sandbox, origins, port):
    return [RELAY, *(origin.address for origin in origins)]


COMMANDS = {"lbd": command_lbd, "lbd-log": command_lbd_log, "lbd-rules": command_lbd_rules,
            "lbd-2-rules": command_lbd_2_rules, "haproxy": command_haproxy, "haproxy-safe": command_haproxy_safe,
            "nginx": command_nginx, "relay": command_relay}
COMPARED = ("lbd", "haproxy", "nginx", "relay")
PEERS = ("haproxy", "nginx")


class Contestant(Process):
    """One proxy, pinned, with all threads and children counted together."""

    def __init__(self, sandbox, kind, origins, cores, prefix=()):
        self.kind, self.port = kind, free_port()
        argv = [*prefix, *COMMANDS[kind](sandbox, origins, self.port)]
        pin = ["taskset", "-c", cores] if cores else []
        super().__init__(sandbox, sandbox.fresh(kind), [*pin, *argv])
        wait_for(self._answers, 30, f"{kind} to answer")

    def _answers(self):
        if not self.running:
            raise Failure(f"{self.kind} ended at its start: {self.out} {self.log}")
        if self.kind == "relay":
            match = re.search(r"listening 127.0.0.1:(\d+)", self.out)
            if not match:
                return False
            self.port = int(match[1])
        try:
            return http(self.port).status == 200
        except (OSError, Failure):
            return False

    def pids(self):
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def descriptors(self):
        return sum(len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir())) for pid in self.pids())

    def cpu_split(self):
        """Microseconds of CPU: (user, system). The scheduler knows the sum exactly; the clock tick samples only how
        it divides, so the sum comes from schedstat and the shares from stat."""
        total = user = system = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            user, system = user + int(fields[11]), system + int(fields[12])
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0]) / 1000
        return total, user * 1e6 / CLK_TCK, system * 1e6 / CLK_TCK

    def private_bytes(self):
        """Memory that no other process shares."""
        total = 0
        for pid in self.pids():
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += sum(int(kb) * 1024 for kb in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", text, re.M))
        return total

    def end(self):
        """nginx's worker goes with its master; whoever does not stop in time is killed."""
        try:
            self.stop(10)
        except Failure:
            self.kill()
