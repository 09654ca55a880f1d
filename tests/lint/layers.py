#!/usr/bin/env python3
"""The layers hold: #include arrows point down only, and what belongs to one place is used in that place only."""
import os
import pathlib
import re
import sys

TOP = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parents[2])).resolve()
# Highest first; a layer may include itself and everything below its line. The four in the middle are one line: they may
# use each other as long as that makes no circle.
LAYERS = [["app"], ["admin"], ["proxy"], ["backend"], ["rules", "http", "stats", "config"], ["net"], ["base"]]
RANK = {name: rank for rank, line in enumerate(LAYERS) for name in line}
# header: the places (path prefixes) that may include it
ONLY = {
    "ev.h": ["src/net/", "src/app/"],
    "libconfig.h": ["src/config/"],
    "curses.h": ["tui/term/"],
    "ncurses.h": ["tui/term/"],
    "ncursesw/curses.h": ["tui/term/"],
    "term.h": ["tui/term/"],
    "dlfcn.h": ["src/backend/"],
}
LIBC = {"assert", "ctype", "errno", "float", "inttypes", "limits", "math", "stdalign", "stdatomic", "stdbool",
        "stddef", "stdint", "stdio", "stdlib", "string", "strings", "time"}
SOCKET_CALLS = re.compile(r"(?<![\w.>])(recv|send|splice|sendmsg|recvmsg|recvfrom|sendto|sendfile)\s*\(")
# Who else may, with the reason.
SOCKET_CALLERS = {
    "src/base/log_sink.c": "datagrams of the log, from its writer thread; no traffic passes there",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
COMMENTS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)

problems = []
siblings = {}


def check_src_include(path, layer, name):
    target = name.split("/")[0] if "/" in name else layer
    if name == "config.h" or target not in RANK:
        return
    if path == "src/main.c":
        return
    if RANK[target] < RANK[layer]:
        problems.append(f"{path}: {layer} includes {name}, which is above it; hand it down as a callback or a value")
    elif RANK[target] == RANK[layer] and target != layer:
        siblings.setdefault(layer, {}).setdefault(target, path)


def check_file(file, pcre2_users):
    path = file.relative_to(TOP).as_posix()
    text = file.read_text()
    parts = path.split("/")
    layer = parts[1] if len(parts) > 2 else "main"
    code = COMMENTS.sub(lambda m: m[0] if m[0].startswith('"') else " " + "\n" * m[0].count("\n"), text)
    for mark, name in INCLUDE.findall(code):
        for prefixes in [ONLY.get(name)]:
            if prefixes and not any(path.startswith(prefix) for prefix in prefixes):
                problems.append(f"{path}: <{name}> belongs to {' and '.join(prefixes)} only")
        if name == "pcre2.h":
            pcre2_users.append(path)
        if parts[0] == "tui" and (name.split("/")[0] in RANK and not (TOP / "tui" / name).exists() or "src/" in name):
            problems.append(f"{path}: lbtop shares no code with the daemon, but includes {name}")
        if parts[0] == "src" and "tui" in name.split("/"):
            problems.append(f"{path}: the daemon includes {name} of lbtop")
        if layer == "algorithms":
            if not name.startswith("lbd/") and (mark == '"' or name.removesuffix(".h") not in LIBC):
                problems.append(f"{path}: a plugin includes <lbd/...>, libc and libm only, not {name}")
        elif parts[0] == "src" and mark == '"':
            if layer != "main" and layer not in RANK:
                problems.append(f"{path}: {layer} is no layer that this test knows")
                return
            check_src_include(path, layer, name)
    if parts[0] == "src" and layer != "net" and path not in SOCKET_CALLERS:
        for call in SOCKET_CALLS.finditer(re.sub(r'"(?:\\.|[^"\\\n])*"', '""', code)):
            line = code[:call.start()].count("\n") + 1
            problems.append(f"{path}:{line}: {call[1]}() belongs to src/net only; TLS will live there")


def check_circles():
    def walk(layer, trail):
        for target, path in siblings.get(layer, {}).items():
            if target in trail:
                problems.append(f"{path}: a circle of layers: {' > '.join(trail[trail.index(target):] + [target])}")
            else:
                walk(target, trail + [target])
    for layer in sorted(siblings):
        walk(layer, [layer])


def main():
    files = sorted(f for part in ("src", "tui") for ext in ("*.c", "*.h", "*.def") for f in (TOP / part).rglob(ext))
    if not files:
        sys.exit(f"{TOP}: no sources here")
    pcre2_users = []
    for file in files:
        check_file(file, pcre2_users)
    check_circles()
    if len(pcre2_users) > 1:
        problems.append(f"pcre2.h is included in more than one file: {', '.join(pcre2_users)}")
    for problem in sorted(set(problems)):
        print(problem)
    print(f"{len(files)} files, {len(set(problems))} problems")
    sys.exit(bool(problems))


main()
