"""How much a test does: what every commit must pass in minutes, or all that `make fuzz-deep` has hours for."""

from __future__ import annotations

import os
from typing import TypeVar

__all__ = ["DEEP", "PROFILE", "quick_or_deep"]

PROFILE = os.environ.get("KEIFU_PROFILE", "quick")
DEEP = PROFILE == "deep"

T = TypeVar("T")


def quick_or_deep(quick: T, deep: T) -> T:
    return deep if DEEP else quick
