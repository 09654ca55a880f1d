#!/usr/bin/python3
"""The cases of http_rows.py through lbd, HAProxy and nginx, each with servers of its own: what do the others do otherwise?

    differential.py            prints the differences; status 1 when one is not explained in doc/conformance.md
    differential.py --write    writes doc/conformance.md anew, from this run and differential_why.py
"""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import http_rows  # noqa: E402
import lbdtest  # noqa: E402
import wire  # noqa: E402
from differential_why import INTRO, WHY  # noqa: E402
from real_nginx import start_nginx, wait_listening  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = TOP / "doc/conformance.md"
LANES = 4  # side by side, each with a port and a server of its own
WRITE_RUNS = 6
WAIT = 2.0  # s, for what stays open
PEERS = ("haproxy", "nginx")
TITLES = {"lbd": "lbd", "haproxy": "HAProxy 2.6", "nginx": "nginx 1.22"}

HAPROXY = """
global
  nbthread 1
  maxconn 500
defaults
  mode http
  option forwardfor
  retries 0
  timeout connect 1s
  timeout client 1s
  timeout server 1s
  timeout http-request 1s
  timeout http-keep-alive 1s
"""
HAPROXY_LANE = """
frontend f{lane}
  bind 127.0.0.1:{port}
  default_backend b{lane}
backend b{lane}
  server s {address}
"""
NGINX = """
  client_header_timeout 1s; client_body_timeout 1s; keepalive_timeout 1s; proxy_read_timeout 1s;
  proxy_next_upstream off; lingering_close off;
"""
NGINX_LANE = """
  upstream b{lane} {{ server {address}; keepalive 8; }}
  server {{
    listen 127.0.0.1:{port} reuseport;
    location / {{
      proxy_pass http://b{lane}; proxy_http_version 1.1;
      proxy_set_header Host $host; proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
"""


def start(box, name, recorders):
    """The ports of this proxy's lanes, in front of these servers."""
    ports = [box.port() for _ in recorders]
    lanes = list(zip(range(len(ports)), ports, [recorder.address for recorder in recorders]))
    if name == "lbd":
        config = {
            "global": {"threads": 1},
            "defaults": {"timeouts": {"http_request": "1s", "client": "1s", "server": "1s", "keep_alive": "1s"}},
            "frontends": {f"f{i}": {"bind": [f"127.0.0.1:{port}"], "default_backend": f"b{i}"} for i, port, _ in lanes},
            "backends": {f"b{i}": {"retry": {"attempts": 1}, "servers": {"s": {"address": address}}}
                         for i, _, address in lanes},
        }
        box.lbd(config)
        return ports
    if name == "nginx":
        start_nginx(box, NGINX + "".join(NGINX_LANE.format(lane=i, port=p, address=a) for i, p, a in lanes), ports, log="crit")
        return ports
    path = box.path(f"{name}.conf")
    path.write_text(HAPROXY + "".join(HAPROXY_LANE.format(lane=i, port=p, address=a) for i, p, a in lanes))
    wait_listening(lbdtest.Process(box, name, ["haproxy", "-db", "-f", path]), ports)
    return ports


NOT_COMPARED = {"connection", "content-length", "transfer-encoding", "x-forwarded-for", "x-forwarded-proto",
                "x-forwarded-host", "x-forwarded-port"}


class Seen:
    """What one proxy made of one case. word: the short of it; requests: what reached the server."""

    def __init__(self, conversation, requests, junk):
        self.requests = [request for request in requests if request.target != "/last"]
        self.junk, self.conversation = junk, conversation
        finals = [m for m in conversation.finals if m.body != b"last"]
        self.interims = [m.status for m in conversation.interims]
        self.finals = finals
        whole = [request for request in self.requests if request.complete]
        broken = "; the client saw no HTTP" if conversation.junk else ""
        if junk:
            self.word = "forwards what is no request"
        elif not finals:
            self.word = {"open": "waits"}.get(conversation.end, "closes") + ("; forwards it" if whole else "")
        elif finals[0].status in (400, 404, 405, 408, 411, 413, 414, 417, 422, 431, 501, 505) and not whole:
            self.word = "refuses" if finals[0].status != 408 else "waits"
        elif finals[0].status in (502, 504):
            self.word = "502"
        else:
            statuses = sorted({m.status for m in finals})
            cut = any(not m.complete for m in finals)
            self.word = ("forwards" if whole else "answers") + (
                "" if statuses == [200] else " " + " ".join(map(str, statuses))) + (", cut" if cut else "")
        self.word += broken

    def versus(self, lbd):
        """How this differs from what lbd made of it; None: it does not, as far as anybody cares."""
        if self.word != lbd.word:
            return self.word
        found = []
        mine, other = [r for r in self.requests if r.complete], [r for r in lbd.requests if r.complete]
        if len(mine) != len(other):
            found.append("another number of requests")
        for a, b in zip(mine, other):
            found += [f"other {what}" for what in ("method", "target", "version", "body")
                      if getattr(a, what) != getattr(b, what)]
            found += fields_differ(a, b, "sends")
            if a.trailers != b.trailers:
                found.append("sends trailers")
            lengths = a.all("Content-Length")
            if lengths and not re.fullmatch("0|[1-9][0-9]*", lengths[0]):
                found.append("length as it came")
        for a, b in zip(self.finals, lbd.finals):
            if self.word in ("refuses", "502") or 400 in (a.status, b.status):
                continue
            found += [f"answers with other {what}" for what in ("version", "body") if getattr(a, what) != getattr(b, what)]
            if a.trailers != b.trailers:
                found.append("answers with trailers")
            if (a.framing == "chunked") != (b.framing == "chunked"):
                found.append("answers chunked" if a.framing == "chunked" else "answers without chunks")
        if self.interims != lbd.interims:
            found.append("other interim responses")
        return ", ".join(dict.fromkeys(found)) or None


