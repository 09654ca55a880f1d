"""Thousands of damaged and random configurations: none of them crashes, hangs or is refused without a line."""
import os
import pathlib
import random
import re
import struct
import subprocess

import pytest
from lbdtest import sanitized

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LBD_BUILD", TOP / "build")).resolve()
CHECKER = BUILD / "tests/support/config_check"
LBD = BUILD / "lbd"
SEEDS = sorted((TOP / "tests/fuzz/corpus/config").iterdir())
COUNT = int(os.environ.get("LBD_MUTATIONS", "10000"))
# A sanitizer's realloc maps and copies anew each time, which makes libconfig's growing lists quadratic: over 100 s for bombs
# that take 1 s without it. So there they are smaller, and time is not judged as strictly.
SCALE = 128 if sanitized() else 1
LIMIT_MS = 2000 if SCALE == 1 else 15000
CHUNK = 500

WORDS = [b"{", b"}", b"(", b")", b"[", b"]", b"=", b":", b";", b",", b'"', b"\\", b"#", b"//", b"/*", b"*/", b"\n", b"\0",
         b"@include \"x\"", b"@include \"/\"", b"true", b"FALSE", b"0", b"-1", b"1L", b"0x7fffffffff", b"99999999999",
         b"99999999999999999999999", b"007", b"1.5", b"1e999", b".", b"\xef\xbb\xbf", b"\xff\xfe", b"*", b'"\\x00"',
         b'"500ms"', b'"99999999999999999999d"', b'"%s%n"', b"\r", b"a" * 300, b"web", b"app", b"defaults"]


def options():
    text = subprocess.run([LBD, "--list=options"], capture_output=True, text=True, check=True).stdout
    return [line.split("\t")[0].split(".")[-1].encode() for line in text.splitlines() if not line.startswith("#")]


def mutate(rng, seeds, keys):
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 2, 3, 10))):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((1, 2, 8, 60)))
        kind = rng.randrange(8)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[at:end]
        elif kind == 2:
            data[at:at] = rng.choice(WORDS)
        elif kind == 3:
            data[at:end] = rng.choice(WORDS)
        elif kind == 4:
            data[at:at] = data[at:end] * rng.choice((1, 2, 50))
        elif kind == 5:
            del data[at:]
        elif kind == 6:
            data[at:at] = rng.choice(keys) + b" = " + rng.choice(WORDS) + b"; "
        else:
            numbers = list(re.finditer(rb"\d+", data))
            if numbers:
                number = rng.choice(numbers)
                data[number.start():number.end()] = str(rng.choice((0, 1, 2, 255, 65536, 2**31, 2**32, 2**63))).encode()
    return bytes(data)


def random_tokens(rng, keys):
    return b" ".join(rng.choice(WORDS + keys) for _ in range(rng.randrange(1, 60)))


def random_bytes(rng):
    return rng.randbytes(rng.randrange(400))


def generate(seed, count):
    rng = random.Random(seed)
    seeds, keys = [path.read_bytes() for path in SEEDS], options()
    for _ in range(count):
        kind = rng.randrange(10)
        if kind < 7:
            yield mutate(rng, seeds, keys)
        elif kind < 9:
            yield random_tokens(rng, keys)
        else:
            yield random_bytes(rng)


def check(configurations):
    """[(result, ms of processor time)] of each; stops at the one that ends the checker."""
    stream = b"".join(struct.pack("<I", len(c)) + c for c in configurations)
    done = subprocess.run([CHECKER], input=stream, capture_output=True, timeout=600)
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    if len(lines) < len(configurations) or done.returncode:
        raise AssertionError(f"ended with {done.returncode} at {configurations[len(lines)][:2000]!r}\n{done.stderr.decode()}"
                             if len(lines) < len(configurations) else done.stderr.decode())
    return [(result, int(ms)) for _, result, ms in lines]


