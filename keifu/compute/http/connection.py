"""One peer, request after request. httptools parses; what is wrong is refused, counted, and the connection closed.

No clock but the event loop's is read: the server sweeps over connections once a second and ends those whose time is
over.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import httptools

from keifu.compute.http.exchange import Exchange
from keifu.compute.http.files import Receiving, Sendable, Sending
from keifu.compute.http.messages import JSON, failure_body, whole

if TYPE_CHECKING:
    from keifu.compute.http.server import Server

__all__ = ["Connection"]

NEVER = float("inf")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """Requests are handed on one at a time; others wait, and the peer is not read while they do."""

    def __init__(self, server: Server) -> None:
        self._server, self._limits, self._loop = server, server.limits, server.loop
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._drain: asyncio.Future[None] | None = None
        self._seen = 0  # bytes of the head, then of the body, of the request that is read
        self._is_head = True
        self._path = b""
        self._headers: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []
        self._body = 0  # bytes
        self._is_refused = self._peer_ended = False
        self._outlet: socket.socket | None = None  # the transport's own socket once more, for files
        self._sending: Sending | None = None
        self._receiving: Receiving | None = None
        self._refused: tuple[int, str, str] | None = None
        self.repeated = b""  # a long header that comes with each request
        self.is_closed = True
        self.deadline = NEVER
        self.what_is_late = "idle"

    # transport -----------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.is_closed = cast("asyncio.Transport", transport), False  # uvloop's is no subclass
        self._transport.set_write_buffer_limits(high=self._limits.waiting_bytes)
        self._await("idle", self._limits.idle_seconds)
        if not self._server.opened(self):
            self._refuse(503, "crowded", "too many connections: come back later")

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self.is_closed = True
        self.deadline = NEVER
        for exchange in (self._current, *self._waiting):
            self._release(exchange)
        self._waiting.clear()
        self._undrain()
        if self._receiving is not None:
            self._receiving.cancel()
            self._server.give_room(len(self._receiving.body))
        if self._outlet is not None:
            self._server.outlets.forget(self._outlet)
            self._outlet.close()
        if self._current is not None and self._current.task is not None:
            self._current.task.cancel()
        self._server.closed(self)
        # What refers to this connection goes: what it holds would stay until Python's collector comes by.
        self._parts, self._receiving, self._sending, self._current = [], None, None, None
        del self._parser

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if not self._seen and self._current is None:
            self._await("slow", self._limits.request_seconds)
        self._seen += len(data)
        if self._is_head and self._seen > self._limits.head_bytes + self._limits.body_bytes:
            self._refuse(431, "too large", "headers of a request are limited")
            return
        try:
            self._parser.feed_data(data)
        except _Refused as refused:
            self._refuse(refused.status, refused.reason, refused.message)
        except httptools.HttpParserUpgrade:
            self._refuse(400, "malformed", "this server does not change protocols")
        except httptools.HttpParserError:
            if (cause := self._refused) is not None:
                self._refuse(*cause)
            else:
                self._refuse(400, "malformed", "this is no HTTP request")
        else:
            if self._is_head and self._seen > self._limits.head_bytes:
                self._refuse(431, "too large", "headers of a request are limited")
            elif self._receiving is not None and self._transport is not None:
                self._transport.pause_reading()
                self._receiving.start(self._loop, self._own_socket(), self._received)

    def eof_received(self) -> bool:
        """A peer that has said all still gets its answers."""
        self._peer_ended = True
        return self._current is not None and not self._is_refused

    def pause_writing(self) -> None:
        self._drain = self._loop.create_future()
        self._await("does not read", self._limits.answer_seconds)

    def resume_writing(self) -> None:
        self._undrain()
        if self._current is not None:
            self.deadline = NEVER

    # parser --------------------------------------------------------------------------------------------------------

    def _refusal(self, status: int, reason: str, message: str) -> _Refused:
        """Kept here, since the parser's own error does not always lead to what it was raised for."""
        self._refused = status, reason, message
        return _Refused(*self._refused)

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._is_head = False
        if self._headers.get(b"expect", b"").lower() == b"100-continue" and self._transport is not None:
            self._transport.write(_CONTINUE)
        size = int(self._headers.get(b"content-length", b"0") or 0)
        if size > self._limits.body_bytes:
            raise self._refusal(413, "too large", f"a body has at most {self._limits.body_bytes:,} bytes")
        if size >= self._limits.direct_bytes:
            if not self._server.take_room(size):
                raise self._refusal(503, "crowded", "too much is being sent here: come back later")
            self._receiving = Receiving(size)

    def on_body(self, part: bytes) -> None:
        if self._receiving is not None:
            self._receiving.take(part)
            return
        self._parts.append(part)
        self._body += len(part)
        if self._body > self._limits.body_bytes:
            raise self._refusal(413, "too large", f"a body has at most {self._limits.body_bytes:,} bytes")

    def on_message_complete(self) -> None:
        parts = self._parts
        exchange = Exchange(
            self,
            self._parser.get_method(),
            self._path,
            self._headers,
            parts[0] if len(parts) == 1 else b"".join(parts),
            not self._parser.should_keep_alive(),
        )
        if self._receiving is not None:
            exchange.large, self._receiving = self._receiving.body, None
        self._seen, self._is_head, self._path, self._headers, self._parts, self._body = 0, True, b"", {}, [], 0
        if self._current is None and not self._waiting:
            self._hand_on(exchange)
            return
        self._waiting.append(exchange)
        if len(self._waiting) > self._limits.queued:
            raise self._refusal(429, "too many at once", "wait for answers before you ask on")
        if self._transport is not None:
            self._transport.pause_reading()

    def _received(self, is_whole: bool) -> None:
        """The rest of a body came past the parser, which is still in the middle of it: another one reads on."""
        if self._transport is None or self.is_closed:
            return
        if not is_whole:
            self._transport.close()
            return
        self._transport.resume_reading()
        try:
            self.on_message_complete()
        except _Refused as refused:
            self._refuse(refused.status, refused.reason, refused.message)
        self._parser = httptools.HttpRequestParser(self)

    def _release(self, exchange: Exchange | None) -> None:
        """The room of its large body."""
        if exchange is not None and exchange.large is not None:
            self._server.give_room(len(exchange.large))
            exchange.large = None

    # answers -------------------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self.is_closed:
            self._transport.write(data)

    def write_file(self, exchange: Exchange, head: bytes, parts: Sequence[Sendable]) -> None:
        """The whole answer, then the next one's turn. What the transport still holds has to go first: then the parts
        are read and go the same way."""
        transport = self._transport
        if transport is None or self.is_closed or transport.get_write_buffer_size():
            self.write(head + b"".join(part.read() for part in parts))
            self.finished(exchange)
            return

        def ended(is_whole: bool) -> None:
            self._sending = None
            if is_whole:
                self.finished(exchange)
            elif not self.is_closed:
                self.abort("broken off here")

        wait = self._limits.answer_seconds
        self._sending = Sending(
            self._server.outlets, self._own_socket(), head, parts, lambda: self._await("does not read", wait), ended
        )
        self._sending.step()

    def _own_socket(self) -> socket.socket:
        """The transport's once more."""
        if self._outlet is None:
            assert self._transport is not None
            self._outlet = self._transport.get_extra_info("socket").dup()
        return self._outlet

    async def drained(self) -> bool:
        """Wait until the peer has taken enough; False when it has left."""
        if self._drain is not None:
            await self._drain
        return not self.is_closed

    def finished(self, exchange: Exchange) -> None:
        """The answer of `exchange` is written: the next one's turn."""
        self._release(exchange)
        self._current = None
        if self.is_closed or self._transport is None:
            return
        if exchange.close or (self._peer_ended and not self._waiting):
            self._transport.close()
            return
        if self._waiting:
            if len(self._waiting) == 1 and self._receiving is None:
                self._transport.resume_reading()
            self._loop.call_soon(self._next)
        elif self._drain is None:
            self._await("idle", self._limits.idle_seconds)

    def abort(self, reason: str) -> None:
        self._server.refused(reason)
        if self._transport is not None:
            self._transport.abort()

    def _next(self) -> None:
        if self._current is None and self._waiting and not self.is_closed:
            self._hand_on(self._waiting.popleft())

    def _hand_on(self, exchange: Exchange) -> None:
        self._current = exchange
        self.deadline = NEVER
        self._server.handle(exchange)

    def _await(self, what: str, seconds: float) -> None:
        self.what_is_late, self.deadline = what, self._loop.time() + seconds

    def _undrain(self) -> None:
        if self._drain is not None:
            self._drain.set_result(None)
            self._drain = None

    def _refuse(self, status: int, reason: str, message: str) -> None:
        """One answer, unless another is on its way, and no further word."""
        self._is_refused = True
        self._server.refused(reason)
        if self._transport is None:
            return
        if self._current is None:
            body = failure_body("invalid_request_error", reason.replace(" ", "_"), message)
            self._transport.write(whole(status, (JSON,), body, close=True))
        self._transport.close()


class _Refused(Exception):
    """A request that is not read to its end."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(reason)
        self.status, self.reason, self.message = status, reason, message
