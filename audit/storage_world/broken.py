"""How a world ends in which something went wrong."""

from __future__ import annotations

__all__ = ["Broken"]


class Broken(AssertionError):
    """A rule that must hold in every world does not."""
