"""The rounding, division and power that all kernels share."""

from __future__ import annotations

from typing import Any

import numpy as np

from keifu._compiled import kept, kept_as_numpy
from keifu.inference.tokens.lanes import POWERS

__all__ = ["POINT", "clip", "exp2n", "quotient", "rq"]

POINT = np.int64(65_536)
_ONE = np.int64(1)


@kept
def rq(value: Any, multiplier: Any, shift: Any) -> Any:
    return (value * multiplier + (_ONE << (shift - _ONE))) >> shift


@kept
def clip(value: Any, limit: Any) -> Any:
    return min(max(value, -limit), limit)


@kept_as_numpy
def quotient(value: Any, by: Any) -> Any:
    """Rounded down, for values below 2**46 and divisors from 1 to 2**32."""
    return np.int64(np.floor(np.float64(value) / np.float64(by)))


@kept
def exp2n(d: Any) -> Any:
    part = d & 65_535
    value = np.int64(POWERS[5])
    for place in (4, 3, 2, 1, 0):
        value = POWERS[place] - ((part * value) >> 16)
    return value >> min(d >> 16, np.int64(31))
