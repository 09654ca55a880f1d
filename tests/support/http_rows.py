"""The rows of what a safe HTTP/1.1 proxy has to do, and cases for them: what is sent, and what must be seen at both ends.

A case comes from one of two places: the tables of the parsers' unit tests (each of their inputs goes through the daemon
as well), and http_row_cases.py, for what only a whole proxy can show. tests/integration/test_http_rows.py runs them all in
several cuts; tests/support/differential.py runs them through other proxies too. Rows that need time, size or faults are
tests of their own, marked with the row.
"""
import pathlib
import re

import wire

TOP = pathlib.Path(__file__).resolve().parents[2]
TABLES = TOP / "tests/unit/http"

ROWS = {
    # Request line
    "RL1": "a valid request goes on, its target byte for byte", "RL2": "a line feed alone ends no line",
    "RL3": "a carriage return alone is refused", "RL4": "a few empty lines in front are skipped",
    "RL5": "nothing else may stand in front", "RL6": "exactly one space between the parts",
    "RL7": "no version, no request", "RL8": "a version that is not HTTP/1.x is refused",
    "RL9": "1.2 to 1.9 are 1.1", "RL10": "1.0 is served as 1.0, and sent on as 1.1",
    "RL11": "a method is a token", "RL12": "an unknown method goes on as it is",
    "RL13": "no control bytes in a target", "RL14": "no bytes above 0x7e in a target",
    "RL15": "no fragment in a target", "RL16": "the form of the target fits the method",
    "RL17": "what is percent-encoded stays so", "RL18": "absolute-form becomes origin-form",
    "RL19": "authority and Host say the same", "RL20": "a doubtful authority is refused",
    "RL21": "CONNECT is refused unless it is enabled, and a tunnel only after 2xx",
    "RL22": "Max-Forwards of OPTIONS and TRACE counts", "RL23": "other protocols get a short answer",
    "RL24": "8,000 bytes of request line pass, too many are 414",
    # Host
    "HO1": "1.1 has a Host", "HO2": "one Host", "HO3": "its value is a host and a port",
    "HO4": "no control bytes in it", "HO5": "it is not empty", "HO6": "it goes on as it came",
    "HO7": "no second Host by tricks",
    # Fields
    "HD1": "no blank in front of the colon", "HD2": "a field has a colon", "HD3": "a field has a name",
    "HD4": "a name is a token", "HD5": "no NUL in a value", "HD6": "no carriage return in a value",
    "HD7": "no other control byte in a value", "HD8": "no folding", "HD9": "blanks around a value are not part of it",
    "HD10": "repeated fields stay apart and in order", "HD11": "a long name is not shortened",
    "HD12": "a head that is too large is 431", "HD13": "an underscore makes another name, which is dropped",
    # Content-Length
    "CL1": "exactly that many bytes", "CL2": "digits only", "CL3": "no empty length", "CL4": "no list of lengths",
    "CL5": "no two lengths", "CL6": "no overflow", "CL7": "decimal, sent on without leading zeros",
    "CL8": "a body of any method goes on with it", "CL9": "no body in a 1.0 GET", "CL10": "no framing, no body",
    "CL11": "a body that breaks off is never completed", "CL12": "CR LF behind a body is an empty line",
    # Transfer-Encoding
    "TE1": "chunked alone", "TE2": "any other coding is refused", "TE3": "no empty elements", "TE4": "one field",
    "TE5": "not together with a length", "TE6": "not together with a length by tricks", "TE7": "not in 1.0",
    "TE8": "Connection cannot remove framing or Host",
    # Chunks
    "CH1": "a size is some hexadecimal digits", "CH2": "and nothing else", "CH3": "large sizes are themselves",
    "CH4": "no overflow", "CH5": "a line feed alone ends no line", "CH6": "CR LF where it belongs, and only there",
    "CH7": "extensions are not sent on", "CH8": "their syntax is checked", "CH9": "a size line has a limit",
    "CH10": "without its end a body is not complete", "CH11": "trailers go on as trailers, and are not merged",
    "CH12": "dangerous trailers do not go on", "CH13": "malformed trailers are refused", "CH14": "trailers have a limit",
    "CH15": "an error behind forwarded data ends both connections",
    # Connection
    "CN1": "close is close", "CN2": "what Connection names is removed", "CN3": "but not what the proxy adds",
    "CN4": "hop-by-hop fields are removed", "CN5": "Upgrade needs Connection: upgrade and 1.1", "CN6": "never h2c",
    "CN7": "bytes behind an upgrade wait for the 101", "CN8": "no 101, no tunnel", "CN9": "a tunnel ends both connections",
    "CN10": "a 101 nobody asked for is 502", "CN11": "an upgrade with a body is none",
    "PP1": "pipelined requests, one at a time, in order", "PP2": "who does not read is not read",
    "FF1": "the last X-Forwarded-For is the real peer", "EX1": "100-continue is passed on",
    "EX2": "a final answer instead of 100 ends the connection", "EX3": "other expectations change nothing",
    # Responses
    "RS1": "a malformed status line is 502", "RS2": "so are malformed fields", "RS3": "so is a blank before a colon",
    "RS4": "a 1.0 response becomes 1.1", "RF1": "length and coding together are 502", "RF2": "a bad length is 502",
    "RF3": "a bad coding is 502", "RF4": "a coding in 1.0 is 502", "RF5": "bytes behind a response reach nobody",
    "RF6": "a cut response is seen as cut", "RF7": "until-close becomes chunked", "RC1": "bad chunks of a server are cut",
    "RC2": "its trailers go on as trailers", "RB1": "no body where there is none", "RB2": "204 has no length",
    "RB3": "interim responses reach 1.1 clients", "RB4": "an interim response has no body",
    "RB5": "a 1.0 client gets no chunks", "RX1": "no response is 502, 503 or 504", "RX2": "an early answer is passed on",
    "RX3": "an answer to nothing poisons nobody", "RX4": "a response head has limits",
    "RH1": "fields of a response do not change",
    # Time and size
    "LT1": "a head has a deadline", "LT2": "a body must not stall", "LT3": "a late body is no request",
    "LT4": "a silent server is 504 or a cut", "LL1": "every part of a head has a limit",
    "LL2": "so has every part of a body's framing", "LL3": "so have interim responses and trailers of a server",
    "LC1": "stalled, reset and aborting clients leave nothing behind", "LB1": "large bodies arrive, in each framing",
    "LP": "no descriptor and no memory is lost over a whole run",
}


