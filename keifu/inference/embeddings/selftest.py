"""What a node compares before it serves vectors and every hour, as `keifu.inference.tokens.selftest` has it."""

from __future__ import annotations

from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.reference import layer_of
from keifu.inference.tokens.committing import boundaries
from keifu.inference.tokens.program import Matrix
from keifu.inference.tokens.selftest import POSITIONS, boundary_of, layer_agrees, products_agree

__all__ = ["difference"]


def difference(executor: Executor, turn: int) -> str:
    """What differs, or nothing. `turn` chooses the layer."""
    program = executor.program
    layer = turn % program.sizes.layers
    for place, name in enumerate(("attention", "mixed", "inner", "down")):
        matrix: Matrix = getattr(program.layers, name)
        if not products_agree(executor.packed[place], matrix, layer):
            return f"products of {name} in layer {layer} are not those of integers"
    if not layer_agrees(executor.layer, layer_of(program, layer), layer):
        return f"layer {layer} is not that of the reference"
    return "" if _boundaries_agree(executor, layer) else f"what layer {layer} commits to is not the reference's"


def _boundaries_agree(executor: Executor, layer: int) -> bool:
    """Of the embedding and a layer, of a text of two tokens."""
    ran = executor.run(range(POSITIONS))
    for position, found in enumerate(boundaries(ran.sums, ran.memory, 0)):
        lanes = ran.keys[layer, position], ran.values[layer, position]
        wanted = boundary_of(ran.sums[0, position]), boundary_of(ran.sums[layer + 1, position], lanes)
        if (found[0].tobytes(), found[layer + 1].tobytes()) != wanted:
            return False
    return True
