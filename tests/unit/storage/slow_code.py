"""Reed-Solomon as the page says it: one product at a time, with a table of logarithms. Shares nothing with ISA-L."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["encode", "matrix", "times"]

POLYNOMIAL = 0x11D
_POWERS = [1]
while len(_POWERS) < 255:
    doubled = _POWERS[-1] << 1
    _POWERS.append(doubled ^ POLYNOMIAL if doubled > 255 else doubled)
_LOGS = {value: exponent for exponent, value in enumerate(_POWERS)}


def times(left: int, right: int) -> int:
    return _POWERS[(_LOGS[left] + _LOGS[right]) % 255] if left and right else 0


def inverse(value: int) -> int:
    return _POWERS[-_LOGS[value] % 255]


def matrix(k: int, m: int) -> list[list[int]]:
    """The identity, and below it in row i, column j the inverse of i XOR j."""
    return [[int(i == j) for j in range(k)] for i in range(k)] + [
        [inverse(i ^ j) for j in range(k)] for i in range(k, k + m)
    ]


def encode(data: NDArray[np.uint8], m: int) -> NDArray[np.uint8]:
    """uint8[k, size] to uint8[m, size]."""
    k, size = data.shape
    out = np.zeros((m, size), np.uint8)
    for row, coefficients in enumerate(matrix(k, m)[k:]):
        for column, coefficient in enumerate(coefficients):
            table = np.array([times(coefficient, value) for value in range(256)], np.uint8)
            out[row] ^= table[data[column]]
    return out
