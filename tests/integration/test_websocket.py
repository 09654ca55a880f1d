"""WebSocket through lbd, with the library of python3-websockets on both sides: frames of all kinds and sizes, both ways
of closing, many at once, and a server that is drained meanwhile."""
import asyncio
import contextlib
import threading

import pytest
import websockets
from lbdtest import pattern, wait_for

MB = 1 << 20
ECHO = {"max_size": 4 * MB, "ping_interval": None}


class EchoServer:
    """Echoes frames; "close N" closes with that code, "name" tells the query's name. In a thread with a loop of its own."""

    def __init__(self, name):
        self.name, self.ended, self.ready = name, [], threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.thread.start()
        assert self.ready.wait(10)
        self.address = f"127.0.0.1:{self.port}"

    async def _serve(self):
        self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()
        async with websockets.serve(self._echo, "127.0.0.1", 0, **ECHO) as server:
            self.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await self.stopping.wait()

    async def _echo(self, socket, _path):
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in socket:
                if isinstance(message, str) and message.startswith("close "):
                    await socket.close(int(message[6:]), "as asked")
                else:
                    await socket.send(self.name if message == "name" else message)
        self.ended.append(socket.close_code)

    def close(self):
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(10)


@pytest.fixture
def echo(box):
    server = EchoServer("a")
    box.closers.append(server)
    return server


def connect(lbd):
    return websockets.connect(f"ws://127.0.0.1:{lbd.port}/chat", **ECHO)


def test_frames_come_back_as_they_were(box, echo):
    lbd = box.lbd(box.config({"a": echo.address}))

    async def talk():
        async with connect(lbd) as socket:
            for message in ("hello", "", "\u00e4\u20ac\U0001f600" * 1000, b"\0\1\2", pattern(65536), pattern(MB)):
                await socket.send(message)
                assert await socket.recv() == message
            await asyncio.wait_for(await socket.ping(b"are you there"), 10)
            # One message in several frames.
            await socket.send([b"in ", b"three ", b"frames"])
            assert await socket.recv() == b"in three frames"
    asyncio.run(asyncio.wait_for(talk(), 60))
    row = lbd.stat("app", "a")
    wait_for(lambda: lbd.stat("app", "a")["scur"] == "0")
    assert (row["econ"], row["eresp"]) == ("0", "0")


def test_a_close_from_either_side_reaches_the_other(box, echo):
    lbd = box.lbd(box.config({"a": echo.address}))

    async def talk():
        async with connect(lbd) as socket:
            await socket.close(4001, "client")
        async with connect(lbd) as socket:
            await socket.send("close 4002")
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert (socket.close_code, socket.close_reason) == (4002, "as asked")
    asyncio.run(asyncio.wait_for(talk(), 60))
    wait_for(lambda: sorted(echo.ended) == [4001, 4002], what=f"both ends, seen: {echo.ended}")
    wait_for(lambda: lbd.stat("web", "FRONTEND")["scur"] == "0")


def test_fifty_at_once_are_kept_apart(box, echo):
    lbd = box.lbd(box.config({"a": echo.address}))

    async def one(number):
        async with connect(lbd) as socket:
            for turn in range(20):
                message = f"{number}/{turn} " * (turn * number + 1)
                await socket.send(message)
                assert await socket.recv() == message

    async def all_of_them():
        await asyncio.gather(*(one(number) for number in range(50)))
    asyncio.run(asyncio.wait_for(all_of_them(), 60))
    wait_for(lambda: len(echo.ended) == 50)
    assert set(echo.ended) == {1000}


def test_a_drained_server_keeps_its_sockets_and_gets_no_new_one(box, echo):
    other = EchoServer("b")
    box.closers.append(other)
    lbd = box.lbd(box.config({"a": echo.address, "b": other.address}))

    async def ask(socket):
        await socket.send("name")
        return await socket.recv()

    async def talk():
        held = [await connect(lbd) for _ in range(4)]
        assert sorted([await ask(socket) for socket in held]) == ["a", "a", "b", "b"]
        lbd.act("set server app/a state drain")
        new = [await connect(lbd) for _ in range(4)]
        assert [await ask(socket) for socket in new] == ["b"] * 4
        assert sorted([await ask(socket) for socket in held]) == ["a", "a", "b", "b"]
        for socket in held + new:
            await socket.close()
    asyncio.run(asyncio.wait_for(talk(), 60))
    wait_for(lambda: lbd.stat("app", "a")["scur"] == "0")


def test_an_idle_socket_lives_past_the_timeouts_of_requests(box, echo):
    lbd = box.lbd(box.config({"a": echo.address}, top={"defaults": {"timeouts": {
        "client": "200ms", "server": "200ms", "keep_alive": "200ms", "http_request": "200ms", "tunnel": "1500ms"}}}))

    async def talk():
        async with connect(lbd) as socket:
            await asyncio.sleep(0.8)
            await socket.send("still here")
            assert await socket.recv() == "still here"
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 10)
    asyncio.run(asyncio.wait_for(talk(), 60))


def test_a_refused_handshake_is_an_ordinary_answer(box):
    lbd, a = box.serve("a", status=403)

    async def talk():
        with pytest.raises(websockets.InvalidStatusCode) as refusal:
            await connect(lbd)
        assert refusal.value.status_code == 403
    asyncio.run(asyncio.wait_for(talk(), 30))
    assert a.requests() == 1
