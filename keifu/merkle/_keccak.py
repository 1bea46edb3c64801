"""Keccak-256 of many short messages at once.

Eight messages go through the permutation in lock-step. The state is 25 lanes of eight neighbouring 64-bit words: one
AVX-512 register each, or two AVX2 ones. Compiled once and kept on disk.
`keifu.merkle.hashes` says when; the `keccak256` for a single message lives in `keifu.keys`.

Source: FIPS 202 with the padding byte 0x01 of the original Keccak submission, as Ethereum uses it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.merkle._blocks import absorbed
from keifu.merkle._vectors import Table, permuted

__all__ = [
    "absorb",
    "hash_leaves",
    "hash_nodes",
    "hash_pairs",
    "hash_pairs_of",
    "hash_rows",
    "hash_words",
    "leaves_of",
    "permute",
    "precedes",
    "root_of_leaves",
    "root_of_rows",
]

HASH_BYTES = 32
WORD_BYTES = 8
RATE_BYTES = 136
ROUNDS = 24
SIDE = 5
LANES = SIDE * SIDE
WIDTH = 8  # messages in lock-step

RATE_WORDS = RATE_BYTES // WORD_BYTES
HASH_WORDS = HASH_BYTES // WORD_BYTES
PAIR_WORDS = 2 * HASH_WORDS
ONE = np.uint64(1)
TOP_BIT = np.uint64(1 << 63)
BYTE_BITS = np.uint64(8)
_WORD_BITS = np.uint64(64)
_LOW_BYTE = np.uint64(0xFF)
_LAST_BYTE = np.uint64(56)
_LEAF_WORDS = 32


def _round_constants() -> NDArray[np.uint64]:
    """The iota constants from their linear feedback shift register (FIPS 202, 3.2.5)."""
    constants, register = [], 1
    for _ in range(ROUNDS):
        constant = 0
        for bit in range(7):
            if register & 1:
                constant |= 1 << ((1 << bit) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return np.array(constants, dtype=np.uint64)


def _rho_and_pi() -> Table:
    """For each lane x + 5y: how far rho rotates it, and where pi puts it (FIPS 202, 3.2.2 and 3.2.3)."""
    rotations, targets = [0] * LANES, [0] * LANES
    x, y = 1, 0
    for step in range(ROUNDS):
        rotations[x + SIDE * y] = (step + 1) * (step + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % SIDE
    for x in range(SIDE):
        for y in range(SIDE):
            targets[x + SIDE * y] = y + SIDE * ((2 * x + 3 * y) % SIDE)
    return list(zip(rotations, targets, strict=True))


TABLE = _rho_and_pi()
_permuted = permuted(TABLE)


def _permute(state: NDArray[np.uint64], iota: NDArray[np.uint64]) -> None:
    """A state of 25 × 8 words, in place."""
    _permuted(state, iota)


permute: Any = njit(_permute)
_absorbed = absorbed(TABLE)


def _absorb(state: NDArray[np.uint64], places: NDArray[np.int64], iota: NDArray[np.uint64]) -> None:
    """136 bytes each from eight addresses on, into a state of 25 × 8 words."""
    _absorbed(state, places, iota)


absorb: Any = njit(_absorb)


IOTA = _round_constants()


@kept
def _put(state: NDArray[np.uint64], first: int, out: NDArray[np.uint64]) -> None:
    """Hashes of up to eight messages, to rows from `first` on."""
    for j in range(min(WIDTH, out.shape[0] - first)):
        for word in range(HASH_WORDS):
            out[first + j, word] = state[word * WIDTH + j]


@kept
def hash_pairs_of(nodes: NDArray[np.uint64], out: NDArray[np.uint64], iota: NDArray[np.uint64]) -> None:
    """Each eight words of `nodes` are two hashes: the smaller one goes first."""
    state = np.zeros(LANES * WIDTH, np.uint64)
    count = out.shape[0]
    for first in range(0, count, WIDTH):
        state[:] = 0
        for j in range(min(WIDTH, count - first)):
            left = nodes[first + j, :HASH_WORDS]
            right = nodes[first + j, HASH_WORDS:]
            if precedes(right, left):
                left, right = right, left
            for word in range(HASH_WORDS):
                state[word * WIDTH + j] = left[word]
                state[(HASH_WORDS + word) * WIDTH + j] = right[word]
            state[PAIR_WORDS * WIDTH + j] = ONE
            state[(RATE_WORDS - 1) * WIDTH + j] = TOP_BIT
        permute(state, iota)
        _put(state, first, out)


@kept
def precedes(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> bool:
    """Whether `left` is the smaller of two hashes as bytes; their words are little-endian."""
    for word in range(HASH_WORDS):
        if left[word] != right[word]:
            a, b = left[word], right[word]
            while (a & _LOW_BYTE) == (b & _LOW_BYTE):
                a >>= BYTE_BITS
                b >>= BYTE_BITS
            return bool((a & _LOW_BYTE) < (b & _LOW_BYTE))
    return False


@kept
def _absorb_rows(
    rows: NDArray[np.uint64],
    size: int,
    first: int,
    state: NDArray[np.uint64],
    ends: NDArray[np.uint64],
    places: NDArray[np.int64],
    iota: NDArray[np.uint64],
) -> None:
    """Eight rows from `first` on into a new state; the last one again where there are fewer. `ends` has eight blocks of
    zeros, and has them again."""
    count, words = rows.shape
    whole, step = size // RATE_BYTES, WORD_BYTES * words
    begin, begin_ends = rows.ctypes.data, ends.ctypes.data
    state[:] = 0
    for block in range(whole):
        for j in range(WIDTH):
            places[j] = begin + min(first + j, count - 1) * step + block * RATE_BYTES
        absorb(state, places, iota)
    start = whole * RATE_WORDS
    pad_word, pad_bit = size // WORD_BYTES - start, np.uint64(size % WORD_BYTES) * BYTE_BITS
    for j in range(WIDTH):
        row = min(first + j, count - 1)
        for word in range(words - start):
            ends[j, word] = rows[row, start + word]
        ends[j, pad_word] ^= ONE << pad_bit
        ends[j, RATE_WORDS - 1] ^= TOP_BIT
        places[j] = begin_ends + j * RATE_BYTES
    absorb(state, places, iota)
    ends[:] = 0


@kept
def hash_words(rows: NDArray[np.uint64], size: int, out: NDArray[np.uint64], iota: NDArray[np.uint64]) -> None:
    """`rows` are messages of `size` bytes, contiguous, zeros behind up to a whole word."""
    state, places = np.empty(LANES * WIDTH, np.uint64), np.empty(WIDTH, np.int64)
    ends = np.zeros((WIDTH, RATE_WORDS), np.uint64)
    for first in range(0, rows.shape[0], WIDTH):
        _absorb_rows(rows, size, first, state, ends, places, iota)
        _put(state, first, out)


@kept
def leaves_of(rows: NDArray[np.uint64], size: int, iota: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Rows as `hash_words` takes them, each hashed twice."""
    leaves = np.empty((rows.shape[0], HASH_WORDS), np.uint64)
    state, places = np.empty(LANES * WIDTH, np.uint64), np.empty(WIDTH, np.int64)
    ends = np.zeros((WIDTH, RATE_WORDS), np.uint64)
    for first in range(0, rows.shape[0], WIDTH):
        _absorb_rows(rows, size, first, state, ends, places, iota)
        # What was hashed once stands where a message of 32 bytes would.
        state[HASH_WORDS * WIDTH :] = 0
        for j in range(WIDTH):
            state[HASH_WORDS * WIDTH + j] = ONE
            state[(RATE_WORDS - 1) * WIDTH + j] = TOP_BIT
        permute(state, iota)
        _put(state, first, leaves)
    return leaves


