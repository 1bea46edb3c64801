"""How much a node serves at once, learnt from what it refuses."""

from __future__ import annotations

__all__ = ["Limit"]

CALM = 64  # ranges served at the known limit before a larger one is tried: what fits depends on how full blocks are


class Limit:
    """A size that starts at `most`, is halved when the node refuses it, and grows back towards what was refused."""

    def __init__(self, most: int, size: int = 0) -> None:
        self._most = most
        self._ceiling = min(most, size or most)
        self._calm = 0
        self.size = self._ceiling

    def refused(self, size: int) -> None:
        """The node did not serve `size`. Safe to call again for the same refusal."""
        self._calm = 0
        self._ceiling = max(1, min(self._ceiling, size - 1))
        self.size = max(1, min(self.size, size // 2))

    def served(self, size: int) -> None:
        """The node served `size`: the next one may be larger."""
        if size < self.size:
            return
        if self.size < self._ceiling:
            self.size = min(2 * self.size, self._ceiling)
            return
        self._calm += 1
        if self._calm >= CALM and self._ceiling < self._most:
            self._calm = 0
            self._ceiling = min(2 * self._ceiling, self._most)
