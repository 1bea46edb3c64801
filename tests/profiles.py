"""How much a test does: what every commit must pass in minutes, or all that `make fuzz-deep` has hours for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TypeVar

__all__ = ["DEEP", "PROFILE", "announced", "quick_or_deep"]

PROFILE = os.environ.get("KEIFU_PROFILE", "quick")
DEEP = PROFILE == "deep"

T = TypeVar("T")


def announced(what: str, numbers: range) -> Iterator[int]:
    """The numbers, one after another; where there are hours, each twentieth part of them is announced."""
    step = max(1, len(numbers) // 20)
    for done, number in enumerate(numbers, 1):
        yield number
        if DEEP and done % step == 0:
            print(f"  {what}: {done:,} of {len(numbers):,}", file=sys.stderr, flush=True)


def quick_or_deep(quick: T, deep: T) -> T:
    return deep if DEEP else quick
