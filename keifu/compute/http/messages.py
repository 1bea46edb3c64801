"""What one peer may take, and the bytes of an answer's head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

__all__ = ["CLOSE", "JSON", "Limits", "failure_body", "front_of", "head_of", "whole"]

JSON = b"content-type: application/json\r\n"
CLOSE = b"connection: close\r\n"


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
    direct_bytes: int = 1 << 62  # a body of so many goes from the socket to its place without a copy between
    large_bytes: int = 128 << 20  # of such bodies, all peers together, from their heads to their answers


def head_of(status: int, headers: bytes, length: int | None = None, *, close: bool = False) -> bytes:
    """Line and headers; a body of so many bytes follows, or one in chunks."""
    follows = b"transfer-encoding: chunked\r\n\r\n" if length is None else b"content-length: %d\r\n\r\n" % length
    return b"".join((_LINES[status], headers, CLOSE if close else b"", follows))


def front_of(status: int, headers: bytes) -> bytes:
    """Of a head that others write on: its line, and headers of which the last one may be unfinished."""
    return _LINES[status] + headers


def whole(status: int, headers: Sequence[bytes], body: bytes, *, close: bool = False, bodiless: bool = False) -> bytes:
    """A whole answer, in one piece at once. `bodiless`: all but the body."""
    length = b"content-length: %d\r\n\r\n" % len(body)
    return b"".join(
        (_LINES[status], *headers, CLOSE if close else b"", length, b"" if bodiless else body)
    )  # fmt: skip


def failure_body(kind: str, code: str, message: str) -> bytes:
    """A fault as OpenAI's clients read it."""
    return msgspec.json.encode({"error": {"message": message, "type": kind, "param": None, "code": code}})


_LINES = {int(item): f"HTTP/1.1 {item.value} {item.phrase}\r\n".encode() for item in HTTPStatus}
