"""What is asked and what goes back, and what one peer may take."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
import msgspec

__all__ = ["STRICT", "Handler", "Limits", "Request", "Response", "Wrong", "fitting", "problem", "read"]

STRICT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


@dataclass(frozen=True)
class Limits:
    """What one peer may take."""

    request_bytes: int = 16_384  # line and headers
    request_seconds: float = 10.0  # from its first byte to its last
    idle_seconds: float = 30.0  # before its first byte
    answer_seconds: float = 30.0  # until it has taken the answer, or a part of one that never ends
    requests: int = 1_000  # on one connection
    connections: int = 128
    fields: int = 32  # of a query
    workers: int = 4  # answers that are made at once


@dataclass(frozen=True)
class Request:
    """What was asked: names of headers in lower case, fields of the query in their order."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Response:
    """What goes back. With an `etag`, a peer that has it already is told so instead. A `stream` comes after the body,
    part by part, in the server's event loop, until it ends or the peer has gone; an empty part is not sent."""

    status: int
    body: bytes
    content_type: str = "application/json"
    etag: str = ""
    policy: str = STRICT  # Content-Security-Policy
    stream: Callable[[], AsyncGenerator[bytes, None]] | None = None
    location: str = ""  # where the peer finds what it asked for
    headers: tuple[tuple[str, str], ...] = ()  # further ones; a stream of known length names it here


Handler = Callable[[Request], Response]


class Wrong(Exception):
    """A request that is refused: the reason under which it is counted, and the answer."""

    def __init__(self, reason: str, answer: Response) -> None:
        super().__init__(reason)
        self.reason, self.answer = reason, answer


def problem(status: int, detail: str, remedy: str = "") -> Response:
    """A fault as RFC 9457 writes it."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = msgspec.json.encode(document | ({"remedy": remedy} if remedy else {}))
    return Response(status, body, "application/problem+json")


def read(event: h11.Request, most_fields: int) -> Request:
    """The request of a parsed head. Raises Wrong for an address that cannot be read."""
    try:
        target = event.target.decode("ascii")
        parts = urlsplit(target)
        query = parse_qsl(
            parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), max_num_fields=most_fields,
            errors="strict",
        )  # fmt: skip
        path = unquote(parts.path, errors="strict")
    except ValueError as error:
        said = problem(400, "the address cannot be read", "path?name=value&name=value, percent-encoded UTF-8")
        raise Wrong("malformed", said) from error
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
    return Request(event.method.decode("ascii"), path, tuple(query), headers)


def fitting(request: Request, response: Response) -> Response:
    """Not the same again to somebody who has it."""
    known = [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]
    if response.status == HTTPStatus.OK and response.etag and response.etag in known:
        return Response(304, b"", response.content_type, response.etag, response.policy)
    return response
