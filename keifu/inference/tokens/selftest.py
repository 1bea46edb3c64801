"""What a node compares before it serves and every hour: its kernels with integers that are computed otherwise.

All products of one layer and of the table of tokens, with inputs at their limits, beside numpy's integers of 64 bits;
one layer, another each time, over two positions beside the slow reference; and what these commit to there, beside trees
in plain Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.inference.tokens.committing import HASH_BYTES, Steps
from keifu.inference.tokens.executor import Conversation, Executor, Memory, read_together
from keifu.inference.tokens.packing import Packed
from keifu.inference.tokens.products import product
from keifu.inference.tokens.program import BLOCK, LARGEST, ROWS_8, Matrix
from keifu.inference.tokens.quads import SOME
from keifu.inference.tokens.reference import layer_of
from keifu.merkle.plain import nodes_of
from keifu.spec import inference_trees as trees
from keifu.spec.inference_model import Group, run_from

__all__ = ["POSITIONS", "boundary_of", "difference", "layer_agrees", "products_agree"]

POSITIONS = 2
_LARGE = 2**20  # of a residual that a model has

Ints = NDArray[Any]


def difference(executor: Executor, turn: int) -> str:
    """What differs, or nothing. `turn` chooses the layer."""
    program = executor.program
    layer = turn % program.sizes.layers
    for name, place in (("attention", 0), ("mixed", 1), ("gates", 2), ("down", 3)):
        matrix: Matrix = getattr(program.layers, name)
        if not products_agree(executor.packed[place], matrix, layer):
            return f"products of {name} in layer {layer} are not those of integers"
    if not products_agree(executor.packed_head, program.head, 0):
        return "products of the table of tokens are not those of integers"
    if not layer_agrees(executor.layer, layer_of(program, layer), layer):
        return f"layer {layer} is not that of the reference"
    return "" if boundaries_agree(executor, layer) else f"what layer {layer} commits to is not the reference's"


def products_agree(item: Packed, matrix: Matrix, layer: int) -> bool:
    """One position and as many as go together, lanes at their limits with the signs that add up most."""
    lanes = matrix.weights.shape[2]
    signs = np.sign(matrix.weights[layer, : SOME + 1].astype(np.int16)) | 1
    x = np.ascontiguousarray((signs * LARGEST).astype(np.int16)).reshape(SOME + 1, lanes)
    wanted = _plain(matrix, layer, x)
    for first, last in ((0, SOME), (SOME, SOME + 1)):
        found = np.empty((last - first, wanted.shape[1]), np.int64)
        product(item.layout, item.weights[layer], x[first:last], found)
        if not np.array_equal(found, wanted[first:last]):
            return False
    return True


def _plain(matrix: Matrix, layer: int, x: Ints) -> Ints:
    """By numpy, in 64 bits."""
    weights, wide = matrix.weights[layer].astype(np.int64), x.astype(np.int64)
    if matrix.layout == ROWS_8:
        plain: Ints = wide @ weights.T
        return plain
    d, m = matrix.scales[layer].astype(np.int64).transpose(2, 0, 1)
    found = np.zeros((len(x), len(weights)), np.int64)
    for block in range(weights.shape[1] // BLOCK):
        part = slice(block * BLOCK, (block + 1) * BLOCK)
        sums = wide[:, part].sum(axis=1)
        found += (wide[:, part] @ weights[:, part].T) * d[:, block] + sums[:, None] * m[:, block]
    return found


def layer_agrees(run: Callable[[int, Ints], Ints], group: Group, layer: int) -> bool:
    """Residuals drawn by lot, the same each time, through one layer: by `run`, and by the slow reference."""
    drawn = np.random.default_rng(layer).integers(-_LARGE, _LARGE, (POSITIONS, group[0].width))
    h = drawn.astype(np.int32)
    trace = run_from([group], [row.tolist() for row in h])
    wanted = [records[0][-1] for records in trace.records]
    return bool(run(layer, h).tolist() == wanted)


def boundaries_agree(executor: Executor, layer: int) -> bool:
    """Of the embedding and a layer, as a run hashes them, and of a token that is hashed later; and positions' roots."""
    sizes, memory = executor.program.sizes, Memory(executor, 1, POSITIONS)
    seen = np.empty((sizes.layers + 1, memory.positions, sizes.width), np.int32)
    lines = np.empty((sizes.layers, memory.positions, 2, sizes.kept), np.int16)
    found = np.empty((memory.positions, sizes.layers + 1, HASH_BYTES), np.uint8)
    read_together([(Conversation(memory, 0), range(memory.positions))], seen, bounds=found, lines=lines)
    for position, boundaries in enumerate(found):
        wanted = boundary_of(seen[0, position]), boundary_of(seen[layer + 1, position], lines[layer, position])
        if (boundaries[0].tobytes(), boundaries[layer + 1].tobytes()) != wanted:
            return False
    steps = Steps(sizes)
    rows, kept = steps.next()
    read_together([(Conversation(memory, 0), [0])], rows, lines=kept)
    roots = [trees.tree([item.tobytes() for item in boundaries]) for boundaries in found]
    return np.array_equal(steps.hashed()[0], found[0]) and [item.tobytes() for item in nodes_of(found)] == roots


def boundary_of(row: Ints, lanes: Sequence[Ints] = ()) -> bytes:
    """What is committed to of one group at one position, from its output, and a layer's keys and values."""
    kept = [trees.tensor_root(item.tolist(), 16) for item in lanes] or [bytes(HASH_BYTES)] * 2
    return trees.boundary(trees.tensor_root(row.tolist(), 32), *kept)
