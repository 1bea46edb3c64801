"""The root of a whole program: every output channel's leaf, every operator's descriptor, as fast as hashing goes.

`keifu.spec.inference_model` has the same, row by row in plain Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.inference.tokens.program import (
    BLOCK,
    BLOCKS_4,
    ROWS_8,
    Matrix,
    TokenProgram,
)
from keifu.inference.tokens.reference import layer_of
from keifu.keys import keccak256
from keifu.merkle.hashes import hash_rows
from keifu.merkle.plain import nodes_of, roots_of, roots_of_16
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import Operator, descriptor_bytes

__all__ = ["descriptors", "lanes_root", "leaves_of", "program_root", "rows_root", "written"]

PART = trees.PART
ROWS_AT_ONCE = 8_192
Ints = NDArray[Any]
Bytes = NDArray[np.uint8]


def program_root(program: TokenProgram) -> bytes:
    """Of a program that was checked."""
    return trees.tree(leaves_of(descriptors(program)))


def descriptors(program: TokenProgram) -> list[list[bytes]]:
    """Of every operator, by its group and its slot less one."""
    return written([[(operator, weights, bytes(32)) for operator, weights in group] for group in _groups(program)])


def written(groups: Sequence[Sequence[tuple[Operator, bytes, bytes]]]) -> list[list[bytes]]:
    """The descriptors of operators without their rows, each with the root of those and that of its second table."""
    return [
        [
            descriptor_bytes(operator, number, slot, len(groups), weights, more)
            for slot, (operator, weights, more) in enumerate(operators, 1)
        ]
        for number, operators in enumerate(groups)
    ]


def leaves_of(groups: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Of the program's tree, from descriptors: sixteen a group, the first of them empty."""
    leaves: list[bytes] = []
    for operators in groups:
        found = [keccak256(item) for item in operators]
        leaves += [bytes(32), *found, *[bytes(32)] * (trees.SLOTS - 1 - len(found))]
    return leaves


def _groups(program: TokenProgram) -> Iterator[list[tuple[Operator, bytes]]]:
    """Operators without their rows, each with the root of those."""
    sizes, words, head = program.sizes, program.words, program.head
    width = sizes.width
    embedding = Operator(
        "embedding", width=width, height=width, multiplier=sizes.tokens,
        shift=program.word_shift, layout=words.layout,
    )  # fmt: skip
    yield [(embedding, rows_root(words, 0, 0, sizes.tokens))]
    turns = lanes_root(program.turns.reshape(-1), 16)
    for layer in range(sizes.layers):
        yield _layer(program, layer, turns)
    norm = Operator("rms_norm", width=width, height=width, multiplier=program.epsilon, shift=program.last_shift)
    token = Operator("token", 1, width=width, height=sizes.tokens, layout=head.layout)
    yield [(norm, lanes_root(program.last_norm, 32)), (token, rows_root(head, 0, 0, sizes.tokens))]


def _layer(program: TokenProgram, layer: int, turns: bytes) -> list[tuple[Operator, bytes]]:
    sizes, layers = program.sizes, program.layers
    width, kept, inner = sizes.width, sizes.kept, sizes.inner
    norms = [lanes_root(layers.norms[layer, place], 32) for place in range(2)]
    attention = [(0, width), (width, width + kept), (width + kept, width + 2 * kept)]
    roots = [
        norms[0],
        *[rows_root(layers.attention, layer, first, last) for first, last in attention],
        turns, turns, bytes(32), bytes(32), bytes(32),
        rows_root(layers.mixed, layer, 0, width),
        norms[1],
        rows_root(layers.gates, layer, 0, inner),
        rows_root(layers.gates, layer, inner, 2 * inner),
        bytes(32),
        rows_root(layers.down, layer, 0, width),
    ]  # fmt: skip
    return list(zip(layer_of(program, layer, with_rows=False), roots, strict=True))


