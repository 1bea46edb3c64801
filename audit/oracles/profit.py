"""Profit: no coalition is richer at the end than what the log entitles it to."""

from __future__ import annotations

from evmstorm.oracles.profit import Entitled, Held, best_coalition, check_paid_in_full, check_profit

__all__ = ["Entitled", "Held", "best_coalition", "check_paid_in_full", "check_profit", "check_self_slash"]


def check_self_slash(before: int, after: int, taken: int) -> None:
    """A coalition of an operator, the service that slashes it, its victims and provers: of what was taken from the
    operator's own coins, at least a fifth of the damages is gone for good. `before` and `after` are what its members
    hold together, `taken` the damages."""
    lost = before - after
    assert lost * 5 >= taken, f"profit: slashing itself for {taken} wei cost a coalition {lost} wei"
