"""The pages of a node, over the server that everything here answers with, and the thread that waits on the network.

Whoever asks is a stranger: `keifu.serving` bounds what it may take, and counts what is refused.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Collection, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from keifu.serving import Limits, Request, Response, Server, problem

__all__ = ["NODE_LIMITS", "Background", "Page", "json_page", "serve_pages"]

T = TypeVar("T")
NODE_LIMITS = Limits(
    request_bytes=8 << 10, request_seconds=5, idle_seconds=5, answer_seconds=5, connections=64, workers=2
)
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


def serve_pages(
    pages: Pages,
    refused: Callable[[str], None],
    *,
    host: str,
    port: int,
    names: Collection[str] | None = (),
    limits: Limits = NODE_LIMITS,
) -> Server:
    """A server of pages by their paths; `refused` is told the reason of each request that is refused."""

    def handler(request: Request) -> Response:
        make = pages.get(request.path)
        if make is None:
            return problem(404, f"there is no {request.path[:80]}")
        page = make()
        return Response(page.status, page.body, page.content_type)

    return Server(handler, host=host, port=port, limits=limits, names=names, refused=refused)


class Background:
    """One thread with an event loop, for everything that waits on the network beside the work itself."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.new_event_loop()
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
