"""An HTTP/1.1 server for answers that are worth a fraction of a cent: httptools parses, uvloop waits, nothing is
started for a request.

It lives in one event loop. `handler` is called there for each whole request and answers at once or later. What a peer
may take is bounded by `Limits`, and what was refused is counted by its reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from keifu.compute.http.connection import Connection
from keifu.compute.http.exchange import Exchange
from keifu.compute.http.messages import Limits
from keifu.compute.http.outlets import Outlets
from keifu.serving import listen_on

__all__ = ["Server"]

SWEEP_SECONDS = 1.0
_log = logging.getLogger("keifu.compute")


class Server:
    """Listens from `start` to `stop`. Raises EnvironmentFault when the port cannot be had."""

    def __init__(
        self,
        handler: Callable[[Exchange], None],
        *,
        host: str,
        port: int,
        limits: Limits | None = None,
        refused: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self._handler, self.refused, self.limits = handler, refused, limits or Limits()
        self._socket = listen_on(host, port)
        self._socket.listen(self.limits.connections)
        self._open: set[Connection] = set()
        self._large = 0  # bytes of large bodies that are here or announced
        self._server: asyncio.Server | None = None
        self._sweeping: asyncio.TimerHandle | None = None
        self.loop: asyncio.AbstractEventLoop
        self.outlets: Outlets

    @property
    def address(self) -> str:
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def connections(self) -> int:
        return len(self._open)

    async def start(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.outlets = Outlets(self.loop)
        self._server = await self.loop.create_server(lambda: Connection(self), sock=self._socket)
        self._sweeping = self.loop.call_later(SWEEP_SECONDS, self._sweep)

    def listen_no_more(self) -> None:
        """What is open goes on."""
        if self._server is not None:
            self._server.close()

    async def stop(self) -> None:
        """Listen no more, and end what is open and who came at the last moment: nothing is left for the loop's end."""
        self.listen_no_more()
        if self._sweeping is not None:
            self._sweeping.cancel()
        ended: set[Connection] = set()
        while self._open:
            for connection in self._open - ended:
                connection.abort("server ends")
                ended.add(connection)
            await asyncio.sleep(0)
        self._socket.close()
        self.outlets.close()

    # of connections ------------------------------------------------------------------------------------------------

    def opened(self, connection: Connection) -> bool:
        """Whether there is room for it."""
        self._open.add(connection)
        return len(self._open) <= self.limits.connections

    def closed(self, connection: Connection) -> None:
        self._open.discard(connection)

    def take_room(self, size: int) -> bool:
        """Whether there is room for a large body."""
        if self._large + size > self.limits.large_bytes:
            return False
        self._large += size
        return True

    def give_room(self, size: int) -> None:
        self._large -= size

    def handle(self, exchange: Exchange) -> None:
        """Nothing that the handler does ends the connection of another peer, or this server."""
        try:
            self._handler(exchange)
        except Exception:
            _log.exception("an answer failed")
            if not exchange.is_answered:
                exchange.fail(500, "server_error", "internal", "the server failed to answer this")

    def _sweep(self) -> None:
        now = self.loop.time()
        for connection in tuple(self._open):
            if connection.deadline <= now:
                connection.abort(connection.what_is_late)
        self._sweeping = self.loop.call_later(SWEEP_SECONDS, self._sweep)
