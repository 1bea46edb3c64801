"""What one peer may take, and the bytes of an answer's head."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import msgspec

__all__ = ["JSON", "Limits", "failure_body", "head_of"]

JSON = b"content-type: application/json\r\n"


@dataclass(frozen=True)
class Limits:
    """What one peer may take."""

    head_bytes: int = 32 << 10  # line and headers; a deposit with its signatures has 4 KB
    body_bytes: int = 2 << 20
    request_seconds: float = 10.0  # from its first byte to its last
    idle_seconds: float = 75.0  # before its first byte
    answer_seconds: float = 30.0  # until it has taken what waits for it
    waiting_bytes: int = 256 << 10  # written and not taken, before a stream waits
    connections: int = 1_024
    queued: int = 32  # requests that came on one connection before the first was answered


def head_of(status: int, headers: bytes, length: int | None, *, close: bool = False) -> bytes:
    """Line and headers; without a length, the body follows in chunks."""
    body = b"transfer-encoding: chunked\r\n" if length is None else b"content-length: %d\r\n" % length
    return b"".join((_LINES[status], headers, b"connection: close\r\n" if close else b"", body, b"\r\n"))


def failure_body(kind: str, code: str, message: str) -> bytes:
    """A fault as OpenAI's clients read it."""
    return msgspec.json.encode({"error": {"message": message, "type": kind, "param": None, "code": code}})


_LINES = {int(item): f"HTTP/1.1 {item.value} {item.phrase}\r\n".encode() for item in HTTPStatus}
