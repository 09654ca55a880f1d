"""What the project wants of itself, one row a thing that is measured. bar: what must hold; aim: what is wanted."""
from collections import namedtuple

# name: what --only takes and what parts.py measures; kind: how the figure reads; better: "less" or "more".
Goal = namedtuple("Goal", "name what kind better bar aim")

GOALS = (
    Goal("cpu-haproxy", "CPU per request, 64 clients, to HAProxy", "ratio", "less", 0.85, 0.75),
    Goal("cpu-nginx", "CPU per request, 64 clients, to nginx", "ratio", "less", 0.75, 0.62),
    Goal("cpu-relay", "CPU per request, 64 clients, to the bare relay", "ratio", "less", 1.15, 1.02),
    Goal("user-haproxy", "user CPU per request, 64 clients, to HAProxy", "ratio", "less", 0.40, 0.20),
    Goal("instructions", "user instructions per request, 64 clients", "count", "less", 6000, 3000),
    Goal("connection", "CPU per request on a new connection, to the better of HAProxy and nginx", "ratio", "less", 1.0, 0.85),
    Goal("post", "CPU per POST of 100 bytes, 64 clients, to HAProxy in its default", "ratio", "less", 0.85, 0.75),
    Goal("body-haproxy", "CPU per MB, bodies of 1 MB down, to HAProxy", "ratio", "less", 0.90, 0.75),
    Goal("idle", "memory of an idle keep-alive session", "bytes", "less", 450, 300),
    Goal("slow", "p99 beside 5,000 slow heads, to p99 alone", "ratio", "less", 1.2, 1.1),
    Goal("beside", "p99 of 20 clients beside the worst of the attacks, to p99 alone", "ratio", "less", 1.5, 1.2),
    Goal("workers", "requests a second, 2 workers to 1", "ratio", "more", 1.7, 1.95),
    Goal("calls", "system calls per exchange, 64 clients", "calls", "less", 4.3, 4.05),
    Goal("log", "CPU per request with an access log in a file", "added", "less", 1.08, 1.04),
    Goal("throughput", "requests a second through one worker", "count", "more", 25000, 25000),
)

FORMATS = {"ratio": "{:.2f}", "count": "{:,.0f}", "bytes": "{:,.0f} B", "calls": "{:.2f}"}


def goal_text(goal, value):
    if goal.kind == "added":
        return f"{100 * (value - 1):+.1f} %"
    return FORMATS[goal.kind].format(value)


def goal_verdict(goal, value):
    def holds(limit):
        return value <= limit if goal.better == "less" else value >= limit
    return "aim" if holds(goal.aim) else "bar" if holds(goal.bar) else "missed"
