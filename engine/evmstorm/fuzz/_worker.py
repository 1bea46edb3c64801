"""One process of a campaign. It owns its engine and search; counts go out through shared memory, events by a pipe.

A worker that dies loses the sequence it was running and nothing else: counters and corpus were already flushed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ethwire.errors import EthwireError
from evmstorm.fuzz.engine import Engine, Finding
from evmstorm.fuzz.search import Corpus, Search
from evmstorm.project import load

__all__ = ["HEAD", "Job", "Slots", "work"]

# Words of the shared counters, before two for each action (done, refused).
HEAD = 5
CALLS, WAITS, SEQUENCES, SIGNALS, LAST_NEW_SIGNAL = range(
    HEAD
)  # LAST_NEW_SIGNAL: the last new signal, in milliseconds since the start
MAX_ACTIONS = 120

Slots = Any  # multiprocessing.RawArray of HEAD + 2 * MAX_ACTIONS unsigned 64-bit words


@dataclass(frozen=True)
class Job:
    """A part of the campaign over one system."""

    system: str
    seed: int
    calls: int  # calls and waits to make; 0: until `seconds`
    seconds: float
    guided: bool
    corpus: str  # folder shared with others, "" for none


def work(job: Job, slots: Slots, pipe: Connection) -> None:
    """Body of the process: sends ("finding", data, id, message, step, action) or ("error", text) or ("done",)."""
    try:
        finding, data = _search(job, slots)
    except EthwireError as error:
        pipe.send(("error", str(error), error.exit_code))
    else:
        if finding is not None:
            pipe.send(("finding", data, finding.id, finding.message, finding.step, finding.action))
        pipe.send(("done",))
    pipe.close()


def _search(job: Job, slots: Slots) -> tuple[Finding | None, bytes]:
    engine = Engine(load(job.system))
    corpus = Corpus(Path(job.corpus), job.system, engine.code_hash) if job.corpus else None
    search = Search(engine, job.seed, guided=job.guided, corpus=corpus)
    base = slots[CALLS] + slots[WAITS]  # a successor of a dead worker goes on where it stopped
    before = list(slots)
    started = time.monotonic()
    while True:
        finding = search.step()
        _publish(engine, slots, before, started)
        if finding is not None:
            return finding, search.data
        done = base + engine.calls + engine.waits
        if (job.calls and done >= job.calls) or (job.seconds and time.monotonic() - started >= job.seconds):
            return None, b""


def _publish(engine: Engine, slots: Slots, before: list[int], started: float) -> None:
    slots[CALLS] = before[CALLS] + engine.calls
    slots[WAITS] = before[WAITS] + engine.waits
    slots[SEQUENCES] = before[SEQUENCES] + engine.sequences
    if engine.fresh:
        slots[SIGNALS] = len(engine.seen or ())
        slots[LAST_NEW_SIGNAL] = int((time.monotonic() - started) * 1_000)
    for index, counts in enumerate(engine.counts):
        at = HEAD + 2 * index
        slots[at] = before[at] + counts.ok
        slots[at + 1] = before[at + 1] + counts.refused
