"""A thread that writes for an event loop: it waits for the disk, and the loop does not."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread

__all__ = ["Writer"]

Job = Callable[[], None]
Done = Callable[[BaseException | None], None]


class Writer:
    """One job after the other. An executor does the same, and takes half as long again for what is around a job."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[tuple[AbstractEventLoop, Job, Done] | None] = SimpleQueue()
        self._is_closed = False
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, loop: AbstractEventLoop, job: Job, done: Done) -> None:
        """`done` is called in the loop with what `job` raised, or with None. After `close` no job is done: it gets a
        RuntimeError."""
        if self._is_closed:
            loop.call_soon(done, RuntimeError("it was closed"))
            return
        self._jobs.put((loop, job, done))

    def close(self) -> None:
        """Returns when all jobs are done."""
        self._is_closed = True
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (asked := self._jobs.get()) is not None:
            loop, job, done = asked
            error: BaseException | None = None
            try:
                job()
            except BaseException as found:
                error = found
            with suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(done, error)
