"""How much a node serves at once, learnt from what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ethwire.errors import LimitExceeded

__all__ = ["Limit"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")

CALM = 256  # served at the known limit before a larger size is tried: what fits depends on how full blocks are
CLOSE = 8  # the search for the limit ends when the next step would be less than an eighth


class Limit:
    """A size that starts at `most`, is halved when the node refuses it, and then found by halving the difference."""

    def __init__(self, most: int) -> None:
        self.size = most
        self._most = most
        self._served = 0  # the largest that was served
        self._refused = most + 1  # the smallest that was not
        self._calm = 0

    @property
    def known(self) -> bool:
        """Whether the node has refused anything yet."""
        return self._refused <= self._most

    def resume(self, size: int) -> None:
        """Begin with what an earlier run has found."""
        self.size = max(1, min(size, self._most))
        self._served, self._refused = 0, self.size + 1

    def in_parts(self, items: Sequence[Item], ask: Callable[[Sequence[Item]], Sequence[Answer]]) -> list[Answer]:
        """The answers to all, asked for in parts as large as the node serves; what it refused goes again in smaller
        ones. Raises LimitExceeded when it refuses a single one."""
        answers: list[Answer] = []
        while len(answers) < len(items):
            part = items[len(answers) : len(answers) + self.size]
            try:
                answers += ask(part)
            except LimitExceeded:
                if len(part) == 1:
                    raise
                self.refused(len(part))
            else:
                self.served(len(part))
        return answers

    def refused(self, size: int) -> None:
        """The node did not serve `size`. Safe to call again for the same refusal."""
        self._calm = 0
        self._refused = max(2, min(self._refused, size))
        if self._served >= size:  # what was served there was less full
            self._served = 0
        self.size = max(1, min(self.size, max(self._served, size // 2)))

    def served(self, size: int) -> None:
        """The node served `size`: the next one may be larger."""
        if size < self.size or not self.known:
            return
        self._served = max(self._served, size)
        if self._refused - size > max(1, size // CLOSE):
            self.size = (size + self._refused) // 2
            return
        self._calm += 1
        if self._calm >= CALM:
            self._calm = 0
            self._refused = min(2 * self._refused, self._most + 1)
