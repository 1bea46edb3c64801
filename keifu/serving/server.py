"""A small HTTP server for answers that are read: JSON and pages, on this machine unless somebody says otherwise.

h11 parses, asyncio waits, threads answer. What a peer may take is bounded: bytes of a request, seconds for it, for the
answer to be taken and between requests, requests on a connection, connections. Whatever it sends, it gets a whole
answer or a closed connection, never a traceback, and what was refused is counted by its reason. Only GET and HEAD are
answered, without a body.

On a loopback address only names of this machine are answered, and those that the owner gives. Without that, a page that
the owner's browser shows could have its own name point here, and read what is for the owner alone (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

from keifu.errors import EnvironmentFault, KeifuError
from keifu.serving.connection import Connection
from keifu.serving.messages import Handler, Limits, Request, Response, problem

__all__ = ["Server", "listen_on"]

STOP_CHECK_SECONDS = 0.05
CLOSE_SECONDS = 1.0
LOOPBACK_NAMES = ("localhost",)
_log = logging.getLogger("keifu.serving")


class Server:
    """Answers by `handler`, which runs in threads. Raises EnvironmentFault when the port cannot be had.

    `refused` is told the reason of each request that is refused. On a loopback address, `names` are answered beside
    this machine's own; None answers to any name.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        host: str,
        port: int,
        limits: Limits | None = None,
        names: Collection[str] | None = (),
        refused: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self.handler, self.refused = handler, refused
        self.limits = limits or Limits()
        self._open: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(self.limits.workers, thread_name_prefix="serving")
        self._socket = listen_on(host, port)
        is_loopback = ipaddress.ip_address(self._socket.getsockname()[0].partition("%")[0]).is_loopback
        self._names = None if names is None or not is_loopback else {*LOOPBACK_NAMES, *(item.lower() for item in names)}
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """Host and port, where a port of 0 is the one that the kernel chose."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def run(self, stopped: Callable[[], bool] | None = None) -> None:
        """Answer until `stopped()`, or until the process is interrupted."""
        try:
            asyncio.run(self._until(stopped))
        finally:
            self.close()

    async def start(self) -> None:
        """Answer in the event loop that runs, until `stop`."""
        self._server = await asyncio.start_server(self._connected, sock=self._socket, limit=self.limits.request_bytes)

    async def stop(self) -> None:
        """Listen no more, and end what is open."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        self.close()

    def close(self) -> None:
        self._socket.close()
        self._pool.shutdown(cancel_futures=True)

    def is_named(self, host: str) -> bool:
        """Whether a peer may call this server so: by any address, or by a name that is known here."""
        if self._names is None:
            return True
        name = host.strip().lower()
        name = name[1:].partition("]")[0] if name.startswith("[") else name.rpartition(":")[0] or name
        with contextlib.suppress(ValueError):
            return bool(ipaddress.ip_address(name))
        return name in self._names

    async def _until(self, stopped: Callable[[], bool] | None) -> None:
        await self.start()
        try:
            while stopped is None or not stopped():
                await asyncio.sleep(STOP_CHECK_SECONDS)
        finally:
            await self.stop()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await Connection(self, reader, writer).run(crowded=len(self._open) > self.limits.connections)
        except asyncio.CancelledError:
            pass  # the server ends
        finally:
            self._open.discard(task)
            # An answer that nobody takes is not waited for.
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()
            with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(writer.wait_closed(), CLOSE_SECONDS)

    async def answer(self, request: Request) -> Response:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self.handler, request)
        except KeifuError as error:
            return problem(503 if isinstance(error, EnvironmentFault) else 400, error.message, error.remedy)
        except Exception:
            _log.exception("an answer to %s failed", request.path)
            return problem(500, "the server failed to answer this", "its log says why")


def listen_on(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises EnvironmentFault when the port cannot be had."""
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise EnvironmentFault(f"{host} is no address of this machine: {reason}", remedy="choose another") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise EnvironmentFault(
            f"cannot listen on {host}:{port}: {reason.lower()}",
            remedy="`ss -ltnp` says which process has it; or choose another port: 0 takes any that is free",
        ) from error
    listening.setblocking(False)
    return listening
