"""Texts of a whole batch of receipts in one compiled call: those that `keifu.compute.wire` writes one by one.

A receipt comes as its encoded struct: words of 32 bytes, the type's hash first.
"""

from __future__ import annotations

import string

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept

__all__ = ["texts_of"]

WORD, FIELDS = 32, 16
STRUCT = WORD * (1 + FIELDS)
HASH, NUMBER, AMOUNT = range(3)  # how a field travels: whole, as a number, or its lower half as bytes
ARRAY, LONG_ARRAY, BYTES, UINT8 = 0x90, 0xDC, 0xC4, 0xCC  # msgpack's words
ITSELF = 1 << 7  # numbers below it are their own msgpack
_KINDS = np.array([HASH, NUMBER, HASH, NUMBER, *(HASH,) * 6, NUMBER, NUMBER, AMOUNT, AMOUNT, NUMBER, NUMBER], np.int64)
_LETTERS = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_").encode()
_PAIRS = np.frombuffer(b"".join(bytes([a, b]) for a in _LETTERS for b in _LETTERS), np.uint16)  # for 12 bits each
_ROOM = 768  # bytes of a receipt before base64: with ten hashes of its proof it has at most 766
_ROOM_PAIRS = _ROOM // 3 * 2


@kept
def _word(data: NDArray[np.uint8], start: int, out: NDArray[np.uint8], at: int) -> int:
    """32 bytes as msgpack's short bytes. Loops of a length that the compiler knows are a few moves."""
    out[at], out[at + 1] = BYTES, WORD
    source, target = data[start : start + WORD], out[at + 2 : at + 2 + WORD]
    for place in range(WORD):
        target[place] = source[place]
    return at + 2 + WORD


@kept
def _half_word(data: NDArray[np.uint8], start: int, out: NDArray[np.uint8], at: int) -> int:
    """An amount: the lower half of a word."""
    out[at], out[at + 1] = BYTES, WORD // 2
    source, target = data[start + WORD // 2 : start + WORD], out[at + 2 : at + 2 + WORD // 2]
    for place in range(WORD // 2):
        target[place] = source[place]
    return at + 2 + WORD // 2


@kept
def _number(data: NDArray[np.uint8], start: int, out: NDArray[np.uint8], at: int) -> int:
    """The shortest of msgpack's numbers: in itself, or in 1, 2, 4 or 8 bytes."""
    end, size = start + WORD, 8
    while size > 1 and data[end - size] == 0:
        size -= 1
    if size == 1 and data[end - 1] < ITSELF:
        out[at] = data[end - 1]
        return at + 1
    wide, kind = 1, UINT8
    while wide < size:
        wide, kind = 2 * wide, kind + 1
    out[at] = kind
    for place in range(wide):
        out[at + 1 + place] = data[end - wide + place]
    return at + 1 + wide


@kept
def _packed(
    structs: NDArray[np.uint8],
    start: int,
    kinds: NDArray[np.int64],
    nodes: NDArray[np.uint8],
    leaf: int,
    signature: NDArray[np.uint8],
    out: NDArray[np.uint8],
) -> int:
    """One receipt: an array of its 16 fields, of its proof and of the signature; how many bytes."""
    out[0], out[1], out[2], out[3] = ARRAY + 3, LONG_ARRAY, 0, FIELDS
    at = 4
    for field in range(FIELDS):
        word = start + WORD * (field + 1)
        if kinds[field] == HASH:
            at = _word(structs, word, out, at)
        elif kinds[field] == NUMBER:
            at = _number(structs, word, out, at)
        else:
            at = _half_word(structs, word, out, at)
    count, node, steps = at, leaf, 0
    at += 1
    while node > 0:
        at = _word(nodes, WORD * (node + 1 if node & 1 else node - 1), out, at)
        steps += 1
        node = (node - 1) >> 1
    out[count] = ARRAY + steps
    size = signature.shape[0]
    out[at], out[at + 1] = BYTES, size
    target = out[at + 2 : at + 2 + size]
    for place in range(size):
        target[place] = signature[place]
    return at + 2 + size


@kept
def _base64(data: NDArray[np.uint8], pairs: NDArray[np.uint16], out: NDArray[np.uint16]) -> None:
    """Three bytes to two pairs of letters each."""
    for triple in range(out.shape[0] // 2):
        bits = (np.uint32(data[3 * triple]) << 16) | (np.uint32(data[3 * triple + 1]) << 8) | data[3 * triple + 2]
        out[2 * triple] = pairs[bits >> 12]
        out[2 * triple + 1] = pairs[bits & 0xFFF]


@kept
def _texts_of(
    structs: NDArray[np.uint8],
    kinds: NDArray[np.int64],
    nodes: NDArray[np.uint8],
    places: NDArray[np.int64],
    signature: NDArray[np.uint8],
    pairs: NDArray[np.uint16],
    out: NDArray[np.uint16],
    bounds: NDArray[np.int64],
) -> None:
    """Texts begin where a pair of pairs does; `bounds` has the first letter of each, and the one behind its last."""
    packed, at = np.empty(_ROOM, np.uint8), 0
    for number in range(places.shape[0]):
        size = _packed(structs, number * STRUCT, kinds, nodes, places[number], signature, packed)
        packed[size] = packed[size + 1] = 0
        triples = (size + 2) // 3
        _base64(packed, pairs, out[at : at + 2 * triples])
        bounds[2 * number] = 2 * at
        bounds[2 * number + 1] = 2 * at + (4 * size + 2) // 3
        at += 2 * triples


def texts_of(
    structs: NDArray[np.uint8], nodes: NDArray[np.uint8], places: NDArray[np.int64], signature: bytes
) -> list[bytes]:
    """The text of each receipt: uint8[n, 17 words], and the tree over their leaves."""
    out, bounds = np.empty(len(structs) * _ROOM_PAIRS, np.uint16), np.empty(2 * len(structs), np.int64)
    _texts_of(
        structs.reshape(-1), _KINDS, nodes.reshape(-1), places, np.frombuffer(signature, np.uint8), _PAIRS, out, bounds
    )
    ends = bounds.tolist()
    whole = out.view(np.uint8).data
    return [bytes(whole[first:end]) for first, end in zip(ends[::2], ends[1::2], strict=True)]
