"""A row: how one measure is taken on our side and on the peer's, and what came out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks._bars import Bar, bars
from benchmarks._lab import Lab
from keifu.errors import CheckFailed, KeifuError

__all__ = ["Measure", "Quoted", "Result", "Row", "cpu_seconds", "measure", "number", "seconds"]

Measure = Callable[[Lab], float]


@dataclass(frozen=True)
class Quoted:
    """A peer's figure that this run cannot measure, with where it comes from."""

    figure: float
    source: str


@dataclass(frozen=True)
class Row:
    """One measure. `how` names peer, state and settings; `also` further figures from the same run, by name.

    A heavy row takes more than a few seconds: `--quick` and the gas check leave it out. A row whose id has no bar is
    printed, and kept only when it names a unit: then the cost report reads it.
    """

    id: str
    ours: Measure
    how: str
    peer: Measure | Quoted | None = None
    also: tuple[tuple[str, Measure], ...] = ()
    heavy: bool = False
    unit: str = ""

    @property
    def bar(self) -> Bar | None:
        return bars().get(self.id)

    @property
    def is_gas(self) -> bool:
        return self.id.startswith("gas.")

    @property
    def is_timed(self) -> bool:
        """Whether the figure depends on how fast the machine is."""
        return self.id.startswith(("time.", "rate.", "info."))


@dataclass(frozen=True)
class Result:
    """What a row gave. `ours` is None when it could not be measured; `note` says why."""

    row: Row
    ours: float | None
    peer: float | None
    note: str = ""
    seconds: float = 0.0

    def with_note(self, note: str) -> Result:
        return replace(self, note="; ".join(part for part in (self.note, note) if part))

    @property
    def quoted(self) -> bool:
        return isinstance(self.row.peer, Quoted)

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.ours is not None and self.peer else None

    @property
    def met(self) -> bool | None:
        return None if self.ours is None or self.row.bar is None else self.row.bar.met_by(self.ours)


def measure(row: Row, lab: Lab, *, peers: bool = True) -> Result:
    """Take a row. What is missing (a contract, a package, a tool) becomes a note in the result, not an error.

    Raises CheckFailed or AssertionError when what was measured is wrong.
    """
    started = time.perf_counter()
    notes: list[str] = []

    def take(what: str, how: Measure) -> float | None:
        try:
            return how(lab)
        except CheckFailed:
            raise
        except KeifuError as error:
            notes.append(f"{what} not measured: {error.message.splitlines()[0]}")
        except ModuleNotFoundError as error:
            notes.append(f"{what} not measured: {error}")
        return None

    ours = take("ours", row.ours)
    peer: float | None = None
    if isinstance(row.peer, Quoted):
        peer = row.peer.figure
    elif row.peer is not None and peers:
        peer = take("the yardstick", row.peer)
    for name, how in row.also if peers else ():
        if (figure := take(name, how)) is not None:
            notes.append(f"{name} {number(figure)}")
    return Result(row, ours, peer, "; ".join(notes), time.perf_counter() - started)


def number(value: float | None) -> str:
    """A figure with as many digits as it has to offer."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 1_000 or float(value).is_integer() else f"{value:.3g}"


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def cpu_seconds(work: Callable[[], object]) -> float:
    """Processor seconds of one call, all threads of this process together: other processes' load does not count."""
    started = time.process_time()
    work()
    return time.process_time() - started
