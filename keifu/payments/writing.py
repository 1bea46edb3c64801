"""What a book writes for an event loop. A thread waits for the disk, and the loop does not.

A job of one short write may be less work than waking a thread for it. Such a job is done at once, in the loop, while
the disk is as quick as that. After one that took longer the thread does those that follow, for a while.
"""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread

__all__ = ["Writer"]

Job = Callable[[], None]
Done = Callable[[BaseException | None], None]
LONGEST_SECONDS = 0.001  # that a loop stands still for a job
MANY_APART = 64  # jobs that the thread does after one that took longer


class Writer:
    """One job after the other. An executor does the same, and takes half as long again for what is around a job."""

    def __init__(self, name: str, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._jobs: SimpleQueue[tuple[AbstractEventLoop, Job, Done] | None] = SimpleQueue()
        self._clock = clock
        self._waiting = 0  # jobs that the thread has not ended
        self._apart = 0  # quick jobs that are the thread's, too
        self._is_closed = False
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, loop: AbstractEventLoop, job: Job, done: Done, *, is_quick: bool = False) -> None:
        """`done` is called in the loop with what `job` raised, or with None. After `close` no job is done: it gets a
        RuntimeError. `is_quick` says that the job is one short write. Called in the loop's thread."""
        if self._is_closed:
            loop.call_soon(done, RuntimeError("it was closed"))
        elif is_quick and not self._waiting and not self._apart:
            began = self._clock()
            loop.call_soon(done, _raised_by(job))
            if self._clock() - began > LONGEST_SECONDS:
                self._apart = MANY_APART
        else:
            self._apart -= is_quick and self._apart > 0
            self._waiting += 1
            self._jobs.put((loop, job, done))

    def close(self) -> None:
        """Returns when all jobs are done."""
        self._is_closed = True
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (asked := self._jobs.get()) is not None:
            loop, job, done = asked
            error = _raised_by(job)
            with suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(self._ended, done, error)

    def _ended(self, done: Done, error: BaseException | None) -> None:
        self._waiting -= 1
        done(error)


def _raised_by(job: Job) -> BaseException | None:
    try:
        job()
    except BaseException as error:
        return error
    return None
