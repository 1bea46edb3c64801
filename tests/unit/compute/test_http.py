"""The server of paid answers, and peers that do not behave."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
import weakref
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from keifu.compute.http import Exchange, Limits, Server
from keifu.compute.http.connection import Connection

POST = b"POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi"
SMALL = Limits(head_bytes=2_048, body_bytes=4_096, request_seconds=0.2, idle_seconds=0.2, answer_seconds=0.2, queued=4)


def echo(exchange: Exchange) -> None:
    exchange.reply(200, exchange.method + b" " + exchange.path + b" " + exchange.body)


def serve(
    script: Callable[[Server], Awaitable[None]],
    handler: Callable[[Exchange], None] = echo,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Counter[str]:
    """Run a script against a server; what was refused."""
    refused: Counter[str] = Counter()

    async def run() -> None:
        server = Server(handler, host="127.0.0.1", port=0, limits=limits, refused=lambda why: refused.update([why]))
        await server.start()
        try:
            await script(server)
        finally:
            await server.stop()
        assert server.connections == 0

    uvloop.run(run())
    refused.pop("server ends", None)
    return refused


async def connect(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = server.address.rsplit(":", 1)
    return await asyncio.open_connection(host, int(port))


async def say(server: Server, data: bytes, *, half: bool = True) -> bytes:
    """All that comes back."""
    reader, writer = await connect(server)
    writer.write(data)
    if half:
        writer.write_eof()
    found = await asyncio.wait_for(reader.read(-1), 20)
    writer.close()
    return found


def test_requests_of_one_connection_are_answered_in_their_order() -> None:
    async def script(server: Server) -> None:
        found = await say(server, POST + POST.replace(b"/a", b"/b") + b"GET /c HTTP/1.1\r\nhost: x\r\n\r\n")
        assert [found.index(word) for word in (b"POST /a hi", b"POST /b hi", b"GET /c ")] == sorted(
            found.index(word) for word in (b"POST /a hi", b"POST /b hi", b"GET /c ")
        )
        assert found.count(b"HTTP/1.1 200 OK") == 3

    assert not serve(script)


@pytest.mark.parametrize(
    "said",
    [b"", POST[:-1], b"GET / HT", POST, POST * 20, b"nonsense\r\n\r\n", POST.replace(b": 2", b": 999999"),
     POST.replace(b"/a", b"/late"), POST.replace(b"/a", b"/task"), POST.replace(b": 2", b": 3000") + bytes(2_900)],
)  # fmt: skip
@pytest.mark.parametrize("direct", [1 << 62, 1_000])
def test_nothing_of_a_peer_stays_when_it_has_left(said: bytes, direct: int) -> None:
    """Not even until the collector comes: a thousand uploads that were broken off would be gigabytes."""
    known: list[weakref.ref[Connection]] = []

    async def wait() -> None:
        await asyncio.sleep(20)

    def handler(exchange: Exchange) -> None:
        if exchange.path == b"/task":
            exchange.task = asyncio.get_running_loop().create_task(wait())
        elif exchange.path != b"/late":
            echo(exchange)

    async def script(server: Server) -> None:
        opened = server.opened

        def open_it(connection: Connection) -> bool:
            known.append(weakref.ref(connection))
            return opened(connection)

        server.opened = open_it  # type: ignore[method-assign]
        for _ in range(3):
            _, writer = await connect(server)
            writer.write(said)
            await writer.drain()
            await asyncio.sleep(0.02)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()  # and it takes no answer, either
        while server.connections:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)

    gc.collect()
    gc.disable()
    try:
        serve(script, handler, Limits(body_bytes=4_096, direct_bytes=direct))
        assert [found() for found in known] == [None] * 3
    finally:
        gc.enable()


def test_a_body_may_come_in_chunks_and_in_pieces() -> None:
    async def script(server: Server) -> None:
        reader, writer = await connect(server)
        for piece in (
            b"POST / HTTP/1.1\r\nhost",
            b": x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab",
            b"c\r\n0\r\n\r\n",
        ):
            writer.write(piece)
            await asyncio.sleep(0)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"200 OK" in head
        assert await reader.readexactly(10) == b"POST / abc"
        writer.close()

    assert not serve(script)


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"nonsense\r\n\r\n", b"400", "malformed"),
        (b"GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", b"400", "malformed"),
        (b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", b"400", "malformed"),
        (b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", b"400", "malformed"),
        (b"POST / HTTP/1.1\r\ncontent-length: 4097\r\n\r\n", b"413", "too large"),
        (
            b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1001\r\n" + b"a" * 4_097 + b"\r\n",
            b"413",
            "too large",
        ),
        (b"GET / HTTP/1.1\r\na: " + b"b" * 8_192, b"431", "too large"),
        (POST * 8, b"429", "too many at once"),
    ],
    ids=["line", "upgrade", "both lengths", "two lengths", "long", "long chunk", "long header", "many"],
)
def test_what_is_no_request_is_refused_and_counted(data: bytes, status: bytes, reason: str) -> None:
    async def script(server: Server) -> None:
        found = await say(server, data, half=False)
        assert not found or b"HTTP/1.1 " + status in found

    later = (lambda exchange: None) if reason == "too many at once" else echo
    assert serve(script, later, SMALL) == {reason: 1}


def test_a_slow_peer_and_a_silent_one_are_let_go() -> None:
    async def script(server: Server) -> None:
        slow, silent = await connect(server), await connect(server)
        slow[1].write(b"POST /a HTTP/1.1\r\ncontent-le")
        for reader, writer in (slow, silent):
            with pytest.raises(ConnectionError):
                raise ConnectionError if not await reader.read(-1) else AssertionError
            writer.close()

    assert serve(script, limits=SMALL) == {"slow": 1, "idle": 1}


def test_a_peer_that_takes_nothing_is_let_go_and_no_more_is_made_for_it() -> None:
    made: list[int] = []
    ended = asyncio.Event()

    def handler(exchange: Exchange) -> None:
        async def stream() -> None:
            exchange.begin(200, b"")
            while await exchange.send(b"x" * 10_000):
                made.append(1)
            ended.set()

        made.clear()
        stream_task = asyncio.get_running_loop().create_task(stream())
        assert not stream_task.done()

    async def script(server: Server) -> None:
        _, writer = await connect(server)
        writer.write(POST)
        await ended.wait()
        writer.close()

    assert serve(script, handler, SMALL) == {"does not read": 1}
    assert len(made) * 10_000 < 32 << 20


def test_a_crowd_is_turned_away() -> None:
    async def script(server: Server) -> None:
        reader, writer = await connect(server)
        writer.write(POST)
        await reader.readuntil(b"hi")
        assert b"503" in await say(server, b"", half=False)
        writer.close()

    assert serve(script, limits=Limits(connections=1)) == {"crowded": 1}


def test_a_handler_that_fails_ends_nobody_elses_answer() -> None:
    def handler(exchange: Exchange) -> None:
        if exchange.path == b"/a":
            raise RuntimeError("a fault")
        echo(exchange)

    async def script(server: Server) -> None:
        found = await say(server, POST + POST.replace(b"/a", b"/b"))
        assert b"500 Internal" in found
        assert b"a fault" not in found
        assert b"POST /b hi" in found

    assert not serve(script, handler)


def test_a_head_gets_no_body_and_an_old_client_is_left_after_its_answer() -> None:
    async def script(server: Server) -> None:
        assert not (await say(server, b"HEAD /a HTTP/1.1\r\nhost: x\r\n\r\n")).endswith(b"/a ")
        found = await say(server, b"GET /a HTTP/1.0\r\n\r\n", half=False)
        assert b"connection: close" in found
        assert found.endswith(b"GET /a ")

    assert not serve(script)
