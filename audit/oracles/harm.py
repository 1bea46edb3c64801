"""Harm: burning strangers' coins costs those who do it at least their part of them.

strangers' loss <= multiple x the coalition's own loss by penalties
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

__all__ = ["Harm"]


@dataclass
class Harm:
    """What slashes cost strangers, and those who could bring them about."""

    strangers: Fraction = Fraction(0)  # wei
    allowed: Fraction = Fraction(0)  # wei: the sum of multiple x penalty
    worst: Fraction = field(default_factory=Fraction)

    def slash(self, multiple: int, own: int, strangers: int, dust: int) -> None:
        """One slash took `own` wei as a penalty from the operator and `strangers` wei from its delegators. `multiple`
        is the highest that these delegators had the time to leave before."""
        assert strangers <= multiple * own + dust, (
            f"harm: {strangers} wei of delegators for a penalty of {own} wei at a multiple of {multiple}"
        )
        self.strangers += strangers
        self.allowed += multiple * own
        if own:
            self.worst = max(self.worst, Fraction(strangers, own))

    def check(self, most: int, lost: int, dust: int) -> None:
        """Over a whole run: strangers lost at most `most` times the `lost` wei that the coalition lost."""
        assert self.strangers <= most * lost + dust, f"harm: strangers lost {self.strangers} wei, the coalition {lost}"
