"""What a node compares before it serves vectors and every hour, as `keifu.inference.tokens.selftest` has it."""

from __future__ import annotations

from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.reference import layer_of
from keifu.inference.tokens.program import Matrix
from keifu.inference.tokens.selftest import layer_agrees, products_agree

__all__ = ["difference"]


def difference(executor: Executor, turn: int) -> str:
    """What differs, or nothing. `turn` chooses the layer."""
    program = executor.program
    layer = turn % program.sizes.layers
    for place, name in enumerate(("attention", "mixed", "inner", "down")):
        matrix: Matrix = getattr(program.layers, name)
        if not products_agree(executor.packed[place], matrix, layer):
            return f"products of {name} in layer {layer} are not those of integers"
    agrees = layer_agrees(executor.layer, layer_of(program, layer), layer)
    return "" if agrees else f"layer {layer} is not that of the reference"
