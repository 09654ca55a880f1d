"""Executable memory is refused, as MemoryDenyWriteExecute of systemd does: patterns are interpreted, and decide the same."""
import pytest
from lbdtest import BUILD, http

NO_EXEC_MEMORY = BUILD / "tests/support/.libs/no_exec_memory.so"
NOTICE = "Patterns run without JIT: executable memory is refused; they cost more."

RULES = [
    {"path": "^/private(/|$)", "deny": 403},
    {"path": "^/old/(.*)$", "redirect": {"to": "/new/$1"}},
    {"path": "(?:a|aa)+!$", "deny": 451},
    {"path": "^/(?:a|b)*c$", "not_query": "^key=[0-9]+$", "return": {"status": 410}},
    {"path": "^/(a|b)+$", "return": {"status": 418}},
    {"header": {"name": "Cookie", "match": "^(.*; )?beta=1(;|$)"}, "return": {"status": 202}},
    {"header": {"name": "Cookie", "match": "(?i)union.+select|(^|;\\s*)auth=[a-f0-9]+"}, "deny": 403},
]
COOKIES = "; ".join(f"session_id_{n}=a1B2-c3.D4_e5" for n in range(260))[:7500]


def without_jit(box):
    asan = box.sanitizer_env("lbd")["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
    return {"LD_PRELOAD": str(NO_EXEC_MEMORY), "ASAN_OPTIONS": asan}


@pytest.fixture(scope="module")
def pair(shared_box):
    """The same daemon twice: with the JIT, and without."""
    app = shared_box.origin("app")
    start = lambda env: shared_box.lbd(shared_box.config({"s": app}, frontend={"rules": RULES}), env=env)
    return start(None), start(without_jit(shared_box))


@pytest.mark.parametrize("path,cookie,status", [
    ("/", None, 200),
    ("/private/x", None, 403),
    ("/old/a/b", None, 302),
    ("/aac", None, 410),
    ("/aac?key=1", None, 200),
    ("/" + "a" * 3998, None, 418),
    ("/" + "ab" * 1999, None, 418),
    ("/" + "ab" * 1999 + "c", None, 410),
    ("/" + "ab" * 1999 + "d", None, 200),
    ("/" + "a" * 4000 + "!x!", None, 400),
    ("/", COOKIES, 200),
    ("/", COOKIES + "; beta=1", 202),
    ("/", COOKIES + "; auth=0f", 403),
], ids=range(13))
def test_the_same_is_decided(pair, path, cookie, status):
    headers = {"Cookie": cookie} if cookie else {}
    assert [http(lbd.port, target=path, headers=headers).status for lbd in pair] == [status, status]


def test_the_log_says_so_once(pair):
    assert [lbd.log.count(NOTICE) for lbd in pair] == [0, 1]


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_the_build_says_so(box, answer):
    _, out, _ = box.run("-V", env=without_jit(box) if answer == "no" else None)
    assert f"\npatterns: jit={answer}\n" in out
