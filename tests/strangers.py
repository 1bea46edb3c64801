"""A server of a stranger: it answers with any bytes, then waits or ends; and the answers that are none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from keifu.node.web import Background

__all__ = ["Stranger", "no_answers", "strangers"]


class Stranger:
    """What it says from now on can be changed at any time; `url` is where it listens."""

    def __init__(self) -> None:
        self.url, self.answer, self.stays, self.asked = "", b"", False, 0

    def says(self, body: bytes) -> None:
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        try:
            writer.write(self.answer)
            with suppress(ConnectionError):
                await writer.drain()
            if self.stays:
                await reader.read()  # until the other side has gone
        finally:
            writer.close()


@contextmanager
def strangers(background: Background) -> Iterator[Stranger]:
    """One that listens in `background` until the end."""
    made = Stranger()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(made.talk, "127.0.0.1", 0)

    async def end() -> None:
        server.close()

    server = background.submit(start()).result()
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        background.submit(end()).result()


def no_answers(largest: int) -> list[object]:
    """Answers to a question for heartbeats, whether the stranger stays, and why they are refused; at most `largest`
    bytes are read."""
    return [
        pytest.param(b"", True, "slow", id="silent"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", True, "slow", id="cut off"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (2 * largest), False, "huge", id="huge"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", False, "malformed", id="no heartbeats"),
        pytest.param(b"\x00\x01\x02\r\n\r\n", False, "not reached", id="no HTTP"),
        pytest.param(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", False, "no such page", id="no such page"),
        pytest.param(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", False, "no such page", id="out of order"),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1\r\nContent-Length: 0\r\n\r\n", False, "no such page",
            id="led elsewhere",
        ),
    ]  # fmt: skip
