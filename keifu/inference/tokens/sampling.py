"""Tokens drawn by a seed that neither side chose alone, with the same bits for everybody who has the seed."""

from __future__ import annotations

from functools import cache
from math import floor, log2

import numpy as np
from numpy.typing import NDArray

from keifu.errors import UsageError
from keifu.keys import keccak256
from keifu.spec import inference_drawing as spec

__all__ = ["LARGEST_TEMPERATURE", "Drawing", "drawing_of", "gumbel", "seed_of"]

SHARPNESS_BITS = 11
LARGEST_TEMPERATURE, SMALLEST_TEMPERATURE = 2.0, 0.01
LARGEST_SHIFT = 62
WORD = 8


@cache
def gumbel() -> NDArray[np.int64]:
    """The table of noise."""
    return np.array(spec.noise(), np.int64)


def seed_of(nonce: int, committed: bytes) -> bytes:
    """The hash of the client's nonce, 8 bytes, and what the provider had committed to."""
    return keccak256((nonce % 2 ** (8 * WORD)).to_bytes(WORD, "big") + committed)


class Drawing(spec.Drawing):
    """How the tokens of one reply are drawn, with what kernels take."""

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
    wanted = logit_scale * 2**spec.NOISE_BITS / temperature
    shift = SHARPNESS_BITS - 1 - floor(log2(wanted))
    if not SHARPNESS_BITS <= shift <= LARGEST_SHIFT:
        raise UsageError("this model's logits have no size that tokens are drawn by", remedy="ask with temperature 0")
    return Drawing(seed, shift, round(wanted * 2**shift))
