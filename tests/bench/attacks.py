"""The attacks of the row "beside", one row an attack, and how lbd, HAProxy and nginx are set up for them: the same rules
and limits for all, in the words of each. What an attack's requests need of a server goes to servers of their own, so
that it is the proxy that they share with the clients beside them."""
from collections import namedtuple

from contestants import COMMANDS, RULES
from lbdtest import LBD, PLUGINS, build_request, config_text

# name: as the table says it. setup: which of SETUPS it is made on. words: the attacker's, see attack.c; kinds: who is
# asked.
Attack = namedtuple("Attack", "name setup words kinds", defaults=(("lbd", "haproxy"),))
ALL = ("lbd", "haproxy", "nginx")


def many(target, times, *more):
    """A burst of pipelined requests of 31 bytes and the length of the target, and how often it is made."""
    return ("-d", build_request(target=target, host="x").decode(), "-n", times, *more)


BURST = 4469  # 140 kB of requests for /deny
ONE = ("-c", 1, "-p", 1000)  # one connection, to which something is sent every ms that it takes
NOT_READ = ("-w", 50)  # until its answers fill everything; 50 ms later it begins anew
QUERY = "?" + "&".join(f"name{number}=value{number}" for number in range(12))
UPLOAD = "POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
CHUNKED = "POST /victim/_len HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

ATTACKS = (
    Attack("pipelined, denied (403)", "web", (*ONE, *many("/deny", BURST), "-r"), ALL),
    Attack("pipelined, denied, answers not read", "web", (*ONE, *many("/deny", BURST), *NOT_READ), ALL),
    Attack("pipelined, answer of 2 kB by a rule", "web", (*ONE, *many("/return", BURST), "-r"), ALL),
    Attack("pipelined, answer of 2 kB, not read", "web", (*ONE, *many("/return", BURST), *NOT_READ), ALL),
    Attack("pipelined, redirected (302)", "web", (*ONE, *many("/redirect", BURST), "-r"), ALL),
    Attack("pipelined, above a rate (429)", "web", (*ONE, *many("/limited", BURST), "-r")),
    Attack("pipelined, no server (503)", "web", (*ONE, *many("/gone", BURST), "-r")),
    # Neither HAProxy nor nginx can answer so much by a rule.
    Attack("pipelined, answer of 60 kB by a rule", "web", (*ONE, *many("/large", 1000), "-r"), ("lbd",)),
    Attack("pipelined, denied by the last of 200 rules", "rules", (*ONE, *many("/deny" + QUERY, 600), "-r")),
    Attack("pipelined to a server, not read, 50 clients", "web",
           ("-c", 50, "-p", 1000, *many("/victim/", 500), "-w", 200)),
    Attack("uploads to a deaf server, 50 clients", "web",
           ("-c", 50, "-p", 1000, "-o", UPLOAD.format("/deaf"), "-d", "x" * 16384, "-w", 200)),
    Attack("chunks of 1 byte, 2 clients", "web", ("-c", 2, "-p", 1000, "-o", CHUNKED, "-d", "1\r\nx\r\n", "-n", 20_000)),
    Attack("30 interim answers each, 20 clients", "web", ("-c", 20, "-p", 1000, *many("/victim/?hints=30", 50), "-r")),
    Attack("connections above limits.source, 2,000/s", "guarded", ("-c", 100, "-p", 2000, "-1", *many("/deny", 1), "-r")),
    Attack("bad requests, 2,000 connections/s", "web", ("-c", 100, "-p", 2000, "-1", "-d", "GET / HTTP/9\r\n\r\n", "-r")),
    Attack("slow heads, 1,000 clients", "web",
           ("-c", 1000, "-p", 5000, "-o", "GET /slow HTTP/1.1\r\nHost: x\r\nX-Filler: ", "-d", "x", "-r")),
    Attack("slow bodies, buffered, 1,000 clients", "web",
           ("-c", 1000, "-p", 5000, "-o", UPLOAD.format("/slow"), "-d", "x", "-r")),
    Attack("maxconn full of idle clients", "full",
           ("-c", 400, "-p", 4000, "-o", build_request(target="/deny", host="x").decode(), "-r")),
)

TEXT = "x" * 2000
MAXCONN = 220
SOURCE = {"connections": 50, "connection_rate": 200, "bad_requests": 100, "per": "10s"}
PATTERNS = [f"(^|&)campaign=[a-z]+{number}(&|$)" for number in range(RULES)]  # they match nothing
SETUPS = {"web": {}, "rules": {}, "guarded": {"limits": {"min_rate": 500, "source": SOURCE}}, "full": {"maxconn": MAXCONN}}


