"""Both ends of a proxy at the level of bytes: a client that sends exactly what it is given, in any cuts, and a server
that records what reaches it and answers as told. Both read strictly, so that a message that only a lenient reader would
take is reported as malformed. Used by the conformance tests and by the differential run.
"""
import re
import select
import socket
import threading
import time

from lbdtest import PACE

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([!-\xff]+) HTTP/(1\.[0-9])")
STATUS_LINE = re.compile(rb"HTTP/(1\.[0-9]) ([1-5][0-9][0-9])(?: ([\t -~\x80-\xff]*))?")
FIELD_LINE = re.compile(rb"(" + TOKEN + rb"):[ \t]*((?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)[ \t]*")
CHUNK_LINE = re.compile(rb"([0-9a-fA-F]{1,16})")
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CUTS = ("whole", "bytes", "lines")
PAUSE = 0.0002  # between two pieces: time for the reader to be woken
LINES = 500  # so many are cut one by one; what is behind them comes in so many pieces


class Malformed(Exception):
    """What was read is not a message; says why."""


class Short(Exception):
    """The bytes end inside a message."""


class Message:
    """A request or a response. version: "1.1"; fields: [(name, value)]; complete: its body ended as announced."""

    def __init__(self, fields, version):
        self.fields, self.version = fields, version
        self.body, self.complete, self.framing, self.trailers = b"", False, "none", []
        self.method = self.target = self.status = self.reason = self.malformed = None
        self.ended = None  # how the connection of an incomplete one ended: "fin", "rst", "open"

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def __repr__(self):
        what = f"{self.method} {self.target}" if self.method else str(self.status)
        tail = "" if self.complete else f", incomplete ({self.ended})"
        return f"<{what} HTTP/{self.version} {self.fields} {len(self.body)} bytes {self.framing}{tail}>"


def pieces(data, cut):
    """data in the pieces of this cut: whole, byte by byte, or around each CR and LF."""
    if cut == "whole" or len(data) < 2:
        return [data] if data else []
    if cut == "bytes":
        return [data[i:i + 1] for i in range(len(data))]
    lines = [piece for piece in re.split(rb"(\r|\n)", data) if piece]
    step = len(lines) // LINES + 1
    return lines[:LINES] + [b"".join(lines[i:i + step]) for i in range(LINES, len(lines), step)]


def send_cut(sock, data, cut):
    """True when all of it could be sent."""
    try:
        for piece in pieces(data, cut):
            sock.sendall(piece)
            if cut != "whole":
                time.sleep(PAUSE)
        return True
    except OSError:
        return False


def read_fields(lines):
    fields = []
    for line in lines:
        match = FIELD_LINE.fullmatch(line)
        if not match:
            raise Malformed(f"field line {line!r}")
        fields.append((match[1].decode(), match[2].decode("latin-1")))
    return fields


def split_head(data):
    end = data.find(b"\r\n\r\n")
    if end < 0:
        raise Short
    lines = data[:end].split(b"\r\n")
    if any(b"\n" in line or b"\r" in line for line in lines):
        raise Malformed(f"line end inside a line of {data[:end]!r}")
    return lines, end + 4


def read_framing(message):
    """("none",), ("length", n) or ("chunked",); one decision, without repairs."""
    lengths, codings = message.all("Content-Length"), message.all("Transfer-Encoding")
    if codings:
        if lengths or [coding.lower() for coding in codings] != ["chunked"] or message.version == "1.0":
            raise Malformed(f"framing {lengths} {codings} in HTTP/{message.version}")
        return ("chunked",)
    if not lengths:
        return ("none",)
    if len(lengths) != 1 or not re.fullmatch(r"0|[1-9][0-9]*", lengths[0]):
        raise Malformed(f"lengths {lengths}")
    return ("length", int(lengths[0]))


def read_chunks(message, data):
    """Fills body and trailers; returns where the body ends in data."""
    at = 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            raise Short
        match = CHUNK_LINE.fullmatch(data[at:end])
        if not match:
            raise Malformed(f"chunk size {data[at:end]!r}")
        size, at = int(match[1], 16), end + 2
        if not size:
            break
        message.body += data[at:at + size]
        if len(data) < at + size + 2:
            raise Short
        if data[at + size:at + size + 2] != b"\r\n":
            raise Malformed("no CR LF behind a chunk")
        at += size + 2
    end = at if data[at:at + 2] == b"\r\n" else data.find(b"\r\n\r\n", at)
    if end < 0 or len(data) < at + 2:
        raise Short
    if end > at:
        message.trailers = read_fields(data[at:end].split(b"\r\n"))
        end += 2
    return end + 2


def read_body(message, framing, data):
    """Returns where the message ends in data, which starts behind its head."""
    message.framing, message.body = framing[0], b""
    if framing[0] == "chunked":
        return read_chunks(message, data)
    if framing[0] == "length":
        message.body = data[:framing[1]]
        if len(data) < framing[1]:
            raise Short
        return framing[1]
    return 0


def read_request_head(data):
    lines, end = split_head(data)
    match = REQUEST_LINE.fullmatch(lines[0])
    if not match:
        raise Malformed(f"request line {lines[0]!r}")
    message = Message(read_fields(lines[1:]), match[3].decode())
    message.method, message.target = match[1].decode(), match[2].decode("latin-1")
    return message, end


def read_response_head(data):
    lines, end = split_head(data)
    match = STATUS_LINE.fullmatch(lines[0])
    if not match:
        raise Malformed(f"status line {lines[0]!r}")
    message = Message(read_fields(lines[1:]), match[1].decode())
    message.status, message.reason = int(match[2]), (match[3] or b"").decode("latin-1")
    return message, end


