"""Harm: burning strangers' coins costs those who do it at least their part of them.

strangers' loss <= multiple x the coalition's own loss
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

__all__ = ["Harm"]


@dataclass
class Harm:
    """What was done to strangers, and what it cost those who brought it about."""

    whose: str = "strangers"
    strangers: Fraction = Fraction(0)  # wei
    allowed: Fraction = Fraction(0)  # wei: the sum of multiple x own loss
    worst: Fraction = field(default_factory=Fraction)

    def done(self, own: int, strangers: int, *, multiple: int = 1, dust: int = 0) -> None:
        """One deed cost its doers `own` wei and others `strangers` wei. `multiple` is how much more than their own they
        may burn, by what those others agreed to."""
        assert strangers <= multiple * own + dust, (
            f"harm: {strangers} wei of {self.whose} for {own} wei of those who did it, at a multiple of {multiple}"
        )
        self.strangers += strangers
        self.allowed += multiple * own
        if own:
            self.worst = max(self.worst, Fraction(strangers, own))

    def check(self, most: int, lost: int, dust: int) -> None:
        """Over a whole run: strangers lost at most `most` times the `lost` wei that the coalition lost."""
        assert self.strangers <= most * lost + dust, f"harm: strangers lost {self.strangers} wei, the coalition {lost}"