def fields_differ(a, b, verb):
    mine = {(k.lower(), v) for k, v in a.fields if k.lower() not in NOT_COMPARED}
    other = {(k.lower(), v) for k, v in b.fields if k.lower() not in NOT_COMPARED}
    names = sorted({shown(k) for k, _ in mine - other})
    gone = sorted({shown(k) for k, _ in other - mine} - set(names))
    return [f"{verb} {name}" for name in names] + [f"drops {name}" for name in gone]


def shown(name):
    known = {"host": "Host", "upgrade": "Upgrade", "te": "TE", "expect": "Expect", "keep-alive": "Keep-Alive",
             "proxy-connection": "Proxy-Connection", "max-forwards": "Max-Forwards", "trailer": "Trailer",
             "http2-settings": "HTTP2-Settings", "proxy-authorization": "Proxy-Authorization"}
    return known.get(name, "a field that lbd removes or changes" if not name.startswith("x_") else "a name with _")


def run_lane(port, recorder, cases):
    seen = {}
    for case in cases:
        conversation, requests = case.run(("127.0.0.1", port), recorder, "whole", WAIT)
        seen[case.id] = Seen(conversation, list(requests), list(recorder.junk))
    return seen


def run(box):
    """{proxy: {id of case: Seen}}"""
    cases = [case for case in http_rows.all_cases() if case.row not in ("LB1",)]
    results, jobs = {}, []
    with concurrent.futures.ThreadPoolExecutor(3 * LANES) as pool:
        for name in ("lbd", *PEERS):
            recorders = [wire.Recorder() for _ in range(LANES)]
            box.closers += recorders
            ports = start(box, name, recorders)
            for lane in range(LANES):
                jobs.append((name, pool.submit(run_lane, ports[lane], recorders[lane], cases[lane::LANES])))
        for name, job in jobs:
            results.setdefault(name, {}).update(job.result())
    return cases, results


def measure():
    box = lbdtest.Sandbox()
    try:
        return run(box)
    finally:
        box.close()


def differences(cases, results):
    """[(row, lbd's word, peer, what it does, [names of cases])]"""
    groups = {}
    for case in cases:
        lbd = results["lbd"][case.id]
        for peer in PEERS:
            other = results[peer][case.id].versus(lbd)
            if other:
                groups.setdefault((case.row, lbd.word, peer, other), []).append(case.name)
    order = list(http_rows.ROWS)
    return [(*key, names) for key, names in sorted(groups.items(), key=lambda item: (order.index(item[0][0]), item[0][1:]))]


def merged(found, more):
    rows = {one[:4]: one[4] for one in found}
    for one in more:
        names = rows.setdefault(one[:4], [])
        names += [name for name in one[4] if name not in names]
    order = list(http_rows.ROWS)
    return [(*key, names) for key, names in sorted(rows.items(), key=lambda item: (order.index(item[0][0]), item[0][1:]))]


def line_start(row, word, peer, other):
    return f"| {row} | {word} | {TITLES[peer]} | {other} |"


def shorten(names):
    texts = [re.sub(r"\s+", " ", name.replace("|", "\\|").replace("`", "'")) for name in names[:2]]
    return "<br>".join(f"`{text[:60]}`" for text in texts) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def document(found):
    lines = [INTRO, "| row | lbd | the other | it | for example | why they differ |", "|---|---|---|---|---|---|"]
    for row, word, peer, other, names in found:
        why = WHY.get((row, peer)) or WHY.get(row)
        if not why:
            raise SystemExit(f"no reason in differential_why.py: {row} {peer}: {word} / {other}: {names[:3]}")
        lines.append(f"{line_start(row, word, peer, other)} {shorten(names)} | {why} |")
    return "\n".join(lines) + "\n"


def unexplained(found):
    text = DOCUMENT.read_text()
    return [(row, peer, word, other, names[:3]) for row, word, peer, other, names in found
            if line_start(row, word, peer, other) not in text]


def main():
    missing = [name for name in PEERS if not shutil.which(name)]
    if missing:
        raise SystemExit(f"not installed: {missing}")
    for argv in (["haproxy", "-v"], ["nginx", "-v"]):
        print(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()[:1] or "", end=" ")
    cases, results = measure()
    found = differences(cases, results)
    print(f"\n{len(cases)} cases, {sum(len(names) for *_, names in found)} differences")
    for row, word, peer, other, names in found:
        print(f"{row:5} lbd {word:20} {TITLES[peer]:12} {other:40} {len(names):3}  {names[0][:70]}")
    if "--write" in sys.argv:
        # What depends on when bytes arrive shows itself in several runs only.
        for _ in range(WRITE_RUNS - 1):
            found = merged(found, differences(*measure()))
        DOCUMENT.write_text(document(found))
        return 0
    bad = unexplained(found)
    if bad:  # a loaded machine may have made it; what does not come again is no difference
        print(f"{len(bad)} are not explained; once more")
        again = {(row, peer, word, other) for row, word, peer, other, _ in differences(*measure())}
        bad = [one for one in bad if one[:4] in again]
    for one in bad:
        print("not explained:", one)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
