"""What to do about a contract's refusal: the reason stays the contract's own, the remedy is for whoever asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from keifu.errors import Revert

__all__ = ["explained_by"]


@contextmanager
def explained_by(remedies: Mapping[str, str]) -> Iterator[None]:
    """Refusals in it say what to do, by their reasons; one that says so already is left as it is."""
    try:
        yield
    except Revert as refusal:
        refusal.remedy = refusal.remedy or remedies.get(refusal.reason, "")
        raise
