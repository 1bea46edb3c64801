"""Requests that are sent now and read later, over plain HTTP to a node of this machine.

No thread waits for the answer: it collects in the kernel while the caller works. Only what goes well is read here. For
everything else the caller asks again in the usual way, which knows what each fault means and what may be tried again.
"""

from __future__ import annotations

import http.client
import math
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Begun", "Wires"]

OK = 200
MOST_IDLE = 8  # connections that are kept for the next request
# A length that no machine has room for is among what a node can say.
FAULTS = (OSError, http.client.HTTPException, MemoryError, OverflowError, ValueError)
HEADERS = {"Content-Type": "application/json"}

T = TypeVar("T")


class Wires:
    """Connections to one node, each of which carries one request at a time."""

    def __init__(self, host: str, port: int, path: str, timeout: float) -> None:
        self._host, self._port, self._path = host, port, path
        self._timeout = timeout if math.isfinite(timeout) else None
        self._idle: list[http.client.HTTPConnection] = []
        self._all: set[http.client.HTTPConnection] = set()

    def send(self, content: bytes) -> http.client.HTTPConnection | None:
        """The connection on which the request is under way; None when it could not be sent."""
        try:
            wire = self._idle.pop()
        except IndexError:
            wire = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
            self._all.add(wire)
        try:
            wire.request("POST", self._path, content, HEADERS)
        except FAULTS:
            self.drop(wire)
            return None
        return wire

    def receive(self, wire: http.client.HTTPConnection) -> bytes | None:
        """The body of the answer; None when it did not come whole, or is none of success."""
        try:
            response = wire.getresponse()
            body = response.read()
        except FAULTS:
            self.drop(wire)
            return None
        if response.will_close or len(self._idle) >= MOST_IDLE:
            self.drop(wire)
        else:
            self._idle.append(wire)
        return body if response.status == OK else None

    def drop(self, wire: http.client.HTTPConnection) -> None:
        wire.close()
        self._all.discard(wire)

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
