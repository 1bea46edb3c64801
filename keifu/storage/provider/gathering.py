"""Getting k of n shards from peers that may be slow, gone or wrong: who is asked next, and when all are asked again.

Clients that read, providers that repair and those that lost a disk do this alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from keifu.storage.provider.retries import NEVER, Backoff, spread

__all__ = ["Gathering"]


@dataclass
class Gathering:
    """`sources` are indices of shards that somebody holds. `extra` are asked beside k at once: one may be slow."""

    k: int
    sources: tuple[int, ...]
    patience: float  # seconds for one answer
    backoff: Backoff
    extra: int = 1
    name: str = ""
    have: set[int] = field(default_factory=set)
    _asked: dict[int, float] = field(default_factory=dict)  # until when an answer is waited for
    _tried: set[int] = field(default_factory=set)  # of this round
    _rounds: int = 0
    _pause: float = NEVER

    @property
    def done(self) -> bool:
        return len(self.have) >= self.k

    @property
    def rounds(self) -> int:
        """How often everybody was asked in vain."""
        return self._rounds

    @property
    def next_time(self) -> float | None:
        """When something will be due."""
        if self.done:
            return None
        return min([*self._asked.values(), *([self._pause] if not self._asked else [])], default=None)

    def got(self, index: int) -> None:
        self._asked.pop(index, None)
        if index in self.sources:
            self.have.add(index)

    def failed(self, index: int) -> None:
        self._asked.pop(index, None)

    def due(self, now: float) -> list[int]:
        """The indices to ask for now. Whoever did not answer in time is passed over for this round."""
        if self.done:
            return []
        self._asked = {index: until for index, until in self._asked.items() if until > now}
        if now < self._pause:
            return []
        left = self._untried()
        if not left and not self._asked:
            self._tried, self._pause = set(), now + self.backoff.delay(self._rounds, self.name)
            self._rounds += 1
            return []
        wanted = self.k + self.extra - len(self.have) - len(self._asked)
        chosen = left[: max(0, wanted)]
        self._tried.update(chosen)
        self._asked |= dict.fromkeys(chosen, now + self.patience)
        return chosen

    def _untried(self) -> list[int]:
        """In an order of this gatherer's own, so that many do not all ask the same k."""
        left: Iterable[int] = (index for index in self.sources if index not in self._tried | self.have)
        return sorted(left, key=lambda index: spread(self.name, index))
