"""The lint tests find what they are there for: each row is a small tree with one violation."""
import os
import pathlib
import subprocess

import pytest

LINT = pathlib.Path(__file__).resolve().parents[1] / "lint"

LAYERS = {
    "src/net/a.c": '#include "net/a.h"\n#include "base/str.h"\n#include <ev.h>\nvoid a(void) { recv(1, 0, 0, 0); }\n',
    "src/http/b.c": '#include "base/str.h"\n/* #include "app/x.h" */\n',
    "src/rules/c.c": '#include "http/b.h"\n#define PCRE2_CODE_UNIT_WIDTH 8\n#include <pcre2.h>\n',
    "src/algorithms/d.c": "#include <lbd/algorithm.h>\n#include <math.h>\n",
    "src/proxy/e.c": '#include "backend/server.h"\nint e = sizeof "call recv(1)"; /* send(2) */\n',
    "tui/term/f.c": "#include <curses.h>\n",
}
VIOLATIONS = [
    ("src/http/x.c", '#include "backend/server.h"\n', "above it"),
    ("src/base/x.c", '#include "net/loop.h"\n', "above it"),
    ("src/http/x.c", '#include "rules/c.h"\n', "circle"),
    ("src/proxy/x.c", "#include <ev.h>\n", "ev.h"),
    ("src/app/x.c", "#include <libconfig.h>\n", "libconfig.h"),
    ("src/backend/x.c", "#include <pcre2.h>\n", "more than one file"),
    ("tui/view/x.c", "#include <curses.h>\n", "curses.h"),
    ("tui/wire/x.c", '#include "base/str.h"\n', "shares no code"),
    ("src/admin/x.c", '#include "tui/view/x.h"\n', "lbtop"),
    ("src/algorithms/x.c", '#include "base/str.h"\n', "plugin"),
    ("src/algorithms/x.c", "#include <sys/socket.h>\n", "plugin"),
    ("src/proxy/x.c", "int x(void) { return send(1, 0, 0, 0); }\n", "src/net only"),
]


def write(top, files):
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def lint(script, top, cwd=None):
    done = subprocess.run([str(LINT / script)], cwd=cwd or top, capture_output=True, text=True, check=False,
                          env={**os.environ, "srcdir": str(top)})
    return done.returncode, done.stdout + done.stderr


def test_a_clean_tree_passes(tmp_path):
    write(tmp_path, LAYERS)
    assert lint("layers.py", tmp_path)[0] == 0


@pytest.mark.parametrize("path,text,word", VIOLATIONS)
def test_layers(tmp_path, path, text, word):
    write(tmp_path, {**LAYERS, path: text})
    status, out = lint("layers.py", tmp_path)
    assert status == 1
    assert path in out and word in out


@pytest.mark.parametrize("text,found", [
    ("int counter = 1; int get(void); int get(void) { return counter++; }", "counter"),
    ("static int hidden; int *get(void); int *get(void) { return &hidden; }", "hidden"),
    ("static _Thread_local int mine; int *get(void); int *get(void) { return &mine; }", "mine"),
    ("const char *const names[] = {\"a\", \"b\"}; static const int n = 3; const int *get(void) { return &n; }", None),
])
def test_globals(tmp_path, text, found):
    write(tmp_path, {"src/x.c": text + "\n"})
    subprocess.run(["cc", "-fPIC", "-c", "-o", "x.o", "x.c"], cwd=tmp_path / "src", check=True)
    status, out = lint("globals.sh", tmp_path)
    assert (status == 1 and found in out) if found else status == 0, out


@pytest.mark.parametrize("files,word", [
    ({"src/a/x.c": "", "tui/b/x.c": ""}, "x.c"),
    ({"src/a/x.c": "/* see /ro" + "ot/notes */\n"}, "one machine"),
    ({"src/a/x.c": "int x; \n"}, "blanks"),
    ({"src/a/x.c": "/* TO" + "DO later */\n"}, "unfinished"),
])
def test_files(tmp_path, files, word):
    write(tmp_path, {"include/y.h": "", "src/z.c": "int z;\n", "tui/w.c": "int w;\n", **files})
    status, out = lint("files.sh", tmp_path)
    assert status == 1 and word in out


def test_readme(tmp_path):
    write(tmp_path, {"README.md": "| build | gcc | compiles |\n[doc](doc/x.md)\n",
                     "tests/support/packages": "\t".join(["build", "gcc", "the compiler"]) + "\n"})
    status, out = lint("readme.py", tmp_path)
    assert status == 1
    assert "lacks the row: | build | gcc | the compiler |" in out and "compiles" in out and "doc/x.md" in out
