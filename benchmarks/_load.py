"""A client that costs next to nothing: sockets, requests that were made before, one at a time on each connection.

    python -m benchmarks._load PLAN          with PLAN: address and, for each connection, its requests

It connects, prints "ready", and for each line N of its input sends N requests on every connection, waits for every
answer, and prints how many came. An answer that is not 200 ends it. With the last line the last answer of every
connection is written to PLAN.answers, so that whoever started it can look at them closely.
"""

from __future__ import annotations

import pickle
import selectors
import socket
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

__all__ = ["Plan", "answers_of"]

PATIENCE_SECONDS = 60.0
_BUFFER = memoryview(bytearray(1 << 20))  # whatever the kernel has goes in at once
_OK = b"HTTP/1.1 200 "
_LENGTH = b"content-length: "


@dataclass
class Plan:
    """What is asked: `requests` are whole ones, a list for each connection. Those go to `port`, or by turns to all of
    `others` and it."""

    host: str
    port: int
    requests: list[list[bytes]]
    others: Sequence[int] = ()

    def write(self, path: Path) -> None:
        path.write_bytes(pickle.dumps((self.host, (self.port, *self.others), self.requests)))


def answers_of(path: Path) -> list[bytes]:
    """The last answers of a client that has ended, one of each connection."""
    found: list[bytes] = pickle.loads(path.with_suffix(".answers").read_bytes())  # noqa: S301 - our own file
    return found


@dataclass(eq=False)
class _Connection:
    socket: socket.socket
    waiting: deque[bytes]
    left: int = 0
    seen: bytes = b""
    last: bytes = b""
    wanted: int = field(default=0, init=False)  # bytes of the answer that is coming; 0: not known yet

    def ask(self) -> None:
        self.left -= 1
        self.socket.sendall(self.waiting.popleft())

    def take(self) -> bool:
        """Read; whether an answer is whole."""
        piece = bytes(_BUFFER[: self.socket.recv_into(_BUFFER)])
        if not piece:
            raise SystemExit("load: the server closed a connection")
        self.seen = self.seen + piece if self.seen else piece
        if not self.wanted:
            end = self.seen.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self.seen[: end + 2].lower()
            start = head.find(_LENGTH) + len(_LENGTH)
            self.wanted = end + 4 + int(head[start : head.index(b"\r", start)])
        if len(self.seen) < self.wanted:
            return False
        if not self.seen.startswith(_OK):
            raise SystemExit(f"load: {self.seen[:1_000]!r}")
        self.last, self.seen, self.wanted = self.seen, b"", 0
        return True


def _round(selector: selectors.BaseSelector, connections: list[_Connection], count: int) -> int:
    for connection in connections:
        connection.left = count
        connection.ask()
    answered, whole = 0, count * len(connections)
    while answered < whole:
        ready: list[tuple[Any, int]] = selector.select(PATIENCE_SECONDS)
        if not ready:
            raise SystemExit("load: the server does not answer")
        for key, _ in ready:
            connection = key.data
            if connection.take():
                answered += 1
                if connection.left:
                    connection.ask()
    return answered


def main(path: Path) -> None:
    host, ports, requests = pickle.loads(path.read_bytes())  # noqa: S301 - our own file
    selector = selectors.DefaultSelector()
    connections = []
    for waiting, port in zip(requests, cycle(ports), strict=False):
        peer = socket.create_connection((host, port))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(peer, deque(waiting))
        selector.register(peer, selectors.EVENT_READ, connection)
        connections.append(connection)
    print("ready", flush=True)
    for line in sys.stdin:
        print(_round(selector, connections, int(line)), flush=True)
    path.with_suffix(".answers").write_bytes(pickle.dumps([connection.last for connection in connections]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
