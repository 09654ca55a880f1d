"""Cases that only a whole proxy can show: what the other side sees, and what becomes of both connections."""
from http_rows import LAST_SEEN, UNFINISHED, Case
from wire import Answer

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: x\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = b"GET /up HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
# Behind a whole response, one more piece may cross the next request: no proxy can tell then.
RACE = ("whole",)
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: %s\r\n\r\n"


def with_fields(*wanted, without=()):
    """A check of a request: these (name, value) are there, and no field of these names."""
    def check(request):
        for name, value in wanted:
            if request.all(name) != ([value] if isinstance(value, str) else value):
                return f"{name} is {request.all(name)}, wanted {value}"
        found = [name for name in without if request.all(name)]
        return f"{found} in {request}" if found else None
    return check


def body_is(body, complete=True, number=0):
    def check(conversation, _requests):
        seen = conversation.finals[number] if len(conversation.finals) > number else None
        if not seen or (seen.body, seen.complete) != (body, complete):
            return f"the client saw {seen} {seen and seen.body[:200]!r}, wanted {body[:200]!r}"
        return None
    return check


def get(*lines, version=b"1.1", method=b"GET", target=b"/"):
    return b"%s %s HTTP/%s\r\n" % (method, target, version) + b"".join(
        line + b"\r\n" for line in (b"Host: x", *lines)) + b"\r\n"


def one(row, name, send, *wanted, without=(), **more):
    """A request that goes on, and what its fields must be."""
    return Case(row, name, send, [200, 200], [with_fields(*wanted, without=without), LAST_SEEN], **more)


def refused(row, name, send, statuses=frozenset({400}), **more):
    return Case(row, name, send, [frozenset(statuses)], [], **more)


def response(row, name, data, statuses, check=None, then="keep", send=GET, methods=None, **more):
    return Case(row, name, send, statuses, None, Answer(data, then=then, early=more.pop("early", False)),
                methods or ["GET"], side="server", check=check, **more)


