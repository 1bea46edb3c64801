"""One request and its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keifu.compute.http.files import Sendable
from keifu.compute.http.messages import JSON, failure_body, head_of, whole

if TYPE_CHECKING:
    from keifu.compute.http.connection import Connection

__all__ = ["Exchange"]


class Exchange:
    """Answered once: by `reply` or `reply_file`, or by `begin`, any number of `send` and `end`.

    Whoever answers later looks at `is_gone` before it does work for a peer that has left.
    """

    __slots__ = ("_connection", "body", "close", "headers", "is_answered", "large", "method", "note", "path", "task")

    def __init__(
        self, connection: Connection, method: bytes, path: bytes, headers: dict[bytes, bytes], body: bytes, close: bool
    ) -> None:
        self._connection, self.method, self.path = connection, method, path
        self.headers, self.body, self.close = headers, body, close
        self.large: memoryview | None = None  # a body that did not go through the parser; `body` is empty then
        self.is_answered = False
        self.note: Any = None
        self.task: asyncio.Task[None] | None = None  # ended when the peer leaves

    @property
    def is_gone(self) -> bool:
        return self._connection.is_closed

    def header(self, name: bytes) -> bytes | None:
        """One that is long and may come with each request: an equal one of this connection is kept once, as the same
        object, whose hash is known already."""
        value = self.headers.get(name)
        if value is None:
            return None
        connection = self._connection
        if value == connection.repeated:
            value = self.headers[name] = connection.repeated
        else:
            connection.repeated = value
        return value

    def reply(self, status: int, body: bytes, *headers: bytes) -> None:
        """The whole answer at once, JSON unless headers are given. Nothing happens when the peer has left."""
        self.is_answered = True
        is_head = self.method == b"HEAD"
        self._connection.write(whole(status, headers or (JSON,), body, close=self.close, bodiless=is_head))
        self._connection.finished(self)

    def reply_as(self, answer: bytes) -> None:
        """A whole answer to a POST that others wrote, head and body. Its head says so when `close` is set."""
        self.is_answered = True
        connection = self._connection
        connection.write(answer)
        connection.finished(self)

    def reply_file(self, status: int, parts: Sequence[Sendable], size: int, headers: bytes) -> None:
        """The whole answer at once, its body of `size` bytes from parts of files or of memory."""
        self.is_answered = True
        head = head_of(status, headers, size, close=self.close)
        if self.method == b"HEAD":
            self._connection.write(head)
            self._connection.finished(self)
        else:
            self._connection.write_file(self, head, parts)

    def fail(self, status: int, kind: str, code: str, message: str, headers: bytes = b"") -> None:
        """A fault in OpenAI's form."""
        self.reply(status, failure_body(kind, code, message), JSON, headers)

    def begin(self, status: int, headers: bytes) -> None:
        """A stream: its parts follow."""
        self.is_answered = True
        self._connection.write(head_of(status, headers, close=self.close))

    async def send(self, part: bytes) -> bool:
        """One part; waits while the peer has not taken what was written. False when it has left, or never took it."""
        if self._connection.is_closed:
            return False
        self._connection.write(b"%x\r\n%b\r\n" % (len(part), part))
        return await self._connection.drained()

    def last(self, part: bytes) -> None:
        """The last part, and the end."""
        self._connection.write(b"%x\r\n%b\r\n" % (len(part), part))
        self.end()

    def end(self) -> None:
        self._connection.write(b"0\r\n\r\n")
        self._connection.finished(self)

    def abort(self) -> None:
        """Break off a stream that cannot be ended: the peer sees that it is not whole."""
        self._connection.abort("broken off here")
