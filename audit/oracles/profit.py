"""Profit: whoever slashes itself through friends loses a part for good."""

from __future__ import annotations

__all__ = ["check_self_slash"]


def check_self_slash(before: int, after: int, taken: int) -> None:
    """A coalition of an operator, the service that slashes it, its victims and provers: of what was taken from the
    operator's own coins, at least a fifth of the damages is gone for good. `before` and `after` are what its members
    hold together, `taken` the damages."""
    lost = before - after
    assert lost * 5 >= taken, f"profit: slashing itself for {taken} wei cost a coalition {lost} wei"
