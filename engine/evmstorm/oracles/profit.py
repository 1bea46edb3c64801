"""Profit: no coalition is richer at the end than what the log entitles it to."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

__all__ = ["Entitled", "Held", "best_coalition", "check_paid_in_full", "check_profit"]

Held = Mapping[str, int]  # account -> wei that it holds or may take: credits, locks, stake, tickets, bonds, escrow
Entitled = Mapping[str, Fraction] | Mapping[str, int]


def best_coalition(held: Held, entitled: Entitled) -> tuple[list[str], Fraction]:
    """The coalition that gains most beyond its entitlement, and how much: whoever has more than the log says joins it,
    so no other coalition can have more."""
    ahead = {who: Fraction(held[who] - entitled[who]) for who in held if held[who] > entitled[who]}
    return sorted(ahead), sum(ahead.values(), Fraction(0))


def check_profit(held: Held, entitled: Entitled, dust: int) -> None:
    """AssertionError when some coalition has over `dust` wei more than it is entitled to."""
    members, gain = best_coalition(held, entitled)
    assert gain <= dust, f"profit: {', '.join(members)} have {int(gain)} wei more than the log entitles them to"


def check_paid_in_full(held: Held, entitled: Entitled, dust: int) -> None:
    """The other side: nobody has over `dust` wei less than the log entitles it to."""
    for who in held:
        short = entitled[who] - held[who]
        assert short <= dust, f"profit: {who} has {int(short)} wei less than the log entitles it to"
