"""News for pages that are open: server-sent events, one for each block that changed anything, or for new heartbeats.

One thread looks at the tables and wakes the pages that are open; each waits in the server's event loop and costs no
thread. A page that was cut off asks again by itself, and sees by the first event whether it missed anything.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

from keifu.errors import KeifuError
from keifu.index import Position, Readers

__all__ = ["Live", "mark_of"]

LOOK_SECONDS = 0.05  # between two looks at the tables
WAIT_SECONDS = 0.1  # that an open page waits to be woken, before it sees whether its reader has gone
ALIVE_SECONDS = 15.0  # a comment is sent so often: else nobody notices that the other side has gone
RETRY_MILLISECONDS = 500


def mark_of(position: Position, beats: str = "") -> str:
    """Tells whether a page is of the same moment: another one after anything was written, or a heartbeat came."""
    return "-".join(filter(None, (str(position.turn), str(position.number), position.hash[2:18], beats)))


class Live:
    """The newest position of the tables, and a stream of them. Begins at once; `close` ends it. `beats` gives the mark
    of the newest heartbeats."""

    def __init__(self, readers: Readers, beats: Callable[[], str] = str) -> None:
        self._readers, self._beats = readers, beats
        self._stopped = threading.Event()
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self.position = readers.store.position
        self._mark = mark_of(self.position, beats())
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
            if (mark := self._mark) != sent:
                sent, quiet = mark, 0.0
                data = json.dumps({"mark": mark, "block": self.position.number})
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
            mark = mark_of(position, self._beats())
            if mark != self._mark:
                self.position, self._mark = position, mark
                for news, loop in self._waiting.copy().items():
                    with suppress(RuntimeError):  # the server has ended
                        loop.call_soon_threadsafe(news.set)
