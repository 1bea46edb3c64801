"""Tokens drawn by a seed that neither side chose alone, with the same bits for everybody who has the seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import floor, log, log2

import numpy as np
from numpy.typing import NDArray

from keifu.errors import UsageError
from keifu.keys import keccak256

__all__ = ["GUMBEL_BITS", "LARGEST_TEMPERATURE", "Drawing", "drawing_of", "gumbel", "seed_of"]

ENTRIES = 4_096
GUMBEL_BITS = 20  # of a unit of logits behind the point
SHARPNESS_BITS = 11
LARGEST_TEMPERATURE, SMALLEST_TEMPERATURE = 2.0, 0.01
LARGEST_SHIFT = 62
WORD = 8


@cache
def gumbel() -> NDArray[np.int64]:
    """−ln(−ln((j + ½) / 4,096)) times 2²⁰, rounded. None lies so near to a half that two machines could differ."""
    table = [round(-log(-log((place + 0.5) / ENTRIES)) * 2**GUMBEL_BITS) for place in range(ENTRIES)]
    return np.array(table, np.int64)


def seed_of(nonce: int, committed: bytes) -> bytes:
    """The hash of the client's nonce, 8 bytes, and what the provider had committed to."""
    return keccak256((nonce % 2 ** (8 * WORD)).to_bytes(WORD, "big") + committed)


@dataclass(frozen=True)
class Drawing:
    """How the tokens of one reply are drawn."""

    seed: bytes
    shift: int
    sharpness: int

    @property
    def gumbel(self) -> NDArray[np.int64]:
        return gumbel()

    def start(self, position: int) -> int:
        """What noise at a position begins with."""
        return int.from_bytes(keccak256(self.seed + position.to_bytes(WORD, "big"))[:WORD], "big")


def drawing_of(seed: bytes, temperature: float, logit_scale: float) -> Drawing:
    """`logit_scale` times a token's sum and multiplier is its logit. Raises UsageError for a temperature outside, and
    for a model whose logits are too coarse."""
    if not SMALLEST_TEMPERATURE <= temperature <= LARGEST_TEMPERATURE:
        raise UsageError(
            f"a temperature of {temperature}", remedy=f"0, or {SMALLEST_TEMPERATURE} to {LARGEST_TEMPERATURE}"
        )
    wanted = logit_scale * 2**GUMBEL_BITS / temperature
    shift = SHARPNESS_BITS - 1 - floor(log2(wanted))
    if not SHARPNESS_BITS <= shift <= LARGEST_SHIFT:
        raise UsageError("this model's logits have no size that tokens are drawn by", remedy="ask with temperature 0")
    return Drawing(seed, shift, round(wanted * 2**shift))
