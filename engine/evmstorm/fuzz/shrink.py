"""Makes a found sequence small: fewer steps first, then waits in one, then plainer arguments, as long as the same
finding stays.

Another finding after the same action counts as the same, if it is as harmful. One fault often breaks the totals, the
model and an event at once, and the steps before decide which of them is checked first. A theft is never shrunk to a
wrong reason. Where the fault is known, any finding after the same action counts.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

from evmstorm.fuzz._waits import PLAIN, PLAIN_SECONDS
from evmstorm.fuzz.engine import CHUNK, Engine
from evmstorm.fuzz.finding import WAIT, Finding, Step, cost

__all__ = ["after_the_same_action", "costs_as_much", "of_the_same_id", "shrink"]

Alike = Callable[[Finding, Finding], bool]  # whether what was found now counts as what was found before

RUNS = 3_000  # sequences that shrinking may cost
_SIMPLE = (0, 1, 6)  # modes and picks tried in the place of a larger one
_MODES = range(16)
_VALUES = (0, 1, 2, 10, 100, (1 << 32) - 1)  # tried for each mode


def of_the_same_id(found: Finding, before: Finding) -> bool:
    return found.id == before.id


def after_the_same_action(found: Finding, before: Finding) -> bool:
    return of_the_same_id(found, before) or found.action == before.action


def costs_as_much(found: Finding, before: Finding) -> bool:
    """After the same action, and no cheaper."""
    return of_the_same_id(found, before) or (found.action == before.action and cost(found) <= cost(before))


class _Shrinker:
    def __init__(self, engine: Engine, data: bytes, finding: Finding, runs: int, alike: Alike) -> None:
        self.engine = engine
        self.alike = alike
        self.finding = finding
        self.runs = runs
        self.chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)][: finding.step + 1]

    def holds(self, chunks: list[bytes], *, below: int | None = None) -> bool:
        """Whether these steps still end in the same finding, and weigh less than `below`; keeps them if so."""
        if self.runs <= 0:
            return False
        self.runs -= 1
        trace: list[Step] | None = None if below is None else []
        found = self.engine.run(b"".join(chunks), trace)
        if (
            found is None
            or not self.alike(found, self.finding)
            or (below is not None and _weight(trace or []) >= below)
        ):
            return False
        self.finding = found
        self.chunks = chunks[: found.step + 1]
        return True

    def steps(self) -> list[Step]:
        trace: list[Step] = []
        self.engine.run(b"".join(self.chunks), trace)
        return trace

    def fewer(self) -> bool:
        """Drop runs of steps, from half of them down to single ones."""
        shorter = False
        size = max(1, len(self.chunks) // 2)
        while True:
            at = len(self.chunks) - size
            while at >= 0:
                if len(self.chunks) > 1 and self.holds(self.chunks[:at] + self.chunks[at + size :]):
                    shorter = True
                at = min(at - size, len(self.chunks) - size) if size > 1 else at - 1
            if size == 1 or self.runs <= 0:
                return shorter
            size //= 2

    def merged(self) -> bool:
        """Two waits, one after the other, in one."""
        changed, at = False, 0
        while at + 1 < len(self.chunks):
            steps = self.steps()
            if len(steps) != len(self.chunks) or not steps[at].action == steps[at + 1].action == WAIT:
                at += 1
                continue
            seconds = steps[at].seconds + steps[at + 1].seconds
            one = self.chunks[at][:2] + bytes([PLAIN, 0]) + (seconds % PLAIN_SECONDS).to_bytes(4, "little")
            if seconds < PLAIN_SECONDS and self.holds([*self.chunks[:at], one, *self.chunks[at + 2 :]]):
                changed = True
            else:
                at += 1
        return changed

    def plainer(self) -> None:
        """Each step's arguments as the shortest numbers that still do, whatever fields give them."""
        weight = _weight(self.steps())
        for index in range(len(self.chunks)):
            for mode, value in product(_MODES, _VALUES):
                if index >= len(self.chunks):
                    return
                chunk = self.chunks[index]
                tried = chunk[:2] + bytes([mode]) + chunk[3:4] + value.to_bytes(4, "little")
                if self.holds([*self.chunks[:index], tried, *self.chunks[index + 1 :]], below=weight):
                    weight = _weight(self.steps())

    def simpler(self) -> bool:
        """Smaller actors, modes, picks and values, byte by byte."""
        changed = False
        for index in range(len(self.chunks)):
            for field in range(1, CHUNK):
                if index >= len(self.chunks):
                    return changed
                chunk = self.chunks[index]
                for smaller in _candidates(chunk[field]):
                    tried = chunk[:field] + bytes([smaller]) + chunk[field + 1 :]
                    if self.holds([*self.chunks[:index], tried, *self.chunks[index + 1 :]]):
                        changed = True
                        break
        return changed


def _weight(steps: list[Step]) -> int:
    """How much there is to read: digits that are not zeros at the end, and bytes."""
    return sum(_size(step.args) + _size(step.value) + _size(step.seconds) + _size(step.blocks) for step in steps)


def _size(value: Any) -> int:
    if isinstance(value, bool):
        return 1
    if isinstance(value, int):
        return len(str(value).rstrip("0")) + (len(str(value)) > len("1000"))
    if isinstance(value, (list, tuple)):
        return 1 + sum(map(_size, value))
    return len(value) if isinstance(value, bytes) else 1


def _candidates(byte: int) -> list[int]:
    return [value for value in dict.fromkeys((*_SIMPLE, byte // 2, byte - 1)) if 0 <= value < byte]


def shrink(
    engine: Engine, data: bytes, finding: Finding, runs: int = RUNS, *, alike: Alike = costs_as_much
) -> tuple[bytes, Finding]:
    """The smallest sequence met that ends in the same finding, and that finding; `alike` says which others count as it.

    Same bytes in, same bytes out. A finding that does not come back when the sequence is run again is returned as is.
    """
    guided, engine.seen = engine.seen, None
    try:
        state = _Shrinker(engine, data, finding, runs, alike)
        if not state.holds(list(state.chunks)):
            return data, finding
        progress = True
        while progress and state.runs > 0:
            progress = state.fewer()
            progress |= state.merged()
            progress |= state.simpler()
        state.plainer()
        return b"".join(state.chunks), state.finding
    finally:
        engine.seen = guided