@kept
def root_of_leaves(leaves: NDArray[np.uint64], iota: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Of leaves in their order: four words."""
    count = leaves.shape[0]
    nodes = np.empty((2 * count - 1, HASH_WORDS), np.uint64)
    for number in range(count):
        nodes[2 * count - 2 - number] = leaves[number]
    last = count - 1
    while last > 0:
        first = 1
        while 2 * first <= last:
            first *= 2
        first -= 1
        pairs = nodes[2 * first + 1 : 2 * last + 1]
        hash_pairs_of(pairs.reshape(last - first, PAIR_WORDS), nodes[first:last], iota)
        last = first
    root: NDArray[np.uint64] = nodes[0]
    return root


@kept
def _root_of_rows(rows: NDArray[np.uint64], size: int, iota: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The tree of `keifu.merkle.tree` in one call: of some dozen leaves, the calls between would take the time."""
    root: NDArray[np.uint64] = root_of_leaves(leaves_of(rows, size, iota), iota)
    return root


def root_of_rows(rows: NDArray[np.uint8]) -> bytes:
    """The root over uint8[n, size]; n > 0."""
    return bytes(_root_of_rows(_words(rows), rows.shape[1], IOTA))


@kept
def _hash_leaves(
    leaves: NDArray[np.uint64], start: int, count: int, out: NDArray[np.uint64], iota: NDArray[np.uint64]
) -> None:
    """32 words each, then the index in its tree of `count` leaves, and a domain of 0: two blocks of 17 words."""
    state = np.zeros(LANES * WIDTH, np.uint64)
    for first in range(0, leaves.shape[0], WIDTH):
        together = min(WIDTH, leaves.shape[0] - first)
        state[:] = 0
        for j in range(together):
            for word in range(RATE_WORDS):
                state[word * WIDTH + j] = leaves[first + j, word]
        permute(state, iota)
        for j in range(together):
            for word in range(RATE_WORDS, _LEAF_WORDS):
                state[(word - RATE_WORDS) * WIDTH + j] ^= leaves[first + j, word]
            index = np.uint64(start + (first + j) % count)
            swapped = np.uint64(0)
            for _ in range(WORD_BYTES):
                swapped = (swapped << BYTE_BITS) | (index & _LOW_BYTE)
                index >>= BYTE_BITS
            state[(_LEAF_WORDS - RATE_WORDS) * WIDTH + j] ^= swapped
            state[(RATE_WORDS - 1) * WIDTH + j] ^= TOP_BIT | (ONE << BYTE_BITS)
        permute(state, iota)
        _put(state, first, out)


@kept
def _hash_nodes(nodes: NDArray[np.uint64], domain: int, out: NDArray[np.uint64], iota: NDArray[np.uint64]) -> None:
    """Two hashes and a word that holds the domain in its last byte."""
    state = np.zeros(LANES * WIDTH, np.uint64)
    for first in range(0, out.shape[0], WIDTH):
        together = min(WIDTH, out.shape[0] - first)
        state[:] = 0
        for j in range(together):
            for word in range(PAIR_WORDS):
                state[word * WIDTH + j] = nodes[first + j, word]
            state[(PAIR_WORDS + HASH_WORDS - 1) * WIDTH + j] = np.uint64(domain) << _LAST_BYTE
            state[(PAIR_WORDS + HASH_WORDS) * WIDTH + j] = ONE
            state[(RATE_WORDS - 1) * WIDTH + j] = TOP_BIT
        permute(state, iota)
        _put(state, first, out)


def hash_leaves(leaves: NDArray[np.uint8], start: int, count: int, out: NDArray[np.uint8]) -> None:
    """uint8[n, 256], contiguous, of trees with `count` leaves each, whose first index is `start`."""
    _hash_leaves(leaves.view(np.uint64), start, count, out.view(np.uint64), IOTA)


def hash_nodes(pairs: NDArray[np.uint8], domain: int, out: NDArray[np.uint8]) -> None:
    """uint8[n, 64], contiguous, to uint8[n, 32]; their order is kept."""
    _hash_nodes(pairs.view(np.uint64), domain, out.view(np.uint64), IOTA)


def hash_pairs(nodes: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """uint8[2n, 32], contiguous, to uint8[n, 32]; n > 0."""
    count = len(nodes) // 2
    hash_pairs_of(nodes.reshape(count, 2 * HASH_BYTES).view(np.uint64), out.view(np.uint64), IOTA)


def hash_rows(rows: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """uint8[n, size] to uint8[n, 32]; n > 0."""
    hash_words(_words(rows), rows.shape[1], out.view(np.uint64), IOTA)


def _words(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Rows as words, zeros behind each up to a whole one."""
    size = rows.shape[1]
    spare = -size % WORD_BYTES
    padded = np.ascontiguousarray(rows)
    if spare:
        padded = np.zeros((len(rows), size + spare), np.uint8)
        padded[:, :size] = rows
    return padded.view(np.uint64)
