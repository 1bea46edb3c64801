"""What the answering thread asks of the thread of the rounds: each who asks gets a reply, or a reason."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Generic, TypeVar

from keifu.payments.book import Refused

__all__ = ["Questions"]

Q = TypeVar("Q")
A = TypeVar("A")


class Questions(Generic[Q, A]):
    """`ask` is of the answering thread, the rest of the rounds."""

    def __init__(self, longest: int, busy: str) -> None:
        """`longest` wait at a time; another one is refused with the words `busy`."""
        self._longest, self._busy = longest, busy
        self._asked: queue.SimpleQueue[tuple[Q, Future[A]]] = queue.SimpleQueue()

    async def ask(self, question: Q) -> A:
        """Raises Refused, or whatever the reply raises."""
        if self._asked.qsize() >= self._longest:
            raise Refused("busy", self._busy)
        done: Future[A] = Future()
        self._asked.put((question, done))
        return await asyncio.wrap_future(done)

    @property
    def is_empty(self) -> bool:
        return self._asked.empty()

    def answer(self, reply: Callable[[Q], A], patience: float = 0.0) -> None:
        """All who wait, one after another. Where nobody does, the first one is waited for so many seconds."""
        for question, done in self._waiting(patience):
            if not done.set_running_or_notify_cancel():
                continue  # its peer has left
            try:
                answer = reply(question)
            except (sqlite3.Error, OSError):
                raise  # the node's own fault
            except Exception as error:  # whatever somebody sends, it ends no node
                done.set_exception(error)
            else:
                done.set_result(answer)

    def _waiting(self, patience: float) -> Iterator[tuple[Q, Future[A]]]:
        with contextlib.suppress(queue.Empty):
            yield self._asked.get(timeout=patience)
            while True:
                yield self._asked.get_nowait()
