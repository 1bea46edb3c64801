"""Answers with their receipts, of a whole batch in one compiled call: texts are those that `keifu.compute.wire` writes.

A receipt comes as its encoded struct: words of 32 bytes, the type's hash first.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu._moves import move
from keifu.compute._moments import Moment, moment_of
from keifu.compute.columns import STRUCT_BYTES, WORDS
from keifu.compute.columns import WORD_BYTES as WORD

__all__ = ["moment_of", "replies_of"]

FIELDS = WORDS - 1
HASH, NUMBER, AMOUNT = range(3)  # how a field travels: whole, as a number, or its lower half as bytes
ARRAY, LONG_ARRAY, BYTES, UINT8 = 0x90, 0xDC, 0xC4, 0xCC  # msgpack's words
ITSELF = 1 << 7  # numbers below it are their own msgpack
_KINDS = np.array([HASH, NUMBER, HASH, NUMBER, *(HASH,) * 6, NUMBER, NUMBER, AMOUNT, AMOUNT, NUMBER, NUMBER], np.int64)
# Of base64url: the numbers from which on letters are of the next kind, and what leads from a number to its letter.
SMALLS, DIGITS, LAST = map(np.uint8, (26, 52, 62))
BIG, SMALL, DIGIT, HYPHEN, LOW_LINE = (np.uint8(way & 0xFF) for way in (65, 97 - 26, 48 - 52, 45 - 62, 95 - 63))
TWO, FOUR, SIX, TWO_BITS, FOUR_BITS, SIX_BITS = map(np.uint8, (2, 4, 6, 0x03, 0x0F, 0x3F))
ZERO = ord("0")
_TOGETHER = 256  # answers, written by one call: those of a larger moment would take much memory
_ROOM = 768  # bytes of a receipt before base64: with ten hashes of its proof it has at most 766
_BEHIND, _BLANK = np.frombuffer(b"content-length: ", np.uint8), np.frombuffer(b"\r\n\r\n", np.uint8)
_REPLY_ROOM = _ROOM // 3 * 4 + len(_BEHIND) + 32  # letters; with the ends of lines, and the number of a body's bytes


@kept
def _word(data: NDArray[np.uint8], start: int, out: NDArray[np.uint8], at: int) -> int:
    """32 bytes as msgpack's short bytes."""
    out[at], out[at + 1] = BYTES, WORD
    move(out, at + 2, data, start, WORD)
    return at + 2 + WORD


@kept
def _half_word(data: NDArray[np.uint8], start: int, out: NDArray[np.uint8], at: int) -> int:
    """An amount: the lower half of a word."""
    out[at], out[at + 1] = BYTES, WORD // 2
    move(out, at + 2, data, start + WORD // 2, WORD // 2)
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
    move(out, at + 2, signature, 0, size)
    return at + 2 + size


@kept
def _base64(data: NDArray[np.uint8], triples: int, out: NDArray[np.uint8], start: int) -> None:
    """Three bytes to four letters each. Both loops become vectors."""
    letters = out[start : start + 4 * triples]
    for place in range(triples):
        first, second, third = data[3 * place], data[3 * place + 1], data[3 * place + 2]
        letters[4 * place] = first >> TWO
        letters[4 * place + 1] = ((first & TWO_BITS) << FOUR) | (second >> FOUR)
        letters[4 * place + 2] = ((second & FOUR_BITS) << TWO) | (third >> SIX)
        letters[4 * place + 3] = third & SIX_BITS
    for place in range(4 * triples):
        bits = letters[place]
        last = HYPHEN if bits == LAST else LOW_LINE
        letters[place] = bits + (BIG if bits < SMALLS else SMALL if bits < DIGITS else DIGIT if bits < LAST else last)


@kept
def _copied(source: NDArray[np.uint8], first: int, end: int, out: NDArray[np.uint8], at: int) -> int:
    move(out, at, source, first, end - first)
    return at + end - first


@kept
def _decimal(number: int, out: NDArray[np.uint8], at: int) -> int:
    digits, left = 1, number // 10
    while left:
        digits, left = digits + 1, left // 10
    left = number
    for place in range(at + digits - 1, at - 1, -1):
        out[place] = ZERO + left % 10
        left //= 10
    return at + digits


@kept
def _replies_of(
    structs: NDArray[np.uint8],
    kinds: NDArray[np.int64],
    nodes: NDArray[np.uint8],
    places: NDArray[np.int64],
    signature: NDArray[np.uint8],
    words: tuple[NDArray[np.uint8], ...],
    parts: NDArray[np.uint8],
    ends: NDArray[np.int64],
    first: int,
    end: int,
    out: NDArray[np.uint8],
    lengths: NDArray[np.int64],
) -> None:
    """Those from `first` to `end`. `parts` up to `ends` as a moment has them. `lengths` are those of answers, and those
    of texts."""
    front, behind, blank = words
    packed, at, count = np.empty(_ROOM, np.uint8), 0, places.shape[0]
    is_said = ends.shape[0] > 2 * count + 1
    for number in range(first, end):
        begin = at
        at = _copied(front, 0, front.shape[0], out, at)
        size = _packed(structs, number * STRUCT_BYTES, kinds, nodes, places[number], signature, packed)
        packed[size] = packed[size + 1] = 0
        _base64(packed, (size + 2) // 3, out, at)
        letters = (4 * size + 2) // 3
        at += letters
        out[at], out[at + 1] = blank[0], blank[1]
        at += 2
        if is_said:
            at = _copied(parts, ends[2 * count + number], ends[2 * count + number + 1], out, at)
        at = _copied(behind, 0, behind.shape[0], out, at)
        body, over = ends[count + number], ends[count + number + 1]
        at = _decimal(over - body, out, at)
        at = _copied(blank, 0, blank.shape[0], out, at)
        at = _copied(parts, body, over, out, at)
        lengths[0, number], lengths[1, number] = at - begin, letters


def replies_of(moment: Moment, signature: bytes, front: bytes) -> Iterator[tuple[list[bytes], list[int]]]:
    """Of each receipt the whole answer, and how long its text is; some at a time. `front` is what comes before a
    text."""
    structs, nodes, places, parts, ends = moment
    count, lengths = len(places), np.empty((2, len(places)), np.int64)
    words, sign = (np.frombuffer(front, np.uint8), _BEHIND, _BLANK), np.frombuffer(signature, np.uint8)
    hashes = nodes.reshape(-1)
    for first in range(0, count, _TOGETHER):
        end = min(first + _TOGETHER, count)
        room = ends[count + end] - ends[count + first]
        if len(ends) > 2 * count + 1:
            room += ends[2 * count + end] - ends[2 * count + first]
        out = np.empty((end - first) * (len(front) + _REPLY_ROOM) + room, np.uint8)
        _replies_of(structs, _KINDS, hashes, places, sign, words, parts, ends, first, end, out, lengths)
        whole, texts = lengths[:, first:end].tolist()
        yield list(Struct("%ds" * (end - first) % tuple(whole)).unpack_from(out.data)), texts