def read_response(data, method, ended):
    """(message, end) of the response at the start of data; ended: nothing follows data. A cut one is incomplete."""
    message, end = read_response_head(data)
    bodyless = message.status < 200 or message.status in (204, 304) or method == "HEAD"
    framing = ("none",) if bodyless else read_framing(message)
    if not bodyless and framing == ("none",):
        message.framing, message.body, message.complete = "close", data[end:], ended
        return message, len(data)
    try:
        end += read_body(message, framing, data[end:])
        message.complete = True
    except Short:
        end = len(data)
    return message, end


class Conversation:
    """What a client saw. finals, interims: responses; junk: bytes that are none, or why not; end: "fin", "rst" when the
    connection ended, "open" when it did not in time."""

    def __init__(self, data, methods, end):
        self.data, self.end, self.finals, self.interims, self.junk = data, end, [], [], ""
        methods = list(methods)
        while data:
            try:
                message, used = read_response(data, methods[0] if methods else "GET", end != "open")
            except (Malformed, Short) as why:
                self.junk = f"{why} {data[:200]!r}"
                return
            data = data[used:]
            if message.status < 200 and message.status != 101:
                self.interims.append(message)
                continue
            self.finals.append(message)
            methods = methods[1:]
            if message.status == 101:
                message.body = data
                return

    @property
    def statuses(self):
        return [message.status for message in self.finals]

    def __repr__(self):
        return f"{self.interims}{self.finals}{' junk ' + self.junk if self.junk else ''}, {self.end}"


def converse(address, data, cut="whole", methods=("GET",), half_close=False, wait=5.0 * PACE, reset=False):
    """Sends data, then reads until the other side ends, at most wait seconds."""
    received, end = b"", "open"
    with socket.create_connection(address) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(wait)
        sent = send_cut(sock, data, cut)
        try:
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                return Conversation(b"", methods, "open")
            if half_close and sent:
                sock.shutdown(socket.SHUT_WR)
            limit = time.monotonic() + wait
            while time.monotonic() < limit:
                sock.settimeout(max(0.01, limit - time.monotonic()))
                more = sock.recv(1 << 18)
                if not more:
                    end = "fin"
                    break
                received += more
        except socket.timeout:
            pass
        except OSError:
            end = "rst"
    return Conversation(received, methods, end)


class Answer:
    """What the recorder does with a request. data: the bytes of the answer; then: "keep", "fin" or "rst"; early: before
    the body; interim: bytes that are sent before the body in any case."""

    def __init__(self, data=None, cut="whole", then="keep", early=False, interim=b""):
        self.data, self.cut, self.then, self.early, self.interim = data, cut, then, early, interim


def plain_answer(request):
    body = b"last" if request.target == "/last" else b"ok"
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    return head if request.method == "HEAD" else head + body


class Recorder:
    """A server. begin() forgets what was; requests: what came since then, complete or not."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock, self.open = threading.Lock(), set()
        self.begin()
        threading.Thread(target=self._accept, daemon=True).start()

    def begin(self, answer=None):
        self.requests, self.junk, self.connections = [], [], 0
        self.answer = answer or Answer()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            data = b""
            while data is not None:
                data = self._exchange(sock, data)
        except OSError:
            pass
        finally:
            self.open.discard(sock)
            sock.close()

    def _more(self, sock, data, request):
        """data and what comes next; None at the end, which is noted in the request."""
        try:
            more = sock.recv(1 << 18)
        except OSError:
            more = None
        if more:
            return data + more
        if request:
            request.ended = "fin" if more == b"" else "rst"
        elif data:
            self.junk.append(data)
        return None

    def _exchange(self, sock, data):
        """One request; what is left of the bytes behind it, or None when the connection is over."""
        while True:
            try:
                request, end = read_request_head(data)
                framing = read_framing(request)
                break
            except Short:
                data = self._more(sock, data, None)
                if data is None:
                    return None
            except Malformed as why:
                self.junk.append(str(why).encode() + data)
                return None
        requests, answer = self.requests, self.answer
        requests.append(request)
        data = data[end:]
        if answer.interim and request.target != "/last":
            sock.sendall(answer.interim)
        if answer.early and request.target != "/last" and not self._reply(sock, request, answer):
            request.ended = answer.then
            return None
        while True:
            try:
                end = read_body(request, framing, data)
                request.complete = True
                break
            except Short:
                data = self._more(sock, data, request)
                if data is None:
                    return None
            except Malformed as why:
                request.malformed = str(why)
                return None
        if not answer.early or request.target == "/last":
            if not self._reply(sock, request, answer):
                return None
        return data[end:]

    @staticmethod
    def _reply(sock, request, answer):
        if answer.data is None or request.target == "/last":
            sock.sendall(plain_answer(request))
            return True
        send_cut(sock, answer.data, answer.cut)
        if answer.then == "fin":
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(1 << 16):
                pass
        elif answer.then == "rst":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        return answer.then == "keep"

    def settle(self, wait=2.0 * PACE):
        """Waits until every request is complete or its connection over."""
        limit = time.monotonic() + wait
        while time.monotonic() < limit and any(
                not (request.complete or request.ended or request.malformed) for request in self.requests):
            time.sleep(0.002)
        for request in self.requests:
            if not (request.complete or request.ended or request.malformed):
                request.ended = "open"

    def catch_up(self, wait=2.0 * PACE):
        """Waits until all that was under way is read: nobody waits to be accepted, and no connection has unread bytes."""
        limit, calm = time.monotonic() + wait, 0
        while calm < 3 and time.monotonic() < limit:
            try:
                calm = 0 if select.select([self.listener, *list(self.open)], [], [], 0)[0] else calm + 1
            except (OSError, ValueError):  # one was closed meanwhile
                calm = 0
            time.sleep(0.004)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in list(self.open):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
