"""Sockets that take no more, until they do.

An event loop that is asked for each wait makes a handle for it and drops it again: ten calls of the system. Here a
socket is registered once, edge-triggered, and a wait costs nothing until it ends.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable

__all__ = ["Outlets"]


class Outlets:
    """Of one event loop, which has to run. Where a system has no epoll, the loop is asked each time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[int, Callable[[], None]] = {}  # by the number of the socket
        self._registered: set[int] = set()
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        if self._epoll is not None:
            loop.add_reader(self._epoll, self._wake)

    def close(self) -> None:
        """When nobody waits any more."""
        if self._epoll is not None:
            self._loop.remove_reader(self._epoll)
            self._epoll.close()

    def wait(self, outlet: socket.socket, step: Callable[[], None]) -> None:
        """Call `step` once, when a socket that has just refused bytes takes some again."""
        number = outlet.fileno()
        self._waiting[number] = step
        if self._epoll is None:
            self._loop.add_writer(number, self._step, number)
        elif number not in self._registered:
            self._epoll.register(number, select.EPOLLOUT | select.EPOLLET)
            self._registered.add(number)

    def forget(self, outlet: socket.socket) -> None:
        """Before it is closed: its number may be another's soon, while its twin keeps the connection."""
        number = outlet.fileno()
        self._waiting.pop(number, None)
        if self._epoll is None:
            self._loop.remove_writer(number)
        elif number in self._registered:
            self._registered.discard(number)
            self._epoll.unregister(number)

    def _wake(self) -> None:
        assert self._epoll is not None
        for number, _ in self._epoll.poll(0):
            self._step(number)

    def _step(self, number: int) -> None:
        """The loop's own writes wake it, too."""
        step = self._waiting.pop(number, None)
        if self._epoll is None:
            self._loop.remove_writer(number)
        if step is not None:
            step()
