"""A layer of a loaded embedding model as the slow reference takes it: operators with rows of Python's integers."""

from __future__ import annotations

from dataclasses import replace

from keifu.inference.embeddings.program import ADDED, KEY, EmbeddingProgram
from keifu.inference.tokens.program import HEAD, LARGEST, LARGEST_RESIDUAL, Matrix
from keifu.inference.tokens.reference import rows_of
from keifu.spec.inference_model import OF_ALL, Group, Operator

__all__ = ["layer_of", "norm_of"]


def norm_of(program: EmbeddingProgram, number: int, source: int = 0, *, with_rows: bool = False) -> Operator:
    norms, width = program.norms, program.sizes.width
    return Operator(
        "layer_norm", source, width=width, height=width, multiplier=program.epsilon, shift=int(norms.shifts[number]),
        lanes=norms.gains[number].tolist() if with_rows else [],
        more=norms.biases[number].tolist() if with_rows else [],
    )  # fmt: skip


def layer_of(program: EmbeddingProgram, number: int, *, with_rows: bool = True) -> Group:
    """Its operators, as docs/inference-program.md numbers their slots; without rows, also without lanes."""
    sizes, layers = program.sizes, program.layers
    width, wide, inner = sizes.width, sizes.heads * HEAD, sizes.inner
    multiplier, shift = layers.scales[number].tolist()

    def dense(matrix: Matrix, source: int, place: int, height: int, limit: int) -> Operator:
        rows = rows_of(matrix, number, place * height, (place + 1) * height) if with_rows else []
        lanes = matrix.weights.shape[2]
        return Operator("dense", source, width=lanes, height=height, limit=limit, layout=matrix.layout, rows=rows)

    heads = Operator("", heads=sizes.heads, shared=1, flags=OF_ALL)
    weighed = replace(heads, multiplier=multiplier, shift=shift)
    add = Operator("add", width=width, height=width, limit=LARGEST_RESIDUAL)
    entries = layers.tables[number].tolist() if with_rows else []
    return [
        norm_of(program, 2 * number, with_rows=with_rows),
        dense(layers.attention, 1, 0, wide, KEY),
        dense(layers.attention, 1, 1, wide, KEY),
        dense(layers.attention, 1, 2, wide, LARGEST),
        replace(heads, type="scores", first=2, kept=3, width=wide, limit=2**31 - 1),
        replace(weighed, type="softmax", first=5),
        replace(weighed, type="attended", first=5, second=6, kept=4, height=wide),
        dense(layers.mixed, 7, 0, width, ADDED),
        replace(add, first=8, second=1),
        norm_of(program, 2 * number + 1, 9, with_rows=with_rows),
        dense(layers.inner, 10, 0, inner, LARGEST),
        Operator("table", 11, width=inner, height=inner, limit=LARGEST, lanes=entries),
        dense(layers.down, 12, 0, width, ADDED),
        replace(add, first=13, second=10),
    ]