def error_statuses():
    text = (TOP / "src/http/http_error.def").read_text()
    return {word: int(status) for status, word in re.findall(r'^HTTP_ERROR\(\w+, (\d+), "(\w+)"', text, re.M)}


class Case:
    """statuses: of the final responses, each a number or a set; requests: what the server must see: UNFINISHED, or a
    list of functions or (method, target, body, complete) each; None: not looked at. last: one more request follows, which must not be
    answered unless the others were and the connection may go on; it closes the connection. side: whose bytes are cut.
    check: function(conversation, requests) that returns what is wrong, or None. wait: s, for a connection that stays
    open. only: the cuts that make sense."""

    def __init__(self, row, name, send, statuses, requests=None, answer=None, methods=None, last=True,
                 half_close=False, side="client", check=None, interims=None, end="fin", wait=None, only=None):
        self.row, self.name, self.send, self.statuses, self.requests = row, name, send, statuses, requests
        self.answer, self.methods, self.last, self.half_close = answer, methods or ["GET"], last, half_close
        self.side, self.check, self.interims, self.end = side, check, interims, end
        self.wait, self.only = wait, only
        if row not in ROWS:
            raise ValueError(row)

    @property
    def id(self):
        return f"{self.row}: {self.name}"

    def run(self, address, recorder, cut="whole", wait=5.0):
        """(conversation, requests that the server saw), one case at a time for each recorder."""
        answer = self.answer or wire.Answer()
        if self.side == "server":
            answer = wire.Answer(answer.data, cut, answer.then, answer.early, answer.interim)
            cut = "whole"
        recorder.begin(answer)
        wait = self.wait or wait
        data = self.send + (wire.LAST if self.last else b"")
        conversation = wire.converse(address, data, cut, [*self.methods, "GET"], self.half_close, wait)
        if self.half_close:
            recorder.catch_up()  # what was under way when the client left may still arrive
        recorder.settle(min(wait, 2.0))
        return conversation, recorder.requests

    def cuts(self):
        if self.only:
            return self.only
        data = self.send if self.side == "client" else self.answer.data
        return [cut for cut in wire.CUTS if cut != "bytes" or len(data) <= 1500]


