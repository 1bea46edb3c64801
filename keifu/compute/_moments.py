"""Receipts of a moment as encoded structs, and the tree over their leaves, in one compiled call.

Structs, hashes and roots are words of eight bytes here, four of them to one of the chain's.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.compute.columns import (
    CHANNEL,
    CHARGED,
    INPUT,
    NUMBER,
    OUTPUT,
    REQUEST,
    RESPONSE,
    STRUCT_BYTES,
    TIME,
    Answers,
)
from keifu.merkle.compiled import (
    BEYOND,
    HASH_BYTES,
    HASH_WORDS,
    IOTA,
    WORD_BYTES,
    ends_of,
    leaves_of,
    messages_of,
    sorted_tree,
)

__all__ = ["Moment", "moment_of"]

_STRUCT_WORDS = STRUCT_BYTES // WORD_BYTES
_LOWEST, _SECOND = HASH_WORDS - 1, HASH_WORDS - 2  # words of a number
_BYTE_BITS, _LOW_BYTE = np.uint64(8), np.uint64(0xFF)
_WORD_BITS, _LOW = 64, (1 << 64) - 1
_NO_PLACES = np.empty(0, np.int64)
_NO_HASHES = np.frombuffer(b"", np.uint64).reshape(-1, HASH_WORDS)  # of the kind that others have, too
_NONE_HIGHER = np.empty(0, np.uint64)


class Moment(NamedTuple):
    """What is left to do is to sign the root, which is the first node, and to write the texts."""

    structs: NDArray[np.uint8]  # whole, one behind the other
    nodes: NDArray[np.uint8]  # uint8[2n - 1, 32]
    places: NDArray[np.int64]  # int64[n]: the node of each leaf
    parts: NDArray[np.uint8]  # bodies of requests, then of responses, then what is said beside them
    ends: NDArray[np.int64]  # of those parts, a zero first: int64[3n + 1], or int64[2n + 1] where nothing is said


@kept
def _turned(number: np.uint64) -> np.uint64:
    """The same with its highest byte first."""
    found = np.uint64(0)
    for _ in range(WORD_BYTES):
        found = (found << _BYTE_BITS) | (number & _LOW_BYTE)
        number >>= _BYTE_BITS
    return found


@kept
def _filled(
    alike: NDArray[np.uint64],
    own: NDArray[np.uint64],
    hashes: NDArray[np.uint64],
    numbers: NDArray[np.uint64],
    higher: NDArray[np.uint64],
    time: np.uint64,
    structs: NDArray[np.uint64],
) -> None:
    count, when = structs.shape[0], _turned(time)
    for place in range(count):
        struct = structs[place]
        struct[:] = alike[place if alike.shape[0] > 1 else 0]
        for word in range(HASH_WORDS):
            struct[HASH_WORDS * CHANNEL + word] = own[0, place, word]
            struct[HASH_WORDS * INPUT + word] = own[1, place, word]
            struct[HASH_WORDS * OUTPUT + word] = own[2, place, word]
            struct[HASH_WORDS * REQUEST + word] = hashes[place, word]
            struct[HASH_WORDS * RESPONSE + word] = hashes[count + place, word]
        struct[HASH_WORDS * NUMBER + _LOWEST] = _turned(numbers[0, place])
        struct[HASH_WORDS * CHARGED + _LOWEST] = _turned(numbers[1, place])
        if higher.shape[0]:
            struct[HASH_WORDS * CHARGED + _SECOND] = _turned(higher[place])
        struct[HASH_WORDS * TIME + _LOWEST] = when


@kept
def _moment(
    parts: NDArray[np.uint8],
    ends: NDArray[np.int64],
    alike: NDArray[np.uint64],
    own: NDArray[np.uint64],
    numbers: NDArray[np.uint64],
    higher: NDArray[np.uint64],
    streamed: NDArray[np.int64],
    found: NDArray[np.uint64],
    time: np.uint64,
    structs: NDArray[np.uint64],
    nodes: NDArray[np.uint64],
    iota: NDArray[np.uint64],
) -> NDArray[np.int64]:
    """`own` are channels and roots of input and output. `alike` is one struct for all, or one for each. `higher` are
    those words of sums that have more than one. Of what was `streamed` the hashes were `found` before."""
    count = structs.shape[0]
    hashes = np.empty((2 * count, HASH_WORDS), np.uint64)
    messages_of(parts, ends, hashes, iota)
    for number in range(streamed.shape[0]):
        hashes[count + streamed[number]] = found[number]
    _filled(alike, own, hashes, numbers, higher, time, structs)
    places: NDArray[np.int64] = sorted_tree(leaves_of(structs, STRUCT_BYTES, iota), nodes, iota)
    return places


def moment_of(answers: Answers, time: int) -> Moment:
    """At least one answer."""
    count, first = len(answers.numbers), answers.alike[0]
    said = answers.said if any(answers.said) else ()  # which is nearly always so
    messages = (*answers.requests, *answers.responses, *said)
    ends, parts = ends_of(messages), np.frombuffer(b"".join((*messages, BEYOND)), np.uint8)
    is_one = answers.alike.count(first) == count  # which is nearly always so
    alike = np.frombuffer(first if is_one else b"".join(answers.alike), np.uint64).reshape(-1, _STRUCT_WORDS)
    own = np.frombuffer(b"".join((*answers.channels, *answers.input_roots, *answers.output_roots)), np.uint64)
    numbers, higher = _numbers(answers)
    streamed, found = _NO_PLACES, _NO_HASHES
    if any(answers.hashes):
        streamed = np.array([place for place, item in enumerate(answers.hashes) if item], np.int64)
        found = np.frombuffer(b"".join(answers.hashes), np.uint64).reshape(-1, HASH_WORDS)
    structs = np.empty((count, _STRUCT_WORDS), np.uint64)
    nodes = np.empty((2 * count - 1, HASH_BYTES), np.uint8)
    places = _moment(
        parts, ends, alike, own.reshape(-1, count, HASH_WORDS), numbers, higher, streamed, found, np.uint64(time),
        structs, nodes.view(np.uint64), IOTA,
    )  # fmt: skip
    return Moment(structs.view(np.uint8).reshape(-1), nodes, places, parts, ends)


def _numbers(answers: Answers) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Numbers and the lower words of sums, and the higher words where a sum has one."""
    higher, sums = _NONE_HIGHER, answers.charged
    try:
        both = array("Q", (*answers.numbers, *sums))
    except OverflowError:
        higher = np.array([each >> _WORD_BITS for each in sums], np.uint64)
        both = array("Q", (*answers.numbers, *(each & _LOW for each in sums)))
    return np.frombuffer(both, np.uint64).reshape(2, -1), higher
