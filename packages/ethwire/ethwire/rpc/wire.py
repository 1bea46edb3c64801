"""Plain HTTP to a node of this machine: it takes a fifth of the time that httpx takes to be imported, and to ask.

Requests can be sent now and read later. No thread waits for the answer: it collects in the kernel while the caller
works. Of those only what goes well is read here. For everything else the caller asks again in the usual way, which
knows what each fault means and what may be tried again.
"""

from __future__ import annotations

import math
import select
import socket
from collections.abc import Callable
from typing import Generic, TypeVar

from ethwire.rpc._connection import FAULTS, Connection
from ethwire.rpc.transport import Answer, BrokenOff

__all__ = ["Begun", "Connection", "Wires", "is_readable"]

OK = 200
MAX_IDLE = 8  # connections that are kept for the next request

T = TypeVar("T")


def is_readable(connected: socket.socket) -> bool:
    """Whether something has come that nobody asked for: of a connection that is free, its end. Any number of files may
    be open (`select.select` knows the first 1,024)."""
    waiting = select.poll()
    waiting.register(connected, select.POLLIN)
    return bool(waiting.poll(0))


class Wires:
    """Connections to one node, each of which carries one request at a time."""

    def __init__(self, host: str, port: int, path: str, timeout: float) -> None:
        self._place = host, port, path
        self._timeout = timeout if math.isfinite(timeout) else None
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()

    def send(self, content: bytes) -> Connection | None:
        """The connection on which the request is under way; None when it could not be sent."""
        try:
            return self._send(content, self._timeout)
        except FAULTS:
            return None

    def post(self, content: bytes, seconds: float) -> Answer:
        """One request and its answer. Raises BrokenOff when it did not come whole within `seconds` of silence."""
        try:
            return self._answer(self._send(content, seconds if math.isfinite(seconds) else None))
        except FAULTS as error:
            raise BrokenOff(str(error) or type(error).__name__) from error

    def receive(self, wire: Connection) -> bytes | None:
        """The body of the answer; None when it did not come whole, or is none of success."""
        try:
            answer = self._answer(wire)
        except FAULTS:
            return None
        return answer.body if answer.status == OK else None

    def drop(self, wire: Connection) -> None:
        wire.close()
        self._all.discard(wire)

    def _wire(self) -> Connection:
        """A connection that is free. One that the node has ended meanwhile has something to read, its end: what is sent
        once must not go there."""
        while self._idle:
            wire = self._idle.pop()
            if not is_readable(wire.socket):
                return wire
            self.drop(wire)
        wire = Connection(*self._place)
        self._all.add(wire)
        return wire

    def _send(self, content: bytes, seconds: float | None) -> Connection:
        """Raises one of FAULTS."""
        wire = self._wire()
        try:
            wire.send(content, seconds)
        except BaseException:
            self.drop(wire)
            raise
        return wire

    def _answer(self, wire: Connection) -> Answer:
        """Read it whole; the connection is free then. Raises one of FAULTS."""
        try:
            answer = wire.receive()
        except BaseException:
            self.drop(wire)
            raise
        if wire.ended or len(self._idle) >= MAX_IDLE:
            self.drop(wire)
        else:
            self._idle.append(wire)
        return answer

    def close(self) -> None:
        """Those under way, too."""
        self._idle.clear()
        while self._all:
            self._all.pop().close()


class Begun(Generic[T]):
    """A request that is under way. `read` makes of the answer's body what is wanted, or None when it is no good;
    `again` asks in the usual way."""

    def __init__(self, wires: Wires, content: bytes, read: Callable[[bytes], T | None], again: Callable[[], T]) -> None:
        self._wires, self._read, self._again = wires, read, again
        self._wire = wires.send(content)

    def result(self) -> T:
        wire, self._wire = self._wire, None
        if wire is not None and (body := self._wires.receive(wire)) is not None:
            found = self._read(body)
            if found is not None:
                return found
        return self._again()

    def cancel(self) -> None:
        """Nobody will ask for the result."""
        if self._wire is not None:
            self._wires.drop(self._wire)
            self._wire = None
