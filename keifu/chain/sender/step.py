"""What one round of a sender did."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Step"]


@dataclass(frozen=True)
class Step:
    """Intents that changed, transactions that were signed and sent, and what is left."""

    changed: int = 0
    signed: int = 0
    reported: int = 0
    open: int = 0
    on_the_way: int = 0  # of those that are open: sent, in no block, and nothing stands in the way

    @property
    def is_idle(self) -> bool:
        return not (self.changed or self.signed or self.reported)

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is on its way. What is open all the same only waits for its block to be final, or something
        stands in its way: its account is empty, say."""
        return self.is_idle and not self.on_the_way
