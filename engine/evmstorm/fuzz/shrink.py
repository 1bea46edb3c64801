"""Makes a found sequence small: fewer steps first, then simpler fields, as long as the same finding stays.

Another finding after the same action counts as the same: one fault often breaks the totals, the model and an event
at once, and which of them is looked at first depends on the steps before.
"""

from __future__ import annotations

from evmstorm.fuzz.engine import CHUNK, Engine, Finding

__all__ = ["shrink"]

RUNS = 3_000  # sequences that shrinking may cost
_SIMPLE = (0, 1, 6)  # modes and picks tried in the place of a larger one


class _Shrinker:
    def __init__(self, engine: Engine, data: bytes, finding: Finding, runs: int) -> None:
        self.engine = engine
        self.finding = finding
        self.runs = runs
        self.chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)][: finding.step + 1]

    def holds(self, chunks: list[bytes]) -> bool:
        """Whether these steps still end in the same finding; keeps them if so."""
        if self.runs <= 0:
            return False
        self.runs -= 1
        found = self.engine.run(b"".join(chunks))
        if found is None or not (found.id == self.finding.id or found.action == self.finding.action):
            return False
        self.finding = found
        self.chunks = chunks[: found.step + 1]
        return True

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


def _candidates(byte: int) -> list[int]:
    return [value for value in dict.fromkeys((*_SIMPLE, byte // 2, byte - 1)) if 0 <= value < byte]


def shrink(engine: Engine, data: bytes, finding: Finding, runs: int = RUNS) -> tuple[bytes, Finding]:
    """The smallest sequence met that ends in the same finding, and that finding.

    Same bytes in, same bytes out. A finding that does not come back when the sequence is run again is returned as is.
    """
    guided, engine.seen = engine.seen, None
    try:
        state = _Shrinker(engine, data, finding, runs)
        if not state.holds(list(state.chunks)):
            return data, finding
        progress = True
        while progress and state.runs > 0:
            progress = state.fewer()
            progress |= state.simpler()
        return b"".join(state.chunks), state.finding
    finally:
        engine.seen = guided