def head_cases():
    yield one("RL24", "8000 bytes", b"GET /" + b"a" * 7985 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    yield refused("RL24", "9000 bytes", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414, 431, 400})
    yield one("HD12", "30,000 bytes", get(b"X: " + b"a" * 15000, b"Y: " + b"b" * 15000))
    yield refused("HD12", "40,000 bytes in one field", get(b"X: " + b"a" * 40000), {431, 400})
    yield refused("HD12", "101 fields", get(*[b"X: a"] * 101), {431, 400})
    yield one("HD12", "90 fields", get(*[b"X: a"] * 90), ("X", ["a"] * 90))
    yield one("HD10", "order", get(b"A: 1", b"B: 2", b"A: 3"), ("A", ["1", "3"]), ("B", "2"))
    yield one("HD11", "name of 300 bytes", get(b"N" * 300 + b": y"), ("N" * 300, "y"))
    yield one("FF1", "spoofed", get(b"X-Forwarded-For: 10.9.8.7", b"X-Forwarded-For: 1.2.3.4"),
              ("X-Forwarded-For", "127.0.0.1"))
    yield one("FF1", "empty", get(b"X-Forwarded-For:"), ("X-Forwarded-For", "127.0.0.1"))
    yield one("CN3", "named by Connection", get(b"Connection: X-Forwarded-For, Host"),
              ("X-Forwarded-For", "127.0.0.1"), ("Host", "x"))
    yield one("CN2", "over two lines", get(b"Connection: A, keep-alive", b"A: 1", b"B: 2", b"Connection: b", b"C: 3"),
              ("C", "3"), without=("A", "B", "Connection"))
    for name, value in ((b"Keep-Alive", b"5"), (b"Proxy-Connection", b"close"), (b"Proxy-Authorization", b"Basic eA=="),
                        (b"TE", b"gzip"), (b"Trailer", b"X"), (b"HTTP2-Settings", b"AAMAAABk")):
        yield one("CN4", name.decode(), get(name + b": " + value, b"A: 1"), ("A", "1"), without=(name.decode(),))
    yield one("CN5", "no Connection", get(b"Upgrade: websocket"), without=("Upgrade",))
    for name, lines, te in (("trailers", (b"TE: trailers",), "trailers"), ("in a list", (b"TE: gzip;q=0.5, trailers",), "trailers"),
                            ("named by Connection", (b"Connection: TE", b"TE: trailers"), "trailers"),
                            ("others", (b"TE: gzip",), None)):
        yield one("CN4", f"TE, {name}", get(*lines), ("TE", [te] if te else []), ("Connection", ["TE"] if te else []))
    yield one("CN6", "h2c", get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AA"),
              without=("Upgrade", "HTTP2-Settings"))
    yield one("CN6", "h2c in a list", get(b"Connection: upgrade", b"Upgrade: websocket, h2c"), without=("Upgrade",))
    yield Case("CN11", "upgrade with a body", get(b"Connection: upgrade", b"Upgrade: websocket", b"Content-Length: 5",
                                                 method=b"POST") + b"hello", [200, 200],
               [("POST", "/", b"hello", True), LAST_SEEN], methods=["POST"])
    yield refused("RL21", "CONNECT, and what a client would send early",
                  b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n" + SMUGGLED, {405, 501}, methods=["CONNECT"])
    yield one("RL22", "counted down", get(b"Max-Forwards: 10", method=b"OPTIONS", target=b"*"), ("Max-Forwards", "9"))
    yield one("RL22", "other methods", get(b"Max-Forwards: 0"), ("Max-Forwards", "0"))
    yield refused("RL22", "not a number", get(b"Max-Forwards: x", method=b"TRACE"))
    yield refused("RL23", "TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50, {400, 505})
    yield refused("RL23", "preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505})
    yield refused("RL4", "1 MB of empty lines", b"\r\n" * 500000)
    yield Case("RL10", "no keep-alive", b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", [200], [("GET", "/", b"", True)])
    yield Case("RL10", "keep-alive", b"GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", [200, 200],
               [("GET", "/", b"", True), LAST_SEEN])


def body_cases():
    length = POST + b"Content-Length: 5\r\n\r\n"
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    hello = ("POST", "/p", b"hello", True)
    yield Case("CL8", "GET with a body that looks like a request", get(b"Content-Length: %d" % len(SMUGGLED)) + SMUGGLED,
               [200, 200], [("GET", "/", SMUGGLED, True), LAST_SEEN])
    yield Case("CL8", "HEAD with a body", get(b"Content-Length: 5", method=b"HEAD") + b"hello", [200, 200],
               [("HEAD", "/", b"hello", True), LAST_SEEN], methods=["HEAD"])
    yield Case("CL11", "closed early", length + b"he", [], UNFINISHED, last=False, half_close=True)
    yield Case("CL11", "closed early, chunked", chunked + b"5\r\nhe", [], UNFINISHED, last=False,
               half_close=True)
    yield Case("CL12", "CR LF behind the body", length + b"hello\r\n", [200, 200], [hello, LAST_SEEN], methods=["POST"])
    yield Case("CL12", "three of them", length + b"hello\r\n\r\n\r\n", [200, 200], [hello, LAST_SEEN], methods=["POST"])
    yield Case("CH10", "no last chunk", chunked + b"5\r\nhello\r\n", [], UNFINISHED, last=False, half_close=True)
    yield Case("CH10", "no final CR LF", chunked + b"5\r\nhello\r\n0\r\n", [], UNFINISHED, last=False,
               half_close=True)
    for row, name, rest in (
            ("CH9", "extension of 64 kB", b"5;" + b"a" * 65536 + b"\r\nhello\r\n0\r\n\r\n"),
            ("CH9", "20,000 zeros", b"0" * 20000 + b"5\r\nhello\r\n0\r\n\r\n"),
            ("CH14", "9,000 bytes of trailers", b"5\r\nhello\r\n0\r\n" + b"X: yyyyyy\r\n" * 900 + b"\r\n"),
            ("CH15", "broken second chunk", b"5\r\nhello\r\nx\r\n" + SMUGGLED),
            ("CH6", "a request behind too short a chunk", b"3\r\nhello\r\n0\r\n\r\n" + SMUGGLED),
            ("CH8", "line feed in an extension", b"5;a\nhello\r\n0\r\n\r\n" + SMUGGLED),
            ("LL2", "10,000 trailers", b"0\r\n" + b"X: y\r\n" * 10000 + b"\r\n")):
        yield Case(row, name, chunked + rest, [{400, 413, 431}], UNFINISHED, methods=["POST"])
    yield Case("CH11", "a trailer", chunked + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Sum:2\r\n\r\n", [200, 200],
               [trailers_are(("X-Sum", "1"), ("X-Sum", "2")), LAST_SEEN], methods=["POST"])
    yield Case("CH11", "announced", POST + b"Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n",
               [200, 200], [with_fields(("Trailer", "X-Sum")), LAST_SEEN], methods=["POST"])
    for row, name in (("CH12", b"Content-Length: 3"), ("CH12", b"Transfer-Encoding: gzip"),
                      ("CH12", b"Host: evil"), ("CH12", b"X_Forwarded_For: 9.9.9.9"), ("CH12", b"X-Real-IP: 9.9.9.9"),
                      ("CH12", b"Content-Type: a/b"), ("CH12", b"Cookie: a=b"), ("CH12", b"Connection: close"), ("CH12", b"X-Forwarded-For: 9.9.9.9"), ("CH12", b"Authorization: x")):
        yield Case(row, f"trailer {name.decode()}", chunked + b"5\r\nhello\r\n0\r\n" + name + b"\r\n\r\n", [200, 200],
                   [without_trailers(name.split(b":")[0].decode()), LAST_SEEN], methods=["POST"])
    yield Case("CH7", "not sent on", chunked + b"5;a=b;c=\"d\"\r\nhello\r\n0;e\r\n\r\n", [200, 200], [hello, LAST_SEEN],
               methods=["POST"])
    yield Case("TE5", "length and coding", POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
               [{400}], [], methods=["POST"])
    yield Case("TE8", "Connection names the framing", POST + b"Connection: content-length, host\r\nContent-Length: 5"
               b"\r\n\r\nhello", [200, 200], [hello, LAST_SEEN], methods=["POST"])
    yield one("HD13", "an underscore is dropped", get(b"A_B: 1", b"A-B: 2"), ("A-B", "2"), without=("A_B",))
    yield Case("HD13", "an underscore does not frame", POST + b"Content_Length: 5\r\nTransfer_Encoding: chunked\r\n\r\n",
               [200, 200], [("POST", "/p", b"", True), LAST_SEEN], methods=["POST"])
    yield Case("LB1", "1 MB up, length", POST + b"Content-Length: 1000000\r\n\r\n" + b"z" * 1000000, [200, 200],
               [("POST", "/p", b"z" * 1000000, True), LAST_SEEN], methods=["POST"])
    expect = b"Expect: 100-continue\r\n"
    interim = Answer(interim=b"HTTP/1.1 100 Continue\r\n\r\n")
    yield Case("EX1", "the 100 is passed on", POST + expect + b"Content-Length: 5\r\n\r\nhello", [200, 200],
               [hello, LAST_SEEN], interim, ["POST"], interims=[100])
    yield Case("EX1", "without a body there is none", get(expect[:-2]), [200, 200],
               [with_fields(without=("Expect",)), LAST_SEEN], interims=[])
    yield Case("EX1", "1.0 gets none", b"POST /p HTTP/1.0\r\nHost: x\r\nContent-Length: 5\r\n" + expect + b"\r\nhello",
               [200], [hello], interim, ["POST"], interims=[])
    yield Case("EX2", "417, and the body comes all the same", POST + expect + b"Content-Length: %d\r\n\r\n" %
               len(SMUGGLED) + SMUGGLED, [417, 200],
               [("POST", "/p", SMUGGLED, True), LAST_SEEN], Answer(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"), ["POST"])
    yield Case("EX3", "another expectation", POST + b"Expect: magic\r\nContent-Length: 5\r\n\r\nhello", [200, 200],
               [hello, LAST_SEEN], methods=["POST"])
    yield Case("EX3", "obfuscated", POST + b"Expect: y 100-continue\r\nContent-Length: 5\r\n\r\nhello", [200, 200],
               [hello, LAST_SEEN], methods=["POST"])


def trailers_are(*wanted):
    def check(request):
        if not request.complete or request.trailers != list(wanted) or any(request.all(name) for name, _ in wanted):
            return f"the server saw {request} with trailers {request.trailers}, wanted {wanted}"
        return None
    return check


def without_trailers(name):
    def check(request):
        if not request.complete or request.body != b"hello":
            return f"the server saw {request} {request.body!r}"
        evil = [value for key, value in request.trailers + request.fields if key.lower() == name.lower()
                and value not in ("x", "127.0.0.1", "chunked")]
        return f"{name} arrived: {evil}" if evil else None
    return check


def pipeline_cases():
    yield Case("PP1", "200 in a burst", b"".join(get(target=b"/%d" % i) for i in range(200)), [200] * 201,
               [("GET", f"/{i}", b"", True) for i in range(200)] + [LAST_SEEN], methods=["GET"] * 200)
    yield Case("PP1", "nothing behind an error", GET + b"GET / HTTP/1.1\r\n\r\n" + SMUGGLED, [200, 400],
               [("GET", "/", b"", True)], methods=["GET"] * 3)
    yield Case("PP1", "nothing behind close", GET + get(b"Connection: close") + SMUGGLED, [200, 200],
               [("GET", "/", b"", True)] * 2, methods=["GET"] * 3)
    for value in (b"close", b"Close", b"keep-alive, close", b"x, close, y"):
        yield Case("CN1", value.decode(), get(b"Connection: " + value) + SMUGGLED, [200], [("GET", "/", b"", True)])


def upgrade_cases():
    def tunnelled(conversation, requests):
        if [m.status for m in conversation.finals] != [101] or conversation.finals[0].body != b"from server":
            return f"the client saw {conversation}"
        return None
    for name in (b"websocket", b"WebSocket"):
        yield Case("CN9", f"101 to {name.decode()}", UPGRADE, [101], [with_fields(("Upgrade", "websocket"))],
                   Answer(SWITCH % name + b"from server", then="fin"), side="server", last=False, check=tunnelled,
                   half_close=True)
    for name, asked, answer in (("another protocol", UPGRADE, SWITCH % b"other"), ("not asked for", GET, SWITCH % b"websocket"),
                                ("no Upgrade", UPGRADE, b"HTTP/1.1 101 Switching Protocols\r\n\r\n"),
                                ("1.0", UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"), SWITCH % b"websocket")):
        yield Case("CN10", name, asked, [502] if name == "1.0" else [502, 200], None, Answer(answer, then="fin"),
                   side="server")
    for status in (b"200 OK", b"426 Upgrade Required"):
        yield Case("CN8", status.decode(), UPGRADE + GET, [int(status[:3])] * 2 + [200],
                   None, Answer(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok"), ["GET"] * 2)


def response_cases():
    two = OK + b"Content-Length: 2\r\n\r\nok"
    evil = OK + b"Content-Length: 4\r\n\r\nevil"
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    yield response("RF5", "a second response", two + evil, [200, 200], body_is(b"last", number=1), only=RACE)
    yield response("RF5", "CR LF", two + b"\r\n", [200, 200], body_is(b"last", number=1), only=RACE)
    yield response("RF5", "three bytes", two + b"abc", [200, 200], body_is(b"last", number=1), only=RACE)
    yield response("RF6", "closed in the body", OK + b"Content-Length: 10\r\n\r\nhello", [200], body_is(b"hello", False),
                   then="fin", end="cut")
    yield response("RF6", "reset in the body", OK + b"Content-Length: 10\r\n\r\nhello", [200], None, then="rst", end="cut")
    yield response("RF6", "no last chunk", chunked + b"5\r\nhello\r\n", [200], body_is(b"hello", False), then="fin",
                   end="cut")
    yield response("RF6", "closed in a chunk", chunked + b"9\r\nhello", [200], None, then="fin", end="cut")
    yield response("RF7", "until close", OK + b"\r\nhello", [200, 200], body_is(b"hello"), then="fin")
    for name, rest in (("bare line feed", b"5\nhello\n0\n\n"), ("two sizes", b"5 5\r\nhello\r\n0\r\n\r\n"),
                       ("overflow", b"10000000000000005\r\nhello\r\n0\r\n\r\n"), ("no CR LF", b"5\r\nhello0\r\n\r\n"),
                       ("hexadecimal mark", b"0x5\r\nhello\r\n0\r\n\r\n"), ("no size", b"\r\nhello\r\n0\r\n\r\n")):
        yield response("RC1", name, chunked + rest, [{200, 502}], not_whole, then="fin", end="cut")
    yield response("RC2", "a trailer", chunked + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", [200, 200], sum_trailer)
    yield response("RC2", "a trailer of the framing", chunked + b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n", [200, 200],
                   no_trailer)
    for name in (b"Transfer-Encoding: x", b"Set-Cookie: a=b", b"Content-Type: a/b", b"Connection: close", b"Location: /"):
        yield response("RC2", name.decode(), chunked + b"5\r\nhello\r\n0\r\n" + name + b"\r\n\r\n", [200, 200], no_trailer)
    yield response("RC2", "a malformed trailer", chunked + b"5\r\nhello\r\n0\r\nX : 1\r\n\r\n", [{200, 502}], not_whole,
                   then="fin", end="cut")
    yield response("RB1", "HEAD with a body", evil, [200, 200], body_is(b"last", number=1), methods=["HEAD"],
                   send=get(method=b"HEAD"))
    yield response("RB1", "204 with a body", b"HTTP/1.1 204 No\r\nContent-Length: 4\r\n\r\nevil", [204, 200],
                   body_is(b"last", number=1))
    yield response("RB1", "304 with a body", b"HTTP/1.1 304 No\r\nContent-Length: 4\r\n\r\nevil", [304, 200],
                   body_is(b"last", number=1))
    yield response("RB2", "204 with a length", b"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", [204, 200],
                   lambda c, _: None if not c.finals[0].all("Content-Length") else "a length in 204")
    many = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + two
    yield response("RB3", "100 and 103", many, [200, 200], interims=[100, 103])
    yield response("RB3", "not to 1.0", many, [200], send=b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", interims=[])
    yield response("RB4", "103 with a length", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello" + two,
                   [502, 200])
    yield response("RB5", "chunked to 1.0", chunked + b"5\r\nhello\r\n0\r\n\r\n", [200], body_is(b"hello"),
                   send=b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", end="fin")
    yield response("RS4", "1.0 and a length", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", [200, 200],
                   body_is(b"last", number=1))
    yield response("RX1", "closed without a byte", b"", [502, 200], then="fin", send=POST + b"\r\n",
                   methods=["POST"])
    yield response("RX1", "half a head", b"HTTP/1.1 200 OK\r\nSecret: 1", [502, 200],
                   lambda c, _: "told" if b"Secret" in c.data else None, then="fin")
    yield Case("RX2", "413 before the body", POST + b"Content-Length: 1000\r\n\r\n" + SMUGGLED, [413],
               UNFINISHED, Answer(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno", then="fin", early=True), ["POST"],
               last=False)
    yield response("RX4", "endless field", OK + b"X: " + b"y" * 100000 + b"\r\n\r\n", [502, 200], then="fin")
    yield response("RX4", "10,000 fields", OK + b"X: y\r\n" * 10000 + b"\r\n", [502, 200], then="fin")
    yield response("LL3", "2,000 interim responses", b"HTTP/1.1 103 Hints\r\n\r\n" * 2000 + two, [502, 200], then="fin")
    yield response("LL3", "endless trailers", chunked + b"0\r\n" + b"X: y\r\n" * 100000, [200], not_whole, then="fin",
                   end="cut")
    fields = [("Set-Cookie", ["a=1, x", "b=2"]), ("ETag", ["\"x,y\""]), ("Date", ["Thu, 01 Jan 1970 00:00:00 GMT"])]
    lines = "".join(f"{name}: {value}\r\n" for name, values in fields for value in values).encode()
    yield response("RH1", "fields", b"HTTP/1.1 299 Odd  Words\r\n" + lines + b"Content-Length: 2\r\n\r\nok", [299, 200],
                   lambda c, _: None if all(c.finals[0].all(n) == v for n, v in fields) else f"changed: {c.finals[0]}")
    large = b"w" * 1000000
    for name, data, then in (("length", OK + b"Content-Length: 1000000\r\n\r\n" + large, "keep"),
                             ("chunked", chunked + b"f4240\r\n" + large + b"\r\n0\r\n\r\n", "keep"),
                             ("until close", OK + b"\r\n" + large, "fin")):
        yield response("LB1", f"1 MB down, {name}", data, [200, 200], body_is(large), then=then)


def not_whole(conversation, _requests):
    whole = [m for m in conversation.finals if m.status == 200 and m.complete]
    return f"a whole response: {whole}" if whole else None


def sum_trailer(conversation, _requests):
    seen = conversation.finals[0]
    if seen.body != b"hello" or seen.get("X-Sum") or seen.trailers != [("X-Sum", "1")]:
        return f"the client saw {seen} {seen.body!r} {seen.trailers}"
    return None


def no_trailer(conversation, _requests):
    seen = conversation.finals[0]
    if seen.body != b"hello" or seen.trailers or seen.all("Content-Length"):
        return f"the client saw {seen} {seen.body!r}"
    return None


def cases():
    for group in (head_cases, body_cases, pipeline_cases, upgrade_cases, response_cases):
        yield from group()
