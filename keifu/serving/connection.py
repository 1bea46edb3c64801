"""One peer, request after request: what it says is read within its limits, and what is wrong is refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11

from keifu.serving.messages import Request, Response, Wrong, fitting, problem, read

if TYPE_CHECKING:
    from keifu.serving.server import Server

__all__ = ["Connection"]

METHODS = ("GET", "HEAD")
CHUNK = 4_096  # bytes, read at once: a request is longer than allowed by no more than this
LINGER_SECONDS, LINGER_BYTES = 0.5, 1 << 20  # for what a peer that was refused still sends
SAFE_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-cache"),  # may be kept, and is asked for again with its ETag
)
_TOO_LARGE = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


class Connection:
    """One peer. Nothing that it does raises."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.limits, self.reader, self.writer = server, server.limits, reader, writer
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=self.limits.request_bytes)
        self._answered = 0

    async def run(self, *, crowded: bool) -> None:
        """Answer until one of the two ends it. A crowded server refuses at once: who says nothing takes no place."""
        try:
            if crowded:
                raise Wrong("too many at once", problem(503, "too many connections", "come back later"))
            while await self._one():
                self._answered += 1
        except Wrong as wrong:
            self.server.refused(wrong.reason)
            with contextlib.suppress(OSError, TimeoutError, h11.LocalProtocolError):
                await self._send(wrong.answer, last=True)
                await self._linger()
        except TimeoutError:
            self.server.refused("slow")
        except (OSError, h11.LocalProtocolError):
            self.server.refused("broken off")

    async def _one(self) -> bool:
        """One request and its answer; whether another may follow."""
        request = await self._request()
        if request is None:
            return False
        answer = fitting(request, await self.server.answer(request))
        if answer.status == HTTPStatus.NOT_FOUND:
            self.server.refused("unknown page")
        last = self._answered + 1 >= self.limits.requests
        await self._send(answer, head=request.method == "HEAD", last=last)
        if last:
            await self._linger()
        if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
            return False
        self.http.start_next_cycle()
        return True

    async def _request(self) -> Request | None:
        """The next request; None when the peer has gone. Raises Wrong for one that is refused."""
        try:
            event = await self._next_event(self.limits.idle_seconds)
            if not isinstance(event, h11.Request):
                return None
            body = await self._next_event(self.limits.request_seconds)
        except h11.RemoteProtocolError as error:
            reason = "too large" if error.error_status_hint == _TOO_LARGE else "malformed"
            said = problem(error.error_status_hint, "this is no HTTP request that is answered")
            raise Wrong(reason, said) from error
        if not isinstance(body, h11.EndOfMessage):
            raise Wrong("body", problem(413, "a request with a body is not answered", "ask by GET, without one"))
        request = read(event, self.limits.fields)
        if request.method not in METHODS:
            raise Wrong("method", problem(405, f"{request.method} is not answered", "ask by GET"))
        if not self.server.is_named(request.headers.get("host", "")):
            raise Wrong("host", problem(421, "this server has another name", "its owner says which names it answers"))
        return request

    async def _next_event(self, patience: float) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED] | None:
        """What the peer says next; None when it closed, or says nothing more after an answer. Once it has begun, a
        deadline runs, and TimeoutError is raised after it."""
        loop = asyncio.get_running_loop()
        until, begun = loop.time() + patience, False
        while (event := self.http.next_event()) is h11.NEED_DATA:
            try:
                data = await asyncio.wait_for(self.reader.read(CHUNK), max(0.0, until - loop.time()))
            except TimeoutError:
                if self._answered and not begun:
                    return None
                raise
            if not data and begun:
                raise ConnectionResetError
            if not begun:
                begun, until = True, min(until, loop.time() + self.limits.request_seconds)
            self.http.receive_data(data)
        return None if isinstance(event, h11.ConnectionClosed) else event

    async def _send(self, response: Response, *, head: bool = False, last: bool = False) -> None:
        self._write(_head_of(response, last=last))
        if response.body and not head:
            self._write(h11.Data(data=response.body))
        if response.stream is not None and not head:
            await self._drain()
            await self._stream(response.stream())
        self._write(h11.EndOfMessage())
        await self._drain()

    async def _stream(self, parts: AsyncGenerator[bytes, None]) -> None:
        """Part by part, until they end or the peer has closed its side. An empty one only asks whether it has."""
        async with contextlib.aclosing(parts):
            async for part in parts:
                if self.reader.at_eof():
                    return
                if part:
                    self._write(h11.Data(data=part))
                    await self._drain()

    def _write(self, part: h11.Event) -> None:
        self.writer.write(self.http.send(part) or b"")

    async def _drain(self) -> None:
        await asyncio.wait_for(self.writer.drain(), self.limits.answer_seconds)

    async def _linger(self) -> None:
        """Read on for a moment: a connection that is closed with bytes unread is reset, and its answer lost."""
        self.writer.write_eof()
        left = LINGER_BYTES
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while left > 0 and (data := await self.reader.read(CHUNK)):
                    left -= len(data)


def _head_of(response: Response, *, last: bool) -> h11.Response:
    headers = [
        *(() if response.status == HTTPStatus.NOT_MODIFIED else _about_body(response)),
        ("Content-Security-Policy", response.policy),
        *SAFE_HEADERS,
        *response.headers,
        *([("ETag", response.etag)] if response.etag else []),
        *([("Location", response.location)] if response.location else []),
        *([("Allow", ", ".join(METHODS))] if response.status == HTTPStatus.METHOD_NOT_ALLOWED else []),
        *([("Connection", "close")] if last else []),
    ]
    return h11.Response(
        status_code=response.status, headers=headers, reason=HTTPStatus(response.status).phrase.encode()
    )


def _about_body(response: Response) -> tuple[tuple[str, str], ...]:
    kind = ("Content-Type", response.content_type)
    return (kind,) if response.stream else (kind, ("Content-Length", str(len(response.body))))
