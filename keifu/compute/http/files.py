"""Long bodies: a part of a file on its way to a peer, from the disk's cache to the socket without a copy through this
process, and what a peer sends on its way to where it stays."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol, cast

__all__ = ["Part", "Receiving", "Sending"]

_MORE = getattr(socket, "MSG_MORE", 0)  # the head travels with the first bytes of the file


class Openable(Protocol):
    def fileno(self) -> int: ...


class Part:
    """Bytes of a file that stays open as long as this is there."""

    __slots__ = ("file", "length", "offset")

    def __init__(self, file: Openable, offset: int, length: int) -> None:
        self.file, self.offset, self.length = file, offset, length

    def read(self) -> bytes:
        return os.pread(self.file.fileno(), self.length, self.offset)


class Sending:
    """Goes on whenever the socket takes more. `ended` is called once: with False when the answer cannot be whole."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        outlet: socket.socket,
        head: bytes,
        parts: Sequence[Part],
        waits: Callable[[], None],
        ended: Callable[[bool], None],
    ) -> None:
        self._loop, self._outlet, self._head = loop, outlet, head
        self._parts, self._sent = deque(parts), 0  # of the first one
        self._waits, self._ended, self._is_waiting = waits, ended, False

    def step(self) -> None:
        try:
            while self._head:
                self._head = self._head[self._outlet.send(self._head, _MORE) :]
            while self._parts:
                part = self._parts[0]
                offset, left = part.offset + self._sent, part.length - self._sent
                sent = os.sendfile(self._outlet.fileno(), part.file.fileno(), offset, left)
                if not sent:  # the file is shorter than it was
                    self._end(False)
                    return
                self._sent += sent
                if sent == left:
                    self._parts.popleft()
                    self._sent = 0
        except BlockingIOError:
            if not self._is_waiting:
                self._is_waiting = True
                self._loop.add_writer(self._outlet, self.step)
                self._waits()
            return
        except OSError:
            self._end(False)
            return
        self._end(True)

    def cancel(self) -> None:
        """The peer has left."""
        if self._is_waiting:
            self._is_waiting = False
            self._loop.remove_writer(self._outlet)

    def _end(self, is_whole: bool) -> None:
        self.cancel()
        self._ended(is_whole)


class Receiving:
    """A body on its way in. What comes through the parser is `take`n; from `start` on the socket is read right into the
    rest. `ended` is called once, with False when the peer has left."""

    def __init__(self, size: int) -> None:
        self.body = bytearray(size)
        self._have, self._source = 0, cast("socket.socket | None", None)

    @property
    def is_whole(self) -> bool:
        return self._have == len(self.body)

    def take(self, part: bytes) -> None:
        self.body[self._have : self._have + len(part)] = part
        self._have += len(part)

    def start(self, loop: asyncio.AbstractEventLoop, source: socket.socket, ended: Callable[[bool], None]) -> None:
        self._loop, self._source, self._ended = loop, source, ended
        loop.add_reader(source, self._step)

    def cancel(self) -> None:
        if self._source is not None:
            self._loop.remove_reader(self._source)
            self._source = None

    def _step(self) -> None:
        if self._source is None:
            return
        try:
            count = self._source.recv_into(memoryview(self.body)[self._have :])
        except BlockingIOError:
            return
        except OSError:
            count = 0
        self._have += count
        if not count or self.is_whole:
            self.cancel()
            self._ended(bool(count))
