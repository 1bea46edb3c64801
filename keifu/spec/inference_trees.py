"""What token models commit to, in plain Python: tensors, records, rows of weights, descriptors, programs, traces."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ethwire.keys import keccak256
from keifu.spec.inference import BLOCK, PART, Row

__all__ = [
    "BLOCKS_4",
    "BLOCKS_8",
    "CHUNK_BYTES",
    "MAX_GROUPS",
    "PART",
    "ROWS_8",
    "SLOTS",
    "boundary",
    "chunks",
    "depth",
    "descriptor",
    "levels",
    "node",
    "part_bytes",
    "path",
    "piece",
    "position_root",
    "row_leaf",
    "tensor_root",
    "tree",
]

CHUNK_BYTES = 128  # one permutation of Keccak
_PIECE, _PIECES = 128, 32
SLOTS = 16  # tensors of a record
MAX_GROUPS = 128  # of a program that a dispute reaches
ROWS_8, BLOCKS_4, BLOCKS_8 = range(3)  # formats of weights
_ZERO = bytes(32)
_ROW = b"\x01"  # no row of any length can pass for a node of 64 bytes


def node(left: bytes, right: bytes) -> bytes:
    return keccak256(left + right)


def depth(count: int) -> int:
    """Levels of a tree over so many leaves."""
    return (count - 1).bit_length()


def levels(leaves: Sequence[bytes], count: int | None = None) -> list[list[bytes]]:
    """All nodes, from the leaves up to the root."""
    found = [list(leaves)]
    for _ in range(depth(len(leaves)) if count is None else count):
        below = found[-1] + [_ZERO] * (len(found[-1]) & 1)
        found.append([node(below[at], below[at + 1]) for at in range(0, len(below), 2)])
    return found


def tree(leaves: Sequence[bytes], height: int | None = None) -> bytes:
    """The root; a missing neighbour is 32 zero bytes at every level."""
    return levels(leaves, height)[-1][0]


def path(leaves: Sequence[bytes], index: int, height: int | None = None, *, above: int = 0) -> list[bytes]:
    """The neighbours of leaf `index` from the bottom up; with `above`, those of the node that stands so far above."""
    found = []
    for level in levels(leaves, height)[above:-1]:
        beside = (index >> above) ^ 1
        found.append(level[beside] if beside < len(level) else _ZERO)
        index >>= 1
    return found


def chunks(lanes: Sequence[int], bits: int) -> list[bytes]:
    """Lanes of 16 or 32 bits, each with half the range added, in pieces of 128 bytes; what is missing is lane 0."""
    each = CHUNK_BYTES * 8 // bits
    filled = list(lanes) + [0] * (-len(lanes) % each)
    words = [(lane + (1 << (bits - 1))).to_bytes(bits // 8, "big") for lane in filled]
    return [b"".join(words[at : at + each]) for at in range(0, len(words), each)]


def tensor_root(lanes: Sequence[int], bits: int) -> bytes:
    return _tensor_root(tuple(lanes), bits)


@lru_cache(1 << 12)  # a record's other tensors stay as they are while one is opened
def _tensor_root(lanes: tuple[int, ...], bits: int) -> bytes:
    return tree([keccak256(chunk) for chunk in chunks(lanes, bits)])


def _lanes_of_word(weights: Sequence[int], bits: int) -> int:
    """Thirty-two weights, so that one masked multiplication adds up eight products.

    Two words of lanes hold a block: the odd lanes of the first, its even ones, then the second's. A group's weights
    stand in reverse, each at the bottom of 32 bits, so the products of a pair meet in the highest lane."""
    word = 0
    for group, (half, odd) in enumerate(((0, 1), (0, 0), (1, 1), (1, 0))):
        for place in range(8):
            word |= weights[16 * half + 2 * place + odd] << (32 * place + bits * group)
    return word


def part_bytes(row: Row, layout: int, first: int) -> bytes:
    """The weights of up to 1,024 lanes from `first` on, then the scales of their blocks."""
    weights = list(row.weights[first : first + PART])
    scales = list(row.scales[first // BLOCK : (first + len(weights)) // BLOCK])
    blocks = [weights[at : at + BLOCK] for at in range(0, len(weights), BLOCK)]
    if layout == BLOCKS_4:
        words = [_lanes_of_word(block, 4) for block in blocks]
        words += [0] * (len(words) & 1)
        body = b"".join((a | b << 16).to_bytes(32, "big") for a, b in zip(words[::2], words[1::2], strict=True))
        return body + b"".join((d + 2**15).to_bytes(2, "big") + (m + 2**15).to_bytes(2, "big") for d, m in scales)
    body = b"".join(_lanes_of_word([w + 128 for w in block], 8).to_bytes(32, "big") for block in blocks)
    if layout == ROWS_8:
        return body
    return body + b"".join((d + 2**15).to_bytes(2, "big") for d, _ in scales)


def _part_hash(row: Row, layout: int, first: int) -> bytes:
    try:
        return _kept_part_hash(row, layout, first)
    except TypeError:  # weights in a list
        return keccak256(part_bytes(row, layout, first))


@lru_cache(1 << 8)  # for tables of many equal rows
def _kept_part_hash(row: Row, layout: int, first: int) -> bytes:
    return keccak256(part_bytes(row, layout, first))


def piece(width: int) -> int:
    """Lanes of one sum of a row's products: so few that one is shown for little, and that there are 32 sums at most."""
    return _PIECE << depth(-(-width // (_PIECES * _PIECE)))


def row_leaf(number: int, row: Row, layout: int) -> bytes:
    """The bytes whose hash is an output channel's leaf: number, bias, multiplier, shift, sum of the row, weights."""
    header = (
        number.to_bytes(4, "big")
        + row.bias.to_bytes(8, "big", signed=True)
        + row.multiplier.to_bytes(4, "big")
        + bytes([row.shift])
        + sum(row.weights).to_bytes(8, "big", signed=True)
        + bytes(6)
        + bytes([layout])
    )
    parts = (_part_hash(row, layout, first) for first in range(0, len(row.weights), PART))
    return header + b"".join(parts) + _ROW


def descriptor(numbers: Sequence[int], weights: bytes = _ZERO, extra: bytes = _ZERO) -> bytes:
    """96 bytes: the fields of `FIELDS` in their widths, then the roots of weights and of a second table."""
    packed = b"".join(value.to_bytes(width, "big") for value, width in zip(numbers, FIELDS.values(), strict=True))
    return packed + weights + extra


# What a descriptor says, and in how many bytes.
FIELDS = {
    "group": 2,
    "slot": 1,
    "type": 1,
    "format": 1,
    "first": 1,
    "second": 1,
    "kept": 1,
    "width": 4,
    "height": 4,
    "limit": 4,
    "multiplier": 4,
    "shift": 1,
    "heads": 1,
    "shared": 1,
    "group_levels": 1,
    "flags": 4,
}


def boundary(out: bytes, keys: bytes, values: bytes) -> bytes:
    """What a receipt commits to of one group at one position."""
    return node(node(out, keys), node(values, _ZERO))


def position_root(boundaries: Sequence[bytes]) -> bytes:
    return tree(boundaries)
