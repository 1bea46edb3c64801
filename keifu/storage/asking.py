"""One connection to a node: a request, then its answer, in a thread that waits for it.

A body goes from the kernel to where it stays: for a segment, that and the head are all the work there is.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

__all__ = ["Answer", "AskingFault", "Body", "Connection"]

Body = bytes | memoryview | Sequence[bytes | memoryview]  # in parts: they are sent one after another
_HEAD_BYTES = 64 << 10  # a path for each segment is in it
_LEAST_RATE = 4 << 10  # bytes a second, beside the patience: a node that gives fewer holds nobody up
_END = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2})(?: [^\r\n]*)?")
_T = TypeVar("_T", bytes, int)
_LENGTH = re.compile(rb"[0-9]{1,12}")


class AskingFault(Exception):
    """The answer is not HTTP as nodes speak it, or larger than it may be."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[bytes, bytes]  # by name in lower case
    body: memoryview


class Connection:
    """Raises OSError when the network fails, and AskingFault; then it is closed and of no more use."""

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None, patience: float, largest: int) -> None:
        try:
            plain = socket.create_connection((host, port), timeout=patience)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = plain if tls is None else tls.wrap_socket(plain, server_hostname=host)
        except ValueError as error:  # a name that no resolver or certificate takes, as one with an empty part
            raise AskingFault("its host is no name") from error
        self._is_plain, self._largest, self._patience = tls is None, largest, patience
        self._host = f"[{host}]" if ":" in host else host

    def close(self) -> None:
        self._socket.close()

    def abort(self) -> None:
        """From another thread: whoever waits for an answer gets an error at once."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    @property
    def is_open(self) -> bool:
        return self._socket.fileno() >= 0

    def ask(self, method: str, path: str, body: Body | None, payment: str = "") -> Answer:
        """`payment` is x402's word for what this costs."""
        parts = [] if body is None else [body] if isinstance(body, bytes | memoryview) else list(body)
        length = "" if body is None else f"content-length: {sum(map(len, parts))}\r\n"
        paid = f"payment-signature: {payment}\r\n" if payment else ""
        head = f"{method} {path} HTTP/1.1\r\nhost: {self._host}\r\n{length}{paid}\r\n".encode()
        try:
            self._send([head, *parts])
            answer = self._read()
        except BaseException:
            self.close()
            raise
        if answer.headers.get(b"connection", b"").lower() == b"close":
            self.close()
        return answer

    def _send(self, parts: Sequence[bytes | memoryview]) -> None:
        sent = self._socket.sendmsg(parts) if self._is_plain else 0
        for part in parts:
            if sent < len(part):
                self._socket.sendall(memoryview(part)[sent:])
            sent = max(0, sent - len(part))

    def _read(self) -> Answer:
        seen, begun = b"", time.monotonic()
        while (end := seen.find(_END)) < 0:
            if len(seen) > _HEAD_BYTES:
                raise AskingFault("the head of its answer is too large")
            seen += self._received(self._socket.recv(_HEAD_BYTES))
            self._require_pace(begun, len(seen))
        status, headers = _head(seen[:end])
        size = headers.get(b"content-length", b"")
        if not _LENGTH.fullmatch(size) or b"transfer-encoding" in headers:
            raise AskingFault("its answer does not say how long it is")
        if int(size) > self._largest:
            raise AskingFault("its answer is too large")
        body, have = np.empty(int(size), np.uint8).data, len(seen) - end - len(_END)  # zeros would be written twice
        if have > len(body):
            raise AskingFault("its answer is longer than it says")
        body[:have] = seen[end + len(_END) :]
        while have < len(body):
            count = self._socket.recv_into(body[have:])
            self._received(count)
            have += count
            self._require_pace(begun, have)
        return Answer(status, headers, body)

    def _require_pace(self, begun: float, count: int) -> None:
        if time.monotonic() > begun + self._patience + count / _LEAST_RATE:
            raise AskingFault("its answer comes too slowly")

    @staticmethod
    def _received(data: _T) -> _T:
        if not data:
            raise ConnectionResetError("the connection was closed")
        return data


def _head(data: bytes) -> tuple[int, dict[bytes, bytes]]:
    first, *lines = data.split(b"\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise AskingFault("its answer is no HTTP")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or name != name.strip() or name.lower() in headers:
            raise AskingFault("its answer is no HTTP")
        headers[name.lower()] = value.strip()
    return int(status[1]), headers
