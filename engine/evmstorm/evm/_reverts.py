"""`with reverts("token: zero amount"):` the call inside must be refused for exactly this reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ethwire.errors import Revert

__all__ = ["reverts"]


@contextmanager
def reverts(reason: str) -> Iterator[None]:
    """Fails unless the block raises Revert with `reason`, to the letter."""
    try:
        yield
    except Revert as revert:
        if revert.reason != reason:
            raise AssertionError(f"reverted with {revert.reason!r}, not with {reason!r}") from revert
    else:
        raise AssertionError(f"did not revert; {reason!r} was expected")
