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
from evmstorm.fuzz.engine import Engine
from evmstorm.fuzz.search import Corpus, Search
from evmstorm.project import load

__all__ = ["AN_ACTION", "HEAD", "LENGTH", "Job", "Slots", "work"]

# Words of the shared counters, before three for each action (done, refused, idle). LAST_NEW_SIGNAL is in milliseconds
# since the start.
HEAD, AN_ACTION = 7, 3
CALLS, WAITS, SEQUENCES, CHECKED, ENDED, SIGNALS, LAST_NEW_SIGNAL = range(HEAD)
MAX_ACTIONS = 120
LENGTH = HEAD + AN_ACTION * MAX_ACTIONS

Slots = Any  # multiprocessing.RawArray of LENGTH unsigned 64-bit words


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
    """Body of the process: sends ("finding", data, finding, seconds) for each finding once, ("error", text), and
    ("done",)."""
    try:
        _search(job, slots, pipe)
    except EthwireError as error:
        pipe.send(("error", str(error), error.exit_code))
    else:
        pipe.send(("done",))
    pipe.close()


def _search(job: Job, slots: Slots, pipe: Connection) -> None:
    engine = Engine(load(job.system))
    corpus = Corpus(Path(job.corpus), engine.system.title(), engine.shape) if job.corpus else None
    search = Search(engine, job.seed, guided=job.guided, corpus=corpus)
    base = slots[CALLS] + slots[WAITS]  # a successor of a dead worker goes on where it stopped
    before = list(slots)
    started = time.monotonic()
    known: set[str] = set()
    while True:
        finding = search.step()
        _publish(engine, slots, before, started)
        if finding is not None and finding.id not in known:
            known.add(finding.id)
            pipe.send(("finding", search.data, finding, time.monotonic() - started))
        done = base + engine.calls + engine.waits
        if (job.calls and done >= job.calls) or (job.seconds and time.monotonic() - started >= job.seconds):
            return


def _publish(engine: Engine, slots: Slots, before: list[int], started: float) -> None:
    slots[CALLS] = before[CALLS] + engine.calls
    slots[WAITS] = before[WAITS] + engine.waits
    slots[SEQUENCES] = before[SEQUENCES] + engine.sequences
    slots[CHECKED] = before[CHECKED] + engine.checked
    slots[ENDED] = before[ENDED] + engine.ended
    if engine.fresh:
        slots[SIGNALS] = len(engine.seen or ())
        slots[LAST_NEW_SIGNAL] = int((time.monotonic() - started) * 1_000)
    for index, counts in enumerate(engine.counts):
        at = HEAD + AN_ACTION * index
        slots[at] = before[at] + counts.ok
        slots[at + 1] = before[at + 1] + counts.refused
        slots[at + 2] = before[at + 2] + counts.idle
