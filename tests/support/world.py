#!/usr/bin/env python3
"""What the tests need of the machine. Says all that is missing, one line each, and exits 1; else says nothing.

Without this, a machine without IPv6 or with a full disk shows as dozens of failures that say something else.
"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("LBD_BUILD", "build"))
PROGRAMS = ("curl", "haproxy", "nginx", "setpriv", "socat", "strace", "tmux", "valgrind", "wrk")
NEEDED = 64 * 1024 * 1024  # bytes of temporary files
DESCRIPTORS = 4096
# A path of a test's Unix socket is at most so much longer than the directory for temporary files; it may have 107 bytes.
SOCKET_PATH = 72


def programs():
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for name in PROGRAMS:
        if not shutil.which(name, path=path):
            yield f"the program {name} is missing; tests/support/packages has the packages to install"


def addresses():
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as listener:
                listener.bind((address, 0))
                listener.listen()
        except OSError as error:
            yield f"no socket can listen on {address} ({error.strerror}): is the loopback interface up, and IPv6 on?"


def temporary_files():
    directory = tempfile.gettempdir()
    if len(directory) + SOCKET_PATH > 107:
        yield f"the path of the temporary directory {directory} is too long for Unix sockets in it; set TMPDIR to a short one"
    free = shutil.disk_usage(directory).free
    if free < NEEDED:
        yield f"{directory} has {free} free bytes, and the tests write up to {NEEDED}"


def descriptors():
    import resource
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < DESCRIPTORS:
        yield f"a process may have {most} open files only; the tests open up to {DESCRIPTORS}: raise it with ulimit -Hn"


def leak_checker():
    """LeakSanitizer traces its own process, which some containers forbid; then each program would end with its complaint."""
    done = subprocess.run([BUILD / "lbd", "-v"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1", "LSAN_OPTIONS": ""})
    if "LeakSanitizer has encountered a fatal error" in done.stderr:
        yield ("the leak checker cannot trace processes here (ptrace is forbidden); allow it, or build without: "
               "LBD_CONFIGURE=--enable-werror sh tests/run.sh")
    elif done.returncode:
        said = re.sub(r"\s+", " ", done.stderr).strip()
        yield f"{BUILD}/lbd -v ended with {done.returncode}: {said[:300]}"


def main():
    missing = [line for check in (programs, addresses, temporary_files, descriptors, leak_checker) for line in check()]
    for line in missing:
        print(f"error: the tests cannot run here: {line}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
