"""Work done in forked copies of this process: each job starts with everything that is in memory now, changes what it
likes, and leaves nothing behind but its answer. A copy that dies loses its own job only."""

from __future__ import annotations

import gc
import os
import pickle
import selectors
import signal
import traceback
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

__all__ = ["forked"]

Job = TypeVar("Job")
Answer = TypeVar("Answer")

READ_SIZE = 1 << 16  # bytes read at a time


def forked(
    work: Callable[[Job], Answer], jobs: Iterable[Job], processes: int
) -> Generator[tuple[Job, Answer | None], None, None]:
    """(job, answer) of each job as it is done, with as many copies at a time as `processes`; None when a copy died.

    A copy is made when its turn comes, so it knows what the caller learnt from the answers before. Answers are
    pickled. What is pending when the caller stops is killed.
    """
    waiting = iter(jobs)
    running: dict[int, tuple[Job, int, bytearray]] = {}  # by the pipe's reading end
    thawed = not gc.get_freeze_count()
    gc.collect()
    gc.freeze()  # the collector would touch, and so copy, every page
    try:
        with selectors.DefaultSelector() as ready:
            while True:
                for job in islice(waiting, max(1, processes) - len(running)):
                    pid, pipe = _start(work, job)
                    running[pipe] = (job, pid, bytearray())
                    ready.register(pipe, selectors.EVENT_READ)
                if not running:
                    return
                for key, _ in ready.select():
                    pipe = key.fd
                    job, pid, received = running[pipe]
                    if piece := os.read(pipe, READ_SIZE):
                        received += piece
                        continue
                    ready.unregister(pipe)
                    del running[pipe]
                    os.close(pipe)
                    _, status = os.waitpid(pid, 0)
                    yield job, pickle.loads(received) if status == 0 else None  # noqa: S301 - our own copy wrote it
    finally:
        if thawed:  # else whoever froze it before wants it to stay so
            gc.unfreeze()
        for pipe, (_, pid, _) in running.items():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(pipe)


def _start(work: Callable[[Any], Any], job: Any) -> tuple[int, int]:
    """Fork; (process, the pipe's reading end) in the parent. The child never returns."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    status = 1
    try:
        os.close(reading)
        gc.disable()
        answer = pickle.dumps(work(job))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(answer)
        status = 0
    except Exception:  # The parent hears of it by the status
        traceback.print_exc()
    finally:
        os._exit(status)  # past the parent's buffers and exit handlers, which are not the child's
    raise AssertionError("unreachable")
