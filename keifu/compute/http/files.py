"""Long bodies: a part of a file on its way to a peer, from the disk's cache to the socket without a copy through this
process, and what a peer sends on its way to where it stays."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol, cast

from keifu._blocks import room
from keifu.compute.http.outlets import Outlets

__all__ = ["Loaded", "Part", "Receiving", "Sendable", "Sending"]

_MORE = getattr(socket, "MSG_MORE", 0)  # the head travels with the first bytes of the file
_AT_ONCE = 1 << 20  # bytes that are waited for: whoever wakes for less finds the processor's caches cold each time


class Openable(Protocol):
    def fileno(self) -> int: ...


class Sendable(Protocol):
    """A part of a body."""

    length: int

    def send(self, outlet: socket.socket, sent: int, /) -> int:
        """Behind what was sent of it; how much the socket takes now."""

    def read(self) -> bytes | memoryview: ...


class Part:
    """Bytes of a file that stays open as long as this is there."""

    __slots__ = ("_number", "file", "length", "offset")

    def __init__(self, file: Openable, offset: int, length: int) -> None:
        self.file, self.offset, self.length = file, offset, length
        self._number = file.fileno()

    def send(self, outlet: socket.socket, sent: int) -> int:
        return os.sendfile(outlet.fileno(), self._number, self.offset + sent, self.length - sent)

    def read(self) -> bytes:
        return os.pread(self._number, self.length, self.offset)


class Loaded:
    """Bytes in memory, which are sent without another copy of them; `ended` is called when they are needed no more."""

    __slots__ = ("_data", "_ended", "length")

    def __init__(self, data: memoryview, ended: Callable[[], None]) -> None:
        self._data, self._ended, self.length = data, ended, len(data)

    def __del__(self) -> None:
        self._ended()

    def send(self, outlet: socket.socket, sent: int) -> int:
        return outlet.send(self._data[sent:])

    def read(self) -> memoryview:
        return self._data


class Sending:
    """Goes on whenever the socket takes more. `ended` is called once: with False when the answer cannot be whole."""

    def __init__(
        self,
        outlets: Outlets,
        outlet: socket.socket,
        head: bytes,
        parts: Sequence[Sendable],
        waits: Callable[[], None],
        ended: Callable[[bool], None],
    ) -> None:
        self._outlets, self._outlet, self._head = outlets, outlet, head
        self._parts, self._place, self._sent = parts, 0, 0  # the part that is sent, and how much of it was
        self._waits, self._ended, self._has_waited = waits, ended, False

    def step(self) -> None:
        outlet, parts = self._outlet, self._parts
        try:
            while self._head:
                self._head = self._head[outlet.send(self._head, _MORE) :]
            while self._place < len(parts):
                part = parts[self._place]
                sent = part.send(outlet, self._sent)
                if not sent:  # the file is shorter than it was
                    self._ended(False)
                    return
                self._sent += sent
                if self._sent == part.length:
                    self._place, self._sent = self._place + 1, 0
        except BlockingIOError:
            self._outlets.wait(outlet, self.step)
            if not self._has_waited:
                self._has_waited = True
                self._waits()
            return
        except OSError:
            self._ended(False)
            return
        self._ended(True)


class Receiving:
    """A body on its way in. What comes through the parser is `take`n; from `start` on the socket is read right into the
    rest. `ended` is called once, with False when the peer has left."""

    def __init__(self, size: int) -> None:
        self.body = room(size)
        self._have, self._source, self._least = 0, cast("socket.socket | None", None), 1

    @property
    def is_whole(self) -> bool:
        return self._have == len(self.body)

    def take(self, part: bytes) -> None:
        self.body[self._have : self._have + len(part)] = part
        self._have += len(part)

    def start(self, loop: asyncio.AbstractEventLoop, source: socket.socket, ended: Callable[[bool], None]) -> None:
        self._loop, self._source, self._ended = loop, source, ended
        self._wake_at(source, min(_AT_ONCE, len(self.body) - self._have))
        loop.add_reader(source, self._step)

    def _wake_at(self, source: socket.socket, least: int) -> None:
        """Where a system knows no such bound, it wakes for less."""
        if least != self._least:
            self._least = least
            with suppress(OSError):
                source.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, least)

    def cancel(self) -> None:
        if self._source is not None:
            self._loop.remove_reader(self._source)
            self._wake_at(self._source, 1)
            self._source = None

    def _step(self) -> None:
        if self._source is None:
            return
        try:
            count = self._source.recv_into(self.body[self._have :])
        except BlockingIOError:
            return
        except OSError:
            count = 0
        self._have += count
        if not count or self.is_whole:
            self.cancel()
            self._ended(bool(count))
        else:
            self._wake_at(self._source, min(_AT_ONCE, len(self.body) - self._have))
