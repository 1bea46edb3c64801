"""Why contracts revert: each reason, where it is said and what has to hold, from their sources."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

__all__ = ["Cause", "causes"]


class Cause(msgspec.Struct, frozen=True):
    """One place that refuses: the source's file, its function, and what has to hold there, in the source's words."""

    source: str
    function: str
    holds: str


@cache
def causes() -> dict[str, list[Cause]]:
    """Every reason of every contract, with all its causes."""
    raw = (resources.files("keifu.abi") / "errors.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, list[Cause]])