def lbd_config(port, servers, setup):
    web = {"bind": [f"127.0.0.1:{port}"], "default_backend": "app", "limits": {"min_rate": 500},
           "rules": [{"path": "^/deny", "deny": 403},
                     {"path": "^/return", "return": {"status": 200, "body": TEXT}},
                     {"path": "^/large", "return": {"status": 200, "body": 30 * TEXT}},
                     {"path": "^/redirect", "redirect": {"to": "/new", "status": 302}},
                     {"path": "^/limited", "rate_limit": {"key": "src", "rate": 10, "per": "10s"}},
                     {"path": "^/gone", "backend": "gone"}, {"path": "^/deaf", "backend": "deaf"},
                     {"path": "^/slow", "backend": "slow"}, {"path": "^/victim(/.*)$", "rewrite_path": "$1", "backend": "victim"}]}
    if setup == "rules":
        web["rules"][:0] = [{"query": pattern, "deny": 403} for pattern in PATTERNS]
    backends = {name: {"pool": {"max_idle": 1000, "max_requests": 0},
                       "servers": {f"s{number}": {"address": address} for number, address in enumerate(addresses)}}
                for name, addresses in servers.items()}
    backends["app"]["algorithm"] = "round_robin"
    backends["gone"] = {"servers": {"s": {"address": servers["app"][0], "disabled": True}}}
    backends["slow"] = {"buffer_request": "16k", "servers": {"s": {"address": servers["victim"][0]}}}
    return config_text({"global": {"threads": 1, "shutdown_timeout": "1s", "maxconn": 8000},
                        "frontends": {"web": {**web, **SETUPS[setup]}}, "backends": backends})


HAPROXY_SETUPS = {
    "web": "",
    "rules": "".join(f"    http-request deny deny_status 403 if {{ query -m reg '{pattern}' }}\n" for pattern in PATTERNS),
    "guarded": """
    stick-table type ip size 100k expire 30s store conn_cur,conn_rate(10s),http_err_rate(10s)
    tcp-request connection track-sc1 src
    tcp-request connection reject if { sc1_conn_cur gt 50 } || { sc1_conn_rate gt 200 } || { sc1_http_err_rate gt 100 }
""",
    "full": f"    maxconn {MAXCONN}\n"}

HAPROXY = """
global
    nbthread 1
    maxconn 8000
defaults
    mode http
    timeout connect 4s
    timeout client 30s
    timeout server 30s
    timeout http-request 10s
    timeout http-keep-alive 60s
    option http-keep-alive
    http-reuse always
    balance roundrobin
frontend web
    bind 127.0.0.1:{port}
{setup}
    option forwardfor
    http-request deny deny_status 403 if {{ path_beg /deny }}
    http-request return status 200 content-type text/plain string {text} if {{ path_beg /return }}
    http-request redirect location /new code 302 if {{ path_beg /redirect }}
    http-request track-sc0 src table limited if {{ path_beg /limited }}
    http-request deny deny_status 429 if {{ path_beg /limited }} {{ sc0_http_req_rate(limited) gt 10 }}
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-header X-Forwarded-Port %[dst_port]
    use_backend gone if {{ path_beg /gone }}
    use_backend deaf if {{ path_beg /deaf }}
    use_backend slow if {{ path_beg /slow }}
    use_backend victim if {{ path_beg /victim }}
    default_backend app
backend limited
    stick-table type ip size 100k expire 30s store http_req_rate(10s)
backend gone
    server s {app[0]} disabled
backend slow
    option http-buffer-request
    server s {victim[0]}
backend victim
    http-request replace-path ^/victim(/.*)$ \\1
    server s {victim[0]}
backend deaf
    server s {deaf[0]}
backend app
    server a {app[0]}
    server b {app[1]}
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
    upstream app {{ server {app[0]}; server {app[1]}; keepalive 1000; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location /deny {{ return 403; }}
        location /return {{ return 200 {text}; }}
        location /redirect {{ return 302 /new; }}
        location / {{
            proxy_pass http://app;
            proxy_http_version 1.1;
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


def written(sandbox, name, text):
    path = sandbox.path(sandbox.fresh(name) + ".conf")
    path.write_text(text)
    return path


def command_lbd(sandbox, servers, port, setup):
    return [LBD, "-f", written(sandbox, "lbd", lbd_config(port, servers, setup)), "-L", PLUGINS]


def command_haproxy(sandbox, servers, port, setup):
    text = HAPROXY.format(port=port, setup=HAPROXY_SETUPS[setup], text=TEXT, **servers)
    return ["/usr/sbin/haproxy", "-db", "-f", written(sandbox, "haproxy", text)]


def command_nginx(sandbox, servers, port, _setup):
    directory = sandbox.path(sandbox.fresh("nginx"))
    directory.mkdir()
    return ["/usr/sbin/nginx", "-p", directory, "-c",
            written(sandbox, "nginx", NGINX.format(port=port, directory=directory, text=TEXT, **servers))]


def attacked(kind, setup):
    """The name of this kind in this setup, for Contestant."""
    command = {"lbd": command_lbd, "haproxy": command_haproxy, "nginx": command_nginx}[kind]
    name = f"{kind}-{setup}"
    COMMANDS[name] = lambda sandbox, servers, port: command(sandbox, servers, port, setup)
    return name
