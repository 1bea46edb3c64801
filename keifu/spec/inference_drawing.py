"""Tokens that are drawn: by what, the table of noise, and what a receipt commits to of both, in plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import log
from typing import Self

from ethwire.keys import keccak256
from keifu.spec import inference_trees as trees

__all__ = ["ENTRIES", "NOISE_BITS", "Drawing", "committed", "noise", "noise_opening", "noise_root"]

ENTRIES, NOISE_BITS = 4_096, 20  # of the table, and behind the point of an entry
_EACH, _ENTRY = 8, 4  # entries of a word, and bytes of an entry
_SHIFT_AT, _SCALE = 16, 3  # bits of sharpness, and bytes of both


@dataclass(frozen=True)
class Drawing:
    """How the tokens of one reply are drawn."""

    seed: bytes
    shift: int
    sharpness: int

    @property
    def scale(self) -> int:
        """Shift and sharpness in 24 bits."""
        return self.shift << _SHIFT_AT | self.sharpness

    @property
    def words(self) -> list[bytes]:
        """As a dispute names it."""
        return [self.seed, self.scale.to_bytes(32, "big")]

    @classmethod
    def of(cls, seed: bytes, scale: int) -> Self:
        return cls(seed, scale >> _SHIFT_AT, scale & ((1 << _SHIFT_AT) - 1))

    def root(self, tree: bytes) -> bytes:
        """What a receipt has for its trace, over the root of the trace."""
        return keccak256(tree + self.seed + self.scale.to_bytes(_SCALE, "big"))


def committed(tree: bytes, drawing: Drawing | None) -> bytes:
    """What a receipt has for its trace: the root of the trace, and by what its tokens are drawn, if they are."""
    return drawing.root(tree) if drawing else tree


@cache
def noise() -> tuple[int, ...]:
    """−ln(−ln((j + ½) / 4,096)) times 2²⁰, rounded. None lies so near to a half that two machines could differ."""
    return tuple(round(-log(-log((place + 0.5) / ENTRIES)) * 2**NOISE_BITS) for place in range(ENTRIES))


@cache
def _levels() -> list[list[bytes]]:
    """Of the tree over the table's words themselves."""
    entries = [(entry + 2**31).to_bytes(_ENTRY, "big") for entry in noise()]
    return trees.levels([b"".join(entries[at : at + _EACH]) for at in range(0, ENTRIES, _EACH)])


def noise_root() -> bytes:
    return _levels()[-1][0]


def noise_opening(entry: int) -> list[bytes]:
    """The word that has an entry, and its path."""
    word = entry // _EACH
    return [_levels()[0][word], *(level[(word >> height) ^ 1] for height, level in enumerate(_levels()[:-1]))]
