"""Products of a reply's layers on their way from a provider to an auditor: what is asked for, and what is handed out.

A part has each matrix's products one behind the other, in as few bytes each as the largest takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from keifu.errors import InputError

__all__ = ["ENDPOINT", "Asked", "Handed", "packed", "unpacked"]

ENDPOINT = "products"
WORD = 8
_Id = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]
_Number = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]
Ints = NDArray[Any]


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """Layer `layer`, or behind the layers the tokens, at `count` positions from `first` on."""

    model: str
    prompt: Annotated[list[_Id], msgspec.Meta(min_length=1)]
    reply: Annotated[list[_Id], msgspec.Meta(min_length=1)]
    layer: _Number
    first: _Number
    count: Annotated[int, msgspec.Meta(ge=1, lt=1 << 31)]


class Handed(msgspec.Struct):
    width: Annotated[int, msgspec.Meta(ge=1, le=WORD)]  # bytes of a product, the lowest first
    products: bytes


def packed(matrices: Sequence[Ints]) -> Handed:
    """Products of 64 bits."""
    whole = np.concatenate([item.reshape(-1) for item in matrices])
    largest = int(np.bitwise_or.reduce(whole ^ (whole >> 63)))
    width = largest.bit_length() // 8 + 1
    return Handed(width, np.ascontiguousarray(whole.view(np.uint8).reshape(-1, WORD)[:, :width]).tobytes())


def unpacked(handed: Handed, rows: Sequence[int], count: int) -> list[Ints]:
    """Of matrices with so many rows, at `count` positions. Raises InputError for another length."""
    wanted = sum(rows) * count * handed.width
    if len(handed.products) != wanted:
        raise InputError(f"{len(handed.products):,} bytes of products, {wanted:,} were asked for")
    filled = np.zeros((sum(rows) * count, WORD), np.uint8)
    filled[:, WORD - handed.width :] = np.frombuffer(handed.products, np.uint8).reshape(-1, handed.width)
    whole = filled.view(np.int64).reshape(-1) >> (8 * (WORD - handed.width))
    ends = np.cumsum(rows) * count
    return [part.reshape(count, -1) for part in np.split(whole, ends[:-1])]
