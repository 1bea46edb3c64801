"""What a model says when the contract must revert."""

from __future__ import annotations

__all__ = ["Refused", "check"]


class Refused(Exception):
    """The contract would revert, for this reason."""


def check(holds: bool, reason: str) -> None:
    """Raises Refused unless it holds."""
    if not holds:
        raise Refused(reason)