HOP = ("Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate", "TE", "Trailer", "HTTP2-Settings")


def wrong_request(request):
    """What no server may ever see."""
    if request.malformed:
        return f"malformed for the server: {request.malformed}"
    if request.version != "1.1" or len(request.all("Host")) != 1:
        return f"version or Host: {request}"
    if request.all("X-Forwarded-For") != ["127.0.0.1"]:
        return f"X-Forwarded-For: {request}"
    # Trailers may go on: their announcement, and that they are welcome.
    found = [name for name in HOP if request.all(name) and not (name == "TE" and request.all("TE") == ["trailers"])
             and not (name == "Trailer" and request.framing == "chunked")]
    if found or (request.all("Upgrade") and [v.lower() for v in request.all("Connection")] != ["upgrade"]):
        return f"hop-by-hop fields: {request}"
    return None


def wrong_response(message, minor0):
    if message.version != "1.1":
        return f"version {message}"
    if minor0 and message.framing == "chunked":
        return "chunked to HTTP/1.0"
    if message.status in (204, 304) and message.all("Transfer-Encoding"):
        return f"coding without body {message}"
    return None


def complaints(case, conversation, requests, junk):
    """What is wrong with what was seen, as a list of texts."""
    found = [f"the server saw junk: {data[:200]!r}" for data in junk]
    found += [text for text in map(wrong_request, requests) if text]
    minor0 = b" HTTP/1.0\r\n" in case.send
    found += [text for text in (wrong_response(message, minor0) for message in conversation.finals) if text]
    if conversation.junk:
        found.append(f"the client saw junk: {conversation.junk}")
    good = len(conversation.statuses) == len(case.statuses) and all(
        seen == wanted or (isinstance(wanted, (set, frozenset)) and seen in wanted)
        for seen, wanted in zip(conversation.statuses, case.statuses))
    if not good:
        found.append(f"statuses {conversation.statuses}, wanted {case.statuses}")
    if case.interims is not None and [message.status for message in conversation.interims] != case.interims:
        found.append(f"interim {conversation.interims}, wanted {case.interims}")
    ends = {"fin", "rst"} if case.end == "cut" else {case.end}
    if conversation.end not in ends:
        found.append(f"the connection is {conversation.end}, wanted {case.end}")
    found += wrong_requests(case, requests)
    if case.check:
        found += [text for text in [case.check(conversation, requests)] if text]
    return found


def wrong_requests(case, requests):
    if case.requests is None:
        return []
    if case.requests == UNFINISHED:
        return [f"a whole request: {request}" for request in requests if request.complete]
    if len(requests) != len(case.requests):
        return [f"the server saw {len(requests)} requests, wanted {len(case.requests)}: {requests}"]
    found = []
    for request, wanted in zip(requests, case.requests):
        if callable(wanted):
            text = wanted(request)
            if text:
                found.append(text)
        elif (request.method, request.target, request.body, request.complete) != wanted:
            found.append(f"the server saw {request} {request.body[:100]!r}, wanted {wanted}")
    return found


# The server saw nothing of it, or only its beginning: how much is a matter of when the fault arrived.
UNFINISHED = "unfinished"
LAST_SEEN = ("GET", "/last", b"", True)


# --- the tables of the unit tests -----------------------------------------------------------------------------------

LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"', re.S)
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "v": b"\v", "f": b"\f", "a": b"\a", "b": b"\b", "\\": b"\\", '"': b'"',
           "'": b"'", "e": b"\x1b", "?": b"?"}


