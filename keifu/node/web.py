"""The small HTTP server of a node: it answers GET with pages made from memory, and refuses everything else.

Whoever asks is a stranger. A request has to come whole within seconds and a few kilobytes, and its answer has to be
taken as fast; so many strangers are served at once and no more. What is refused is counted, by reason. Who sends more
than is read gets no answer: the connection ends.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from keifu.errors import EnvironmentFault

__all__ = ["Background", "Page", "WebServer", "json_page"]

T = TypeVar("T")
LARGEST_REQUEST = 8 << 10  # bytes up to the empty line
PATIENCE_SECONDS = 5.0  # for a request, and again for its answer to be taken
AT_ONCE = 64  # connections
METHODS = ("GET", "HEAD")
REQUEST_PARTS = 3  # method, target, version
CLOSE_SECONDS = 5.0


@dataclass(frozen=True)
class Page:
    """What is answered."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200


Pages = Mapping[str, Callable[[], Page]]


def json_page(document: Any, status: int = 200) -> Page:
    return Page(json.dumps(document, indent=2).encode() + b"\n", "application/json", status)


class Background:
    """One thread with an event loop, for everything that waits on the network beside the work itself."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """End what still waits, then the thread."""
        self.submit(_cancel_all()).result(CLOSE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_SECONDS)
        self._loop.close()


async def _cancel_all() -> None:
    waiting = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


class _Refused(Exception):
    """A stranger who gets no answer; the text is the reason."""


class WebServer:
    """Serves `pages`, by path. `refused(reason)` is told of each request that was refused."""

    def __init__(self, pages: Pages, refused: Callable[[str], None], *, patience: float = PATIENCE_SECONDS) -> None:
        self._pages, self._refused, self._patience = pages, refused, patience
        self._server: asyncio.Server | None = None
        self._busy = 0

    async def start(self, host: str, port: int) -> str:
        """Listen; the address, in which a port of 0 is the one that the kernel chose. Raises EnvironmentFault."""
        try:
            self._server = await asyncio.start_server(self._serve, host, port, limit=LARGEST_REQUEST)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise EnvironmentFault(
                f"cannot listen on {host}:{port}: {reason.lower()}",
                remedy="another process may have it: `ss -ltnp` says which; or choose another port in node.toml",
            ) from error
        bound = self._server.sockets[0].getsockname()
        return f"[{bound[0]}]:{bound[1]}" if ":" in bound[0] else f"{bound[0]}:{bound[1]}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._busy += 1
        try:
            if self._busy > AT_ONCE:
                raise _Refused("too many at once")
            async with asyncio.timeout(self._patience):
                page, has_body = await self._answer(reader)
            async with asyncio.timeout(self._patience):
                writer.write(_head(page) + (page.body if has_body else b""))
                await writer.drain()
        except _Refused as refusal:
            self._refused(str(refusal))
        except TimeoutError:
            self._refused("slow")
        except OSError:  # it has gone away
            self._refused("broken off")
        finally:
            self._busy -= 1
            # An answer that nobody takes is not waited for.
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[Page, bool]:
        """The page, and whether its body is wanted."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise _Refused("too large") from error
        except asyncio.IncompleteReadError as error:
            raise _Refused("broken off" if error.partial else "empty") from error
        parts = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(parts) != REQUEST_PARTS or not parts[2].startswith("HTTP/1."):
            return self._refusal("malformed", HTTPStatus.BAD_REQUEST), True
        method, target, _ = parts
        if method not in METHODS:
            return self._refusal("method", HTTPStatus.METHOD_NOT_ALLOWED), True
        page = self._pages.get(target.partition("?")[0])
        if page is None:
            return self._refusal("unknown page", HTTPStatus.NOT_FOUND), method == "GET"
        return page(), method == "GET"

    def _refusal(self, reason: str, status: HTTPStatus) -> Page:
        self._refused(reason)
        return Page(f"{status.phrase}\n".encode(), status=status)


def _head(page: Page) -> bytes:
    phrase = HTTPStatus(page.status).phrase
    return (
        f"HTTP/1.1 {page.status} {phrase}\r\nContent-Type: {page.content_type}\r\nContent-Length: {len(page.body)}\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    ).encode("latin-1")
