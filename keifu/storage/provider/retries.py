"""How long to wait before the next try. The wait grows, and differs between nodes so that they do not come together."""

from __future__ import annotations

from dataclasses import dataclass, field
from zlib import crc32

__all__ = ["NEVER", "Backoff", "Pauses", "spread"]

STEPS = 2**32
NEVER = float("-inf")  # before any time that a clock shows


def spread(*words: object) -> float:
    """From 0 to 1, the same for the same words."""
    return crc32(" ".join(map(str, words)).encode()) / STEPS


@dataclass(frozen=True)
class Backoff:
    """Seconds: of the first wait and the longest; each is twice the one before, plus up to half of it."""

    first: float = 2.0
    longest: float = 60.0

    def delay(self, attempt: int, *words: object) -> float:
        """Before try `attempt` + 1."""
        base = min(self.longest, self.first * 2.0 ** min(attempt, 30))
        return base * (1 + spread(attempt, *words) / 2)


@dataclass
class Pauses:
    """When each thing may be tried again."""

    me: str
    backoff: Backoff
    _failed: dict[str, tuple[int, float]] = field(default_factory=dict)  # times, and when it may be tried again

    def failed(self, key: str, now: float) -> None:
        times = self._failed.get(key, (0, NEVER))[0]
        self._failed[key] = times + 1, now + self.backoff.delay(times, self.me, key)

    def over(self, key: str) -> None:
        """It went well, or nobody wants it any more."""
        self._failed.pop(key, None)

    def until(self, key: str) -> float:
        return self._failed.get(key, (0, NEVER))[1]
