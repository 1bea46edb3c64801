"""Vectors of texts on the wire: whoever has the bytes computes a receipt's roots, and the numbers, again.

The model makes lanes, whole numbers. A vector is those divided by their length, so both sides have the same bits: the
sum of squares is exact in 64 bits, and root, quotient and rounding to 32 bits are those of IEEE 754.
"""

from __future__ import annotations

import binascii
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from keifu.compute.canonical import HASH_BYTES, hashes_of, trace_of
from keifu.spec.inference_trees import MAX_GROUPS, boundary, position_root, tensor_root, tree

__all__ = [
    "Vector",
    "has_vectors",
    "joined",
    "leaves_of",
    "numbers_of",
    "shown",
    "trace_of_leaves",
    "vectors_of",
]

_Id = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]
_LANE, _NUMBER = "<i2", "<f4"
_LEAVES, FEWEST_GROUPS = 3, 3  # of a group's boundary; embedding, a layer and the vector
Leaves = Sequence[Sequence[Sequence[bytes]]]
Lanes = NDArray[np.int16]
Numbers = NDArray[np.float32]


class _Shown(msgspec.Struct):
    token_ids: Annotated[list[_Id], msgspec.Meta(min_length=1)]
    lanes: str
    trace: str
    groups: str = ""


class _Item(msgspec.Struct):
    index: int
    embedding: list[float] | str
    keifu: _Shown


class _Answered(msgspec.Struct):
    data: Annotated[list[_Item], msgspec.Meta(min_length=1)]


@dataclass(frozen=True)
class Vector:
    """What was said of one text: ids in, lanes out, the root of the trace between, and the numbers as they came. Where
    it came, also what each group committed to, position by position: 96 bytes each."""

    ids: tuple[int, ...]
    lanes: Lanes
    trace: bytes
    numbers: Numbers
    groups: bytes = b""

    @property
    def roots(self) -> tuple[bytes, bytes, bytes]:
        """Of input, output and trace."""
        return tensor_root(self.ids, 32), tensor_root(self.lanes.tolist(), 16), self.trace

    @property
    def is_made_of_its_lanes(self) -> bool:
        return self.numbers.tobytes() == numbers_of(self.lanes).tobytes()


def numbers_of(lanes: Lanes) -> Numbers:
    """The vector of length 1; zeros where all lanes are."""
    wide = lanes.astype(np.int64)
    length = np.sqrt(np.float64((wide * wide).sum()))
    found: Numbers = (wide / (length or 1.0)).astype(_NUMBER)
    return found


def shown(ids: Sequence[int], lanes: Lanes, trace: bytes, groups: bytes = b"") -> dict[str, Any]:
    """What stands beside a vector."""
    text = b64encode(lanes.astype(_LANE).tobytes()).decode()
    named = {"groups": b64encode(groups).decode()} if groups else {}
    return {"keifu": {"token_ids": list(ids), "lanes": text, "trace": trace.hex(), **named}}


def leaves_of(groups: bytes, positions: int) -> Leaves | None:
    """What groups committed to, by position and group: last tensor, keys and values. None for bytes that are not so."""
    count, rest = divmod(len(groups), positions * _LEAVES * HASH_BYTES)
    if rest or not FEWEST_GROUPS <= count <= MAX_GROUPS:
        return None
    hashes = hashes_of(groups)
    leaves = [hashes[at : at + _LEAVES] for at in range(0, len(hashes), _LEAVES)]
    return [leaves[at : at + count] for at in range(0, len(leaves), count)]


def trace_of_leaves(leaves: Leaves) -> bytes:
    """The root of a trace."""
    return trace_of([position_root([boundary(*item) for item in places]) for places in leaves])


def joined(roots: Sequence[tuple[bytes, bytes, bytes]]) -> tuple[bytes, bytes, bytes]:
    """A receipt's roots: those of one text, or the trees over those of several, in their order."""
    first, second, third = (tree(list(items)) for items in zip(*roots, strict=True))
    return first, second, third


def has_vectors(response: bytes) -> bool:
    """Whether it is a list of anything but outputs, as no reply of tokens and no label of a picture is."""
    try:
        found = msgspec.json.decode(response)
    except (ValueError, RecursionError):
        return False
    items = found.get("data") if isinstance(found, dict) else None
    return bool(items) and not (isinstance(items, list) and all(map(_is_output, items)))


def _is_output(item: Any) -> bool:
    return isinstance(item, dict) and "output" in item and "embedding" not in item


def vectors_of(response: bytes) -> list[Vector] | None:
    """None for an answer that has none with the integers behind them."""
    try:
        items = msgspec.json.decode(response, type=_Answered).data
        found = [_vector(item) for item in items]
    except (ValueError, RecursionError, OverflowError):
        return None
    return found if [item.index for item in items] == list(range(len(items))) else None


def _vector(item: _Item) -> Vector:
    said = item.keifu
    lanes = np.frombuffer(_bytes(said.lanes), _LANE)
    trace = bytes.fromhex(said.trace)
    if not len(lanes) or len(trace) != HASH_BYTES:
        raise ValueError("no lanes, or no root")
    given = item.embedding
    with np.errstate(over="ignore"):  # what is too large is no number of 32 bits, and differs
        numbers = np.frombuffer(_bytes(given), _NUMBER) if isinstance(given, str) else np.array(given, _NUMBER)
    return Vector(tuple(said.token_ids), lanes.astype(np.int16), trace, numbers, _bytes(said.groups))


def _bytes(text: str) -> bytes:
    return binascii.a2b_base64(text, strict_mode=True)
