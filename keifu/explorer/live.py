"""News of the tables for pages that are open: server-sent events, one for each block that changed anything.

One thread looks at the tables and wakes the pages that are open; each waits in the server's event loop and costs no
thread. A page that was cut off asks again by itself, and sees by the first event whether it missed anything.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress

from keifu.errors import KeifuError
from keifu.index import Position, Readers

__all__ = ["Live", "mark_of"]

LOOK_SECONDS = 0.05  # between two looks at the tables
WAIT_SECONDS = 0.1  # that an open page waits to be woken, before it sees whether its reader has gone
ALIVE_SECONDS = 15.0  # a comment is sent so often: else nobody notices that the other side has gone
RETRY_MILLISECONDS = 500


def mark_of(position: Position) -> str:
    """Tells whether a page is of the same moment: another one after anything was written."""
    return f"{position.turn}-{position.number}-{position.hash[2:18]}"


class Live:
    """The newest position of the tables, and a stream of them. Begins at once; `close` ends it."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._stopped = threading.Event()
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self.position = readers.store.position
        self._thread = threading.Thread(target=self._look, name="live", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()

    async def events(self) -> AsyncGenerator[bytes, None]:
        """What one page is sent, until it goes."""
        yield b"retry: %d\n\n" % RETRY_MILLISECONDS
        news = asyncio.Event()
        self._waiting[news] = asyncio.get_running_loop()
        try:
            async for part in self._parts(news):
                yield part
        finally:
            del self._waiting[news]

    async def _parts(self, news: asyncio.Event) -> AsyncGenerator[bytes, None]:
        sent, quiet = "", 0.0
        while not self._stopped.is_set():
            news.clear()
            position = self.position
            if (mark := mark_of(position)) != sent:
                sent, quiet = mark, 0.0
                data = json.dumps({"mark": mark, "block": position.number})
                yield f"event: block\ndata: {data}\n\n".encode()
            elif quiet >= ALIVE_SECONDS:
                quiet = 0.0
                yield b": still here\n\n"
            else:
                yield b""
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), WAIT_SECONDS)
            quiet += WAIT_SECONDS

    def _look(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                position = self._readers.store.position
            except KeifuError:  # the database may be back at the next look; whoever opens a page is told
                self._readers.forget()
                continue
            if position != self.position:
                self.position = position
                for news, loop in self._waiting.copy().items():
                    with suppress(RuntimeError):  # the server has ended
                        loop.call_soon_threadsafe(news.set)