def unescape(text):
    """The bytes of a C string literal without its quotes."""
    def one(match):
        if match[1]:
            return bytes([int(match[1], 16) & 255])
        if match[2]:
            return bytes([int(match[2], 8) & 255])
        return ESCAPES[match[3].decode()]
    return re.sub(rb"\\(?:x([0-9a-fA-F]+)|([0-7]{1,3})|(.))", one, text.encode("latin-1"), flags=re.S)


def table(name):
    """The rows of a .def file: lists of bytes (of literals) and str (of words)."""
    text = re.sub(r"/\*.*?\*/", "", (TABLES / name).read_text("latin-1"), flags=re.S)
    rows, at = [], 0
    while (at := text.find("CASE(", at)) >= 0:
        at += 5
        arguments, current = [], None
        while True:
            literal = LITERAL.match(text, at)
            if literal:
                current = (current or b"") + unescape(literal[1])
                at = literal.end()
            elif text[at] in ",)":
                arguments.append(current)
                current = None
                at += 1
                if text[at - 1] == ")":
                    break
            elif text[at].isspace():
                at += 1
            else:
                word = re.compile(r"\w+").match(text, at)
                current, at = word[0], word.end()
        rows.append(arguments)
    return rows


def label(data):
    return repr(data[:80])[2:-1] + ("..." if len(data) > 80 else "")


def unique(rows, key):
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups.items()


def target_on(method, target):
    """The target as it is sent on."""
    match = re.fullmatch(r"https?://[^/?]*(.*)", target, re.I | re.S)
    if not match:
        return target
    if not match[1]:
        return "*" if method == "OPTIONS" else "/"
    return match[1] if match[1][0] == "/" else "/" + match[1]


def keeps(request):
    options = [option.strip().lower() for value in request.all("Connection") for option in value.split(",")]
    return "close" not in options and (request.version != "1.0" or "keep-alive" in options)


REWRITTEN = {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "x-forwarded-for",
             "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"}


def fields_wanted(wants):
    """A check of what must have arrived, or must not, from the lines that a table wants."""
    def check(request):
        for want in (line for want in wants for line in want.split("\n")):
            match = re.fullmatch(r"(field|drop) ([^:]+): ?(.*)", want, re.S)
            if not match or match[2].lower() in REWRITTEN:
                continue
            # The parser reads names with an underscore like others; unless something else is said, they end here.
            wanted = match[1] == "field" and "_" not in match[2]
            if wanted != (match[3] in request.all(match[2])):
                return f"'{want}', but the server saw {request}"
        return None
    return check


def accepted_case(row, data, wants):
    """A head that the parser accepts, made a whole message."""
    skipped = len(data) - len(data.lstrip(b"\r\n"))
    request, end = wire.read_request_head(data[skipped:])
    end += skipped
    lengths = [re.sub(r"^0+(?=\d)", "", value) for value in request.all("Content-Length")]
    minor0 = data[skipped:end].split(b"\r\n")[0].endswith(b"HTTP/1.0")
    method, target = request.method, target_on(request.method, request.target)
    body = b""
    if lengths and int(lengths[0]) > 1 << 20:
        # Only its beginning: what the server waits for tells how the number was read.
        def unfinished(seen):
            if seen.complete or seen.all("Content-Length") != [lengths[0]]:
                return f"wanted a body of {lengths[0]}: {seen}"
            return None
        return Case(row, label(data), data[:end] + b"hello", [], [unfinished], methods=[method], last=False,
                    end="open", wait=0.3)
    if lengths:
        body = b"x" * int(lengths[0])
        data = data[:end] + body
    elif request.all("Transfer-Encoding"):
        body = b"hello"
        data = data[:end] + b"5\r\nhello\r\n0\r\n\r\n"
    else:
        data = data[:end]
    if method in ("OPTIONS", "TRACE") and request.all("Max-Forwards") == ["0"]:
        return Case(row, label(data), data, [405 if method == "TRACE" else 200, 200], [LAST_SEEN], methods=[method])
    check = fields_wanted(wants)

    def arrived(seen):
        if (seen.method, seen.target, seen.body, seen.complete) != (method, target, body, True):
            return f"the server saw {seen} {seen.body!r}, wanted {method} {target} {body!r}"
        return check(seen)
    keep = keeps(request) and not (minor0 and not keeps(request))
    return Case(row, label(data), data, [200, 200] if keep else [200],
                [arrived, LAST_SEEN] if keep else [arrived], methods=[method])


