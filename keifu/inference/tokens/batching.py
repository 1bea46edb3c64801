"""Several users at a time: each step reads the next token of everybody who waits for one, and parts of new prompts.

One thread computes. Requests begin in the order in which they came, and a long prompt is read in parts between the
tokens of others. What somebody gets does not depend on who else is there.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keifu.inference.tokens.committing import HASH_BYTES, Steps, read_roots
from keifu.inference.tokens.executor import Conversation, Executor, Memory, read_together
from keifu.inference.tokens.sampling import Drawing

__all__ = ["Batches", "Job"]

_log = logging.getLogger("keifu.inference")
ROWS = 48  # positions of one step

Hashes = NDArray[np.uint8]


@dataclass
class Job:
    """A prompt, and who gets its tokens. `take` is called in the computing thread for each, and says whether there
    shall be more; `failed` instead of it, when the machine cannot go on."""

    prompt: Sequence[int]
    most: int
    take: Callable[[int], bool]
    failed: Callable[[Exception], None]
    drawing: Drawing | None = None
    keeps_groups: bool = False  # whether what each group committed to is kept
    is_over: bool = False  # set by whoever wants no more
    reply: list[int] = field(default_factory=list)
    bounds: list[Hashes] = field(default_factory=list)  # at positions, of all groups but the last
    steps: Steps | None = None  # positions behind those

    def committed(self) -> tuple[Hashes, Hashes]:
        """Roots of positions, and what each of their groups committed to. Made of all together, it takes least."""
        self.hash_steps()
        return read_roots(np.concatenate(self.bounds), self.reply)

    def hash_steps(self) -> None:
        if self.steps is not None and not self.steps.is_empty:
            self.bounds.append(self.steps.hashed())


_Part: TypeAlias = tuple[Job, Conversation, Sequence[int]]


class Batches:
    """`users` conversations with `positions` each."""

    def __init__(self, executor: Executor, users: int, positions: int) -> None:
        self._executor, self._memory = executor, Memory(executor, users, positions)
        self._free = list(range(users))
        self._waiting: deque[Job] = deque()
        self._running: list[tuple[Job, Conversation]] = []
        self._changed = threading.Condition()
        self._is_closing = False
        self._ready()
        self._thread = threading.Thread(target=self._compute, name="tokens", daemon=True)
        self._thread.start()

    @property
    def positions(self) -> int:
        return self._memory.positions

    def add(self, job: Job) -> None:
        with self._changed:
            self._waiting.append(job)
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def _compute(self) -> None:
        while True:
            with self._changed:
                while not (self._waiting or self._running or self._is_closing):
                    self._changed.wait()
                if self._is_closing:
                    return
                while self._waiting and self._free:
                    job = self._waiting.popleft()
                    self._running.append((job, Conversation(self._memory, self._free.pop())))
            try:
                self._step()
            except Exception as error:
                _log.exception("a step of %d replies failed", len(self._running))
                for job, _ in self._running:
                    job.failed(error)
                    job.is_over = True
            self._leave()

    def _ready(self) -> None:
        """Compile what replies take, so that the first client does not wait for that."""
        bounds, steps = self._bounds(1), Steps(self._memory.sizes)
        read_together([(Conversation(self._memory, 0), [0])], bounds=bounds)
        seen, lines = steps.next()
        (h,) = read_together([(Conversation(self._memory, 0), [0])], seen, lines=lines)
        self._executor.drawn(h, Drawing(b"", 1, 1), 0)
        read_roots(np.concatenate([bounds, steps.hashed()]), self._executor.tokens(h).tolist())

    def _bounds(self, rows: int) -> Hashes:
        return np.empty((rows, self._memory.sizes.layers + 1, HASH_BYTES), np.uint8)

    def _leave(self) -> None:
        over = [talk.number for job, talk in self._running if job.is_over]
        self._free += over
        self._running = [(job, talk) for job, talk in self._running if not job.is_over]

    def _step(self) -> None:
        self._leave()
        parts = self._parts()
        if not parts:
            return
        for (job, talk, _), h in zip(parts, self._read(parts), strict=True):
            if talk.length >= len(job.prompt):
                token = self._token(job, h[-1:], talk.length - 1)
                job.reply.append(token)
                if not job.take(token) or len(job.reply) >= job.most or talk.length >= self.positions:
                    job.is_over = True  # it stays so where somebody left meanwhile

    def _read(self, parts: list[_Part]) -> list[NDArray[Any]]:
        rows, reads = sum(len(ids) for _, _, ids in parts), [(talk, ids) for _, talk, ids in parts]
        if rows == 1:
            job = parts[0][0]
            if job.steps is None:
                job.steps = Steps(self._memory.sizes)
            seen, lines = job.steps.next()
            found = read_together(reads, seen, lines=lines)
            if job.steps.is_full:
                job.hash_steps()
            return found
        bounds, row = self._bounds(rows), 0
        found = read_together(reads, bounds=bounds)
        for job, _, ids in parts:
            job.hash_steps()
            job.bounds.append(bounds[row : row + len(ids)])
            row += len(ids)
        return found

    def _parts(self) -> list[_Part]:
        """Who has a token waits for the next one; what is left of the step is for prompts, the oldest first."""
        found: list[_Part] = [(job, talk, job.reply[-1:]) for job, talk in self._running if job.reply]
        left = ROWS - len(found)
        for job, talk in self._running:
            if not job.reply and left > 0:
                ids = job.prompt[talk.length : talk.length + left]
                found.append((job, talk, ids))
                left -= len(ids)
        return found

    def _token(self, job: Job, h: NDArray[np.int32], position: int) -> int:
        if job.drawing is not None:
            return self._executor.drawn(h, job.drawing, position)
        return int(self._executor.tokens(h)[0])
