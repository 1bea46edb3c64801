"""What a provider commits to of each position: the outputs of all groups, and the keys and values of layers.

One compiled pass over what a run left behind; `keifu.spec.inference_model` has the same, tensor by tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu.inference.tokens.executor import Kept
from keifu.inference.tokens.soon import ask
from keifu.merkle.plain import (
    CHUNK_WORDS,
    HASH_BYTES,
    IOTA,
    fold,
    hash_chunks,
    nodes_of,
    room,
    roots_of,
    wide,
)

__all__ = ["HASH_BYTES", "boundaries", "ids_root", "position_roots", "read_roots", "token_boundaries", "trace_root"]

Hashes = NDArray[np.uint8]
_HEAD, _PAIRS, _SIDE, _WORDS = 64, 32, 16, 4
_AT_ONCE = 16  # positions: what is hashed of them stays in a near cache
_LAYERS = 3  # whose keys and values are hashed together: with three heads, no lane is idle
_8, _LOWER, _HALVES, _HALF = np.uint32(8), np.uint32(0x00FF00FF), np.uint32(0x80008000), np.uint16(0x8000)


@kept
def _keys_of(keys: Any, position: Any, out: Any) -> None:
    """Of a layer, as they are hashed."""
    pairs, places = keys.view(np.uint32), out.view(np.uint32)
    group, within = position // _SIDE, position % _SIDE
    for head in range(keys.shape[0]):
        for pair in range(_PAIRS):
            both = pairs[head, group, pair, within, 0] ^ _HALVES
            places[head * _PAIRS + pair] = ((both >> _8) & _LOWER) | ((both & _LOWER) << _8)


@kept
def _values_of(values: Any, position: Any, out: Any) -> None:
    """Of a layer, as they are hashed."""
    places, place, odd = out.view(np.uint16), position // 2, position % 2
    for head in range(values.shape[0]):
        for part in range(_HEAD // _SIDE):
            for lane in range(_SIDE):
                value = np.uint16(values[head, part, place, lane, odd]) ^ _HALF
                places[head * _HEAD + part * _SIDE + lane] = (value >> 8) | (value << 8)


@kept
def _ask_for(keys: Any, values: Any, start: Any, count: Any) -> None:
    """Keys and values lie on hundreds of pages. So they come together, while something else is hashed."""
    first, end = start // 2, (start + count + 1) // 2
    for layer in range(keys.shape[0]):
        for head in range(keys.shape[1]):
            for group in range(start // _SIDE, (start + count - 1) // _SIDE + 1):
                ask(keys[layer, head, group].reshape(-1).view(np.uint8), 0, 1)
            for part in range(_HEAD // _SIDE):
                ask(values[layer, head, part, first:end].reshape(-1).view(np.uint8), 0, 1)


@kept
def _kept_roots(keys: Any, values: Any, start: Any, count: Any, iota: Any) -> Any:
    """Of keys and values of positions: layer by layer, first a row a position of keys, then of values."""
    layers, heads = keys.shape[0], keys.shape[1]
    words = np.empty((_LAYERS * 2 * count, heads * CHUNK_WORDS), np.uint64)
    hashes = room(layers * 2 * count * heads)
    for first in range(0, layers, _LAYERS):
        some = min(_LAYERS, layers - first)
        for layer in range(some):
            for place in range(count):
                _keys_of(keys[first + layer], start + place, words[2 * layer * count + place])
                _values_of(values[first + layer], start + place, words[(2 * layer + 1) * count + place])
        hash_chunks(words[: some * 2 * count], hashes, first * 2 * count * heads, iota)
    return fold(hashes, layers * 2 * count, heads, iota)


@kept
def _all_bounded(seen: Any, keys: Any, values: Any, start: Any, out: Any, iota: Any) -> None:
    groups, count = seen.shape[0], seen.shape[1]
    for place in range(0, count, _AT_ONCE):
        end = min(place + _AT_ONCE, count)
        _bounded(seen, place, keys, values, start + place, out[place * groups : end * groups], iota)


@kept
def _bounded(seen: Any, first: Any, keys: Any, values: Any, start: Any, out: Any, iota: Any) -> None:
    """Of as many positions as there is room for."""
    groups, count = seen.shape[0], out.shape[0] // seen.shape[0]
    _ask_for(keys, values, start, count)
    outs = wide(seen, first, count, iota)
    lanes = _kept_roots(keys, values, start, count, iota)
    found = np.zeros((count * groups * _WORDS, _WORDS), np.uint64)
    for place in range(count):
        for group in range(groups):
            at = (place * groups + group) * _WORDS
            found[at] = outs[group * count + place]
            if group:
                found[at + 1] = lanes[2 * (group - 1) * count + place]
                found[at + 2] = lanes[(2 * group - 1) * count + place]
    out[:] = fold(found, count * groups, _WORDS, iota)


def boundaries(seen: NDArray[Any], memory: Kept, number: int, start: int) -> Hashes:
    """Of the embedding and each layer, at positions from `start` on of a conversation: positions × (layers + 1) × 32.
    `seen` is what `read_together` gave of them: layers + 1 × positions × width."""
    groups, count, _ = seen.shape
    out = np.empty((count * groups, _WORDS), np.uint64)
    _all_bounded(np.ascontiguousarray(seen), memory.keys[number], memory.values[number], start, out, IOTA)
    return out.view(np.uint8).reshape(count, groups, HASH_BYTES)


@kept
def _decoded(seen: Any, keys: Any, values: Any, start: Any, token: Any, found: Any, out: Any, iota: Any) -> None:
    groups, lanes = seen.shape[0], np.full((1, 1, 1), token, np.int32)
    last = np.zeros((_WORDS, _WORDS), np.uint64)
    _bounded(seen, 0, keys, values, start, found[:groups], iota)
    last[0] = wide(lanes, 0, 1, iota)[0]
    found[groups] = fold(last, 1, _WORDS, iota)[0]
    out[:] = fold(found, 1, groups + 1, iota)


def read_roots(seen: NDArray[Any], memory: Kept, number: int, start: int, token: int | None) -> tuple[Hashes, Hashes]:
    """Of positions that were read together, and what each of their groups committed to; the last of them made a token,
    or nobody asked for one. A single position with its token, as decoding has it, takes one compiled call."""
    groups, count, _ = seen.shape
    if count == 1 and token is not None:
        found, out = np.empty((groups + 1, _WORDS), np.uint64), np.empty((1, _WORDS), np.uint64)
        keys, values = memory.keys[number], memory.values[number]
        _decoded(np.ascontiguousarray(seen), keys, values, start, np.int32(token), found, out, IOTA)
        return out.view(np.uint8), found.view(np.uint8)[None]
    last = np.zeros((count, HASH_BYTES), np.uint8)
    if token is not None:
        last[-1] = token_boundaries([token])[0]
    together = np.concatenate([boundaries(seen, memory, number, start), last[:, None]], axis=1)
    return nodes_of(together), together


def token_boundaries(tokens: Sequence[int]) -> Hashes:
    """Of the group that makes a token: one row a token."""
    found = np.zeros((len(tokens), _WORDS, HASH_BYTES), np.uint8)
    found[:, 0] = roots_of(np.array(tokens, np.int32).reshape(-1, 1))
    return nodes_of(found)


def position_roots(groups: Hashes, last: Hashes) -> Hashes:
    """`last` is the boundary of the group that makes a token, zeros where nobody asked for one."""
    return nodes_of(np.concatenate([groups, last[:, None]], axis=1))


def trace_root(roots: Hashes) -> bytes:
    """Over positions × 32."""
    return bytes(nodes_of(roots[None])[0])


def ids_root(ids: Sequence[int]) -> bytes:
    """Of the ids that went in, or came out, as one tensor. There is one at least."""
    return bytes(roots_of(np.array(ids, np.int32).reshape(1, -1))[0])