def request_cases():
    statuses = error_statuses()
    for (row, data), group in unique(table("request_cases.def"), lambda r: (r[0].decode(), r[1])):
        verdict, wants = group[0][2].decode(), [want[3].decode("latin-1") for want in group]
        if verdict == "ok":
            yield accepted_case(row, data, wants)
        elif verdict == "more":
            yield Case(row, "cut: " + label(data), data, [], [], last=False, half_close=True)
        else:
            yield Case(row, label(data), data, [statuses[verdict]], [])


CHUNKED_HEAD = b"POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked_cases():
    for (row, data), group in unique(table("chunked_cases.def"), lambda r: (r[0].decode(), r[1])):
        verdict, body = group[0][2].decode(), group[0][3]
        if verdict == "end":
            # What follows the body in the unit test is no request here.
            reading = wire.Message([], "1.1")
            strict = re.sub(rb"^([0-9a-fA-F]+)[ \t]*;[^\r]*(?=\r\n)", rb"\1", data)
            try:
                data = data[:len(data) - len(strict) + wire.read_chunks(reading, strict)]
            except (wire.Malformed, wire.Short):
                pass
            yield Case(row, label(data), CHUNKED_HEAD + data, [200, 200],
                       [("POST", "/chunked", body, True), LAST_SEEN], methods=["POST"])
        elif verdict == "more":
            yield Case(row, "cut: " + label(data), CHUNKED_HEAD + data, [], UNFINISHED, methods=["POST"],
                       last=False, half_close=True)
        else:
            yield Case(row, label(data), CHUNKED_HEAD + data, [{400, 413, 431}], UNFINISHED, methods=["POST"])


def response_cases():
    for (row, method, data), group in unique(table("response_cases.def"), lambda r: (r[0].decode(), r[1], r[2])):
        verdict = group[0][3].decode()
        case = response_case(row, method, data, verdict)
        if case:
            yield case


def response_case(row, method, data, verdict):
    if method == "CONNECT":
        return None  # tests/integration/test_connect.py
    send = f"{method} /response HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    name = label(data) if method == "GET" else f"{method}, {label(data)}"
    if verdict != "ok":
        return Case(row, name, send, [502, 200], None, wire.Answer(data, then="fin"), [method], side="server")
    message, end = wire.read_response_head(data)
    if message.status == 101:
        return None  # nobody asked for it here; http_row_cases.py does
    then, body = "keep", b""
    if message.status < 200:
        data += b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfinal"
        return Case(row, name, send, [200, 200], None, wire.Answer(data), [method], side="server",
                    interims=[message.status])
    bodyless = message.status in (204, 304) or method == "HEAD"
    if not bodyless and message.all("Content-Length"):
        body = b"y" * int(message.get("Content-Length"))
        data += body
    elif not bodyless and message.all("Transfer-Encoding"):
        body = b"hello"
        data += b"5\r\nhello\r\n0\r\n\r\n"
    elif not bodyless:
        body, then = b"until the end", "fin"
        data += body

    def check(conversation, _requests):
        seen = conversation.finals[0]
        if (seen.status, seen.reason, seen.body, seen.complete) != (message.status, message.reason, body, True):
            return f"the client saw {seen} {seen.body!r}, wanted {message} {body!r}"
        for field in message.fields:
            if field[0].lower() in ("x", "set-cookie", "etag", "date") and field not in seen.fields:
                return f"no {field} in {seen}"
        return None
    return Case(row, name, send, [message.status, 200], None, wire.Answer(data, then=then), [method],
                side="server", check=check)


def all_cases():
    import http_row_cases
    cases = [*request_cases(), *chunked_cases(), *response_cases(), *http_row_cases.cases()]
    names = set()
    for case in cases:
        while case.id in names:
            case.name += " (again)"
        names.add(case.id)
    return cases