def lanes_root(lanes: Ints, bits: int) -> bytes:
    if bits == 32:  # noqa: PLR2004 - of gains
        return bytes(roots_of(np.ascontiguousarray(lanes, np.int32).reshape(1, -1))[0])
    return bytes(roots_of_16(np.ascontiguousarray(lanes, np.int16).reshape(1, -1))[0])


def rows_root(matrix: Matrix, layer: int, first: int, last: int) -> bytes:
    parts = [
        _leaves(matrix, layer, at, min(last, at + ROWS_AT_ONCE), at - first) for at in range(first, last, ROWS_AT_ONCE)
    ]
    return bytes(nodes_of(np.concatenate(parts)[None])[0])


def _leaves(matrix: Matrix, layer: int, first: int, last: int, number: int) -> Bytes:
    """The hashes of rows' leaves; the first of them is row `number` of its operator."""
    weights, numbers = matrix.weights[layer, first:last], matrix.numbers[layer, first:last]
    count, lanes = weights.shape
    sums = weights.sum(axis=1, dtype=np.int64)
    header = np.zeros((count, 32), np.uint8)
    header[:, 0:4] = _big(np.arange(number, number + count), ">u4")
    header[:, 4:12] = _big(numbers[:, 0], ">i8")
    header[:, 12:16] = _big(numbers[:, 1], ">u4")
    header[:, 16] = numbers[:, 2]
    header[:, 17:25] = _big(sums, ">i8")
    header[:, 31] = matrix.layout
    scales = matrix.scales[layer, first:last]
    hashes = [hash_rows(_part(matrix.layout, weights, scales, at)) for at in range(0, lanes, PART)]
    return hash_rows(np.concatenate([header, *hashes, np.ones((count, 1), np.uint8)], axis=1))


def _big(values: Ints, kind: str) -> Bytes:
    return np.ascontiguousarray(values.astype(kind)).view(np.uint8).reshape(len(values), -1)


def _part(layout: int, weights: Ints, scales: Ints, at: int) -> Bytes:
    """The bytes of up to 1,024 lanes: weights in words, then the scales of their blocks."""
    lanes = weights[:, at : at + PART]
    count, blocks = len(lanes), lanes.shape[1] // BLOCK
    body = _words(lanes if layout == BLOCKS_4 else lanes.astype(np.int16) + 128, layout)
    if layout == ROWS_8:
        return body
    kinds = 2 if layout == BLOCKS_4 else 1
    own = scales[:, at // BLOCK : at // BLOCK + blocks, :kinds].astype(np.int32) + 2**15
    return np.concatenate([body, _big(own.reshape(-1), ">u2").reshape(count, -1)], axis=1)


def _words(lanes: Ints, layout: int) -> Bytes:
    """Of each block a word; of 4 bits, of each two blocks. Byte 31 of a word is the lowest."""
    count, blocks = len(lanes), lanes.shape[1] // BLOCK
    # block × half × place × odd, and in a word group 0 is the odd lanes of the first half
    split = lanes.reshape(count, blocks, 2, 8, 2).astype(np.uint8)
    groups = np.stack([split[:, :, half, :, odd] for half, odd in ((0, 1), (0, 0), (1, 1), (1, 0))], axis=-1)
    if layout != BLOCKS_4:
        return np.ascontiguousarray(groups.reshape(count, blocks, 32)[:, :, ::-1]).reshape(count, -1)
    if blocks % 2:
        groups = np.concatenate([groups, np.zeros((count, 1, 8, 4), np.uint8)], axis=1)
    pairs = groups[..., ::2] | groups[..., 1::2] << 4  # two bytes a place
    both = np.concatenate([pairs[:, ::2], pairs[:, 1::2]], axis=-1)  # the second block's 16 bits higher
    return np.ascontiguousarray(both.reshape(count, -1, 32)[:, :, ::-1]).reshape(count, -1)
