"""The protocol over HTTP (streamable HTTP: each message by POST, each answer whole), and the documents that describe
the agent. A browser's page is refused unless it is of this server, so that no page of a stranger calls tools here.
"""

from __future__ import annotations

import asyncio
import hmac
import signal
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from keifu.agent.mcp.messages import LARGEST, Protocol
from keifu.compute.http import JSON, Exchange, Limits, Server
from keifu.errors import KeifuError

__all__ = ["MCP_PATH", "Pages", "Site", "serve_web"]

MCP_PATH = "/mcp"
LIMITS = Limits(body_bytes=LARGEST, connections=64)
WAITING = 32  # messages, before further ones are refused
DOCUMENTS = WAITING // 2  # of all that waits, where they stand behind: who reads them needs no token
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
TYPE = b"application/json"
T = TypeVar("T")


@dataclass(frozen=True)
class Site:
    """What is served. `names` are hosts by which it may be called beside this machine's own; `token` has to come with
    each message, where there is one; `documents` are by their paths."""

    protocol: Protocol
    documents: Mapping[str, Callable[[], object]]
    names: frozenset[str] = frozenset()
    token: str = ""


class Pages:
    """In the event loop; tools run one after another in a thread beside it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="tools")
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, exchange: Exchange) -> None:
        path = exchange.path.partition(b"?")[0].decode("latin-1")
        if not self._is_called_rightly(exchange.headers):
            exchange.reply(403, _said("this server has another name, or a page of another one asks"))
        elif path == MCP_PATH:
            self._message(exchange)
        elif path in self._site.documents and exchange.method in (b"GET", b"HEAD"):
            self._within(DOCUMENTS, exchange, lambda: self._document(exchange, path))
        else:
            exchange.reply(404, _said("there is no such page here"))

    def _message(self, exchange: Exchange) -> None:
        headers = exchange.headers
        if exchange.method != b"POST":
            exchange.reply(405, _said("ask by POST"), JSON + b"allow: POST\r\n")
        elif not self._has_token(headers):
            exchange.reply(401, _said("this server wants its token"), JSON + b"www-authenticate: Bearer\r\n")
        elif headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != TYPE:
            exchange.reply(415, _said("a message is application/json"))
        else:
            self._within(WAITING, exchange, lambda: self._answer(exchange))

    def _within(self, most: int, exchange: Exchange, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start it, unless so much waits already: an asker that has left is waited for, too."""
        if len(self._tasks) >= most:
            exchange.reply(503, _said("too much is asked at once: come back later"))
            return
        task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, exchange: Exchange) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in exchange.headers.items()}
        answer = await self._in_thread(lambda: self._site.protocol.answer(exchange.body, headers))
        exchange.reply(answer.status, answer.body)

    async def _document(self, exchange: Exchange, path: str) -> None:
        try:
            found = msgspec.json.encode(await self._in_thread(self._site.documents[path]))
        except KeifuError:  # the chain does not answer
            exchange.reply(503, _said("this document cannot be made now"))
            return
        exchange.reply(200, found)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _is_called_rightly(self, headers: Mapping[bytes, bytes]) -> bool:
        """By a name of this server; and by no page of another one (DNS rebinding)."""
        known = (LOOPBACK | self._site.names) - {""}  # what names no host
        origin = headers.get(b"origin")
        hosts = [_host(b"//" + headers.get(b"host", b""))] + ([] if origin is None else [_host(origin)])
        return all(host in known for host in hosts)

    def _has_token(self, headers: Mapping[bytes, bytes]) -> bool:
        wanted = f"Bearer {self._site.token}".encode()
        return not self._site.token or hmac.compare_digest(headers.get(b"authorization", b""), wanted)


async def serve_web(site: Site, host: str, port: int, started: Callable[[str], None]) -> None:
    """Until the process is asked to end. `started` is given the server's address."""
    pages, ended = Pages(site), asyncio.Event()
    server = Server(pages.handle, host=host, port=port, limits=LIMITS)
    await server.start()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    started(server.url)
    await ended.wait()
    await server.stop()


def _host(url: bytes) -> str:
    try:
        return urlsplit(url.decode("ascii")).hostname or ""
    except ValueError:
        return ""


def _said(message: str) -> bytes:
    return msgspec.json.encode({"error": message})
