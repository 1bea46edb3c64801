"""A small HTTP server for answers that are read: JSON and pages, on this machine unless somebody says otherwise.

h11 parses, asyncio waits, threads answer. What a peer may take is bounded: bytes of a request, seconds for it, for the
answer to be taken and between requests, requests on a connection, connections. Whatever it sends, it gets a whole
answer or a closed connection, never a traceback. Only GET and HEAD are answered, without a body.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
import msgspec

from keifu.errors import EnvironmentFault, KeifuError

__all__ = ["Handler", "Limits", "Request", "Response", "Server", "problem"]

METHODS = ("GET", "HEAD")
CHUNK = 4_096  # bytes, read at once: a request is longer than allowed by no more than this
SAFE_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-cache"),  # may be kept, and is asked for again with its ETag
)
STRICT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_log = logging.getLogger("keifu.serving")


@dataclass(frozen=True)
class Limits:
    """What one peer may take."""

    request_bytes: int = 16_384  # line and headers
    request_seconds: float = 10.0  # from its first byte to its last
    idle_seconds: float = 30.0  # before its first byte
    answer_seconds: float = 30.0  # until it has taken the answer
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
    """What goes back. With an `etag`, a peer that has it already is told so instead."""

    status: int
    body: bytes
    content_type: str = "application/json"
    etag: str = ""
    policy: str = STRICT  # Content-Security-Policy


Handler = Callable[[Request], Response]


def problem(status: int, detail: str, remedy: str = "") -> Response:
    """A fault as RFC 9457 writes it."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = msgspec.json.encode(document | ({"remedy": remedy} if remedy else {}))
    return Response(status, body, "application/problem+json")


class Server:
    """Answers by `handler`, which runs in threads. Raises EnvironmentFault when the port cannot be had."""

    def __init__(self, handler: Handler, *, host: str, port: int, limits: Limits | None = None) -> None:
        self.handler = handler
        self.limits = limits or Limits()
        self._open: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(self.limits.workers, thread_name_prefix="serving")
        self._socket = _listening(host, port)

    @property
    def url(self) -> str:
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def run(self, stopped: Callable[[], bool] | None = None) -> None:
        """Answer until `stopped()`, or until the process is interrupted."""
        try:
            asyncio.run(self._serve(stopped))
        finally:
            self.close()

    def close(self) -> None:
        self._socket.close()
        self._pool.shutdown(cancel_futures=True)

    async def _serve(self, stopped: Callable[[], bool] | None) -> None:
        server = await asyncio.start_server(self._connected, sock=self._socket, limit=self.limits.request_bytes)
        try:
            while stopped is None or not stopped():
                await asyncio.sleep(0.05)
        finally:
            server.close()
            for task in tuple(self._open):
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await _Connection(self, reader, writer, crowded=len(self._open) > self.limits.connections).run()
        except (OSError, asyncio.CancelledError, TimeoutError, h11.LocalProtocolError):
            pass  # the peer is gone, too slow, or the server ends
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await asyncio.wait_for(writer.wait_closed(), 1)

    async def answer(self, request: Request) -> Response:
        if request.method not in METHODS:
            return problem(405, f"{request.method} is not answered", "ask by GET")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self.handler, request)
        except KeifuError as error:
            return problem(503 if isinstance(error, EnvironmentFault) else 400, error.message, error.remedy)
        except Exception:
            _log.exception("an answer to %s failed", request.path)
            return problem(500, "the server failed to answer this", "its log says why")


class _Connection:
    """One peer, request after request."""

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, crowded: bool
    ) -> None:
        self.server, self.limits, self.reader, self.writer = server, server.limits, reader, writer
        self.crowded = crowded
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=self.limits.request_bytes)

    async def run(self) -> None:
        for _ in range(self.limits.requests):
            try:
                heard = await self._request()
            except h11.RemoteProtocolError as error:
                await self._send(
                    problem(error.error_status_hint, "this is no HTTP request that is answered"), last=True
                )
                return
            if heard is None:
                return
            if self.crowded:
                await self._send(problem(503, "too many connections", "come back later"), last=True)
                return
            if isinstance(heard, Response):
                await self._send(heard, last=True)
                return
            request = heard
            await self._send(_fitting(request, await self.server.answer(request)), head=request.method == "HEAD")
            if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
                return
            self.http.start_next_cycle()

    async def _request(self) -> Request | Response | None:
        """The next request, a refusal of it, or None when the peer has gone."""
        event = await self._next_event(self.limits.idle_seconds)
        if not isinstance(event, h11.Request):
            return None
        body = await self._next_event(self.limits.request_seconds)
        if not isinstance(body, h11.EndOfMessage):
            return problem(413, "a request with a body is not answered", "ask by GET, without one")
        return _read(event, self.limits.fields)

    async def _next_event(self, patience: float) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED] | None:
        """What the peer says next; None when it closed or took too long. Once it has begun, a deadline runs."""
        loop = asyncio.get_running_loop()
        until, begun = loop.time() + patience, False
        while (event := self.http.next_event()) is h11.NEED_DATA:
            try:
                data = await asyncio.wait_for(self.reader.read(CHUNK), max(0.0, until - loop.time()))
            except TimeoutError:
                return None
            if not begun:
                begun, until = True, min(until, loop.time() + self.limits.request_seconds)
            self.http.receive_data(data)
        return None if isinstance(event, h11.ConnectionClosed) else event

    async def _send(self, response: Response, *, head: bool = False, last: bool = False) -> None:
        headers = [
            *(() if response.status == HTTPStatus.NOT_MODIFIED else _about_body(response)),
            ("Content-Security-Policy", response.policy),
            *SAFE_HEADERS,
            *([("ETag", response.etag)] if response.etag else []),
            *([("Allow", ", ".join(METHODS))] if response.status == HTTPStatus.METHOD_NOT_ALLOWED else []),
            *([("Connection", "close")] if last else []),
        ]
        reason = HTTPStatus(response.status).phrase.encode()
        reply = h11.Response(status_code=response.status, headers=headers, reason=reason)
        parts: list[h11.Event] = [reply]
        if response.body and not head:
            parts.append(h11.Data(data=response.body))
        for part in (*parts, h11.EndOfMessage()):
            self.writer.write(self.http.send(part) or b"")
        await asyncio.wait_for(self.writer.drain(), self.limits.answer_seconds)


def _about_body(response: Response) -> tuple[tuple[str, str], ...]:
    return ("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))


def _read(event: h11.Request, most_fields: int) -> Request | Response:
    try:
        target = event.target.decode("ascii")
        parts = urlsplit(target)
        query = parse_qsl(
            parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), max_num_fields=most_fields,
            errors="strict",
        )  # fmt: skip
        path = unquote(parts.path, errors="strict")
    except ValueError:
        return problem(400, "the address cannot be read", "path?name=value&name=value, percent-encoded UTF-8")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
    return Request(event.method.decode("ascii"), path, tuple(query), headers)


def _fitting(request: Request, response: Response) -> Response:
    """Not the same again to somebody who has it."""
    known = [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]
    if response.status == HTTPStatus.OK and response.etag and response.etag in known:
        return Response(304, b"", response.content_type, response.etag, response.policy)
    return response


def _listening(host: str, port: int) -> socket.socket:
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise EnvironmentFault(f"{host} is no address of this machine: {error.strerror}", remedy="--host") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        raise EnvironmentFault(
            f"port {port} of {host} cannot be had: {error.strerror}",
            remedy="another process has it, or it needs rights: --port 0 takes any that is free",
        ) from error
    listening.setblocking(False)
    return listening