@pytest.mark.parametrize("chunk", range((COUNT + CHUNK - 1) // CHUNK))
def test_mutations_are_accepted_or_refused_with_a_line(chunk):
    configurations = list(generate(chunk, CHUNK))
    results = check(configurations)
    wrong = [(result, ms, c[:2000]) for (result, ms), c in zip(results, configurations)
             if result not in ("valid", "invalid") or ms > LIMIT_MS]
    assert not wrong
    assert {"valid", "invalid"} <= {result for result, _ in results}


MIB, THOUSAND = (1 << 20) // SCALE, 1000 // SCALE
BOMBS = {
    "braces": b"a:{" * (2 * MIB),
    "lists": b"a=" + b"(" * (4 * MIB),
    "closing": b"}" * MIB,
    "keys": b"".join(b"k%d=1;\n" % i for i in range(MIB)),
    "keys in groups": b"".join(b"g%d:{%s};\n" % (g, b"".join(b"k%d=1;" % i for i in range(10 * THOUSAND))) for g in range(100)),
    "unknown groups": b"".join(b"g%d:{a=1;b=2};\n" % i for i in range(12 * THOUSAND)),
    "elements": b"global:{plugin_path=(" + b"0," * (7 * MIB) + b"0)}",
    "one text": b'a="' + b"x" * (15 * MIB) + b'"',
    "many texts": b"a=" + b'"x" ' * (3 * MIB) + b";",
    "one name": b"a" * (15 * MIB) + b"=1;",
    "one number": b"a=" + b"9" * (15 * MIB) + b";",
    "one comment": b"/*" + b"*" * (15 * MIB),
    "comment lines": b"#\n" * (8 * MIB) + b"x",
    "blank": b" \n" * (8 * MIB - 1),
    "NUL": b"\0" * (15 * MIB),
    "escapes": b'a="' + b"\\" * 60 * THOUSAND + b'";',
    "long names": b"".join(b"k" * 128 + b"%d=1;\n" % i for i in range(12 * THOUSAND)),
    "rules": b"frontends:{w:{bind=[\"*:1\"];rules=(" + b'{backend="x"},' * 200 * THOUSAND + b")}};backends:{"
             + b"".join(b"x" * 40 + b"%d:{};" % i for i in range(12 * THOUSAND)) + b"}",
    "unknown in rules": b"frontends:{w:{bind=[\"*:1\"];rules=(" + b"{x=1}," * 300 * THOUSAND + b")}}",
    "frontends": b"frontends:{" + b"".join(b'f%d:{bind=["*:1"];default_backend="y"};' % i for i in range(12 * THOUSAND))
                 + b"};backends:{" + b"".join(b"x" * 40 + b"%d:{};" % i for i in range(12 * THOUSAND)) + b"}",
    "inherited": b"defaults:{servers:{" + b"".join(b's%d:{address="h:1"};' % i for i in range(10 * THOUSAND))
                 + b"}};backends:{b:{servers:{" + b"".join(b's%d:{weight=1};' % i for i in range(10 * THOUSAND, 0, -1)) + b"}}}",
    "many binds": b"frontends:{w:{bind=(" + b",".join(b'"*:%d"' % (i % (65535 // SCALE) + 1) for i in range(200 * THOUSAND)) + b")}}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_time(name):
    (result, ms), = check([BOMBS[name]])
    assert result == "invalid"
    assert ms <= LIMIT_MS, f"{ms} ms"


def test_ten_thousand_servers_are_read_in_time():
    servers = b"".join(b's%d: { address = "10.%d.%d.%d:80"; };\n' % (i, i >> 16, i >> 8 & 255, i & 255)
                       for i in range(10000))
    (result, ms), = check([b'frontends: { w: { bind = [ "*:1" ]; default_backend = "b"; }; };'
                           b"backends: { b: { servers: {\n" + servers + b"}; }; };"])
    assert result == "valid"
    assert ms <= LIMIT_MS, f"{ms} ms"


def test_the_program_gives_an_exit_code_and_a_line(tmp_path):
    path = tmp_path / "mutation.conf"
    for configuration in generate("program", 300):
        path.write_bytes(configuration)
        done = subprocess.run([LBD, "-c", "-f", path], stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
        err = done.stderr.decode(errors="replace")
        assert done.returncode in (0, 1), (configuration, err)
        if done.returncode:
            assert done.stdout == b""
            assert re.match(r".*mutation\.conf:\d+: (error|warning): ", err), (configuration, err)
        else:
            assert done.stdout == b"Configuration file is valid\n"
            assert "error" not in err
