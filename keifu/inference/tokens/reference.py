"""Parts of a loaded program as the slow reference takes them: rows of Python's integers, one layer at a time."""

from __future__ import annotations

from dataclasses import replace

from keifu.inference.tokens.program import GATE, HEAD, LARGEST, LARGEST_RESIDUAL, QUERY, ROTATED, Matrix, TokenProgram
from keifu.spec.inference import Row
from keifu.spec.inference_model import WITH_EXPONENT, Group, Operator

__all__ = ["layer_of", "rows_of"]


def rows_of(matrix: Matrix, layer: int, first: int, last: int) -> list[Row]:
    """Output channels `first` to `last` − 1."""
    weights = matrix.weights[layer, first:last].tolist()
    numbers = matrix.numbers[layer, first:last].tolist()
    scales = [[tuple(pair) for pair in row] for row in matrix.scales[layer, first:last].tolist()]
    return [
        Row(row, multiplier, shift, bias, tuple(pairs))
        for row, (bias, multiplier, shift), pairs in zip(weights, numbers, scales, strict=True)
    ]


def layer_of(program: TokenProgram, number: int, *, with_rows: bool = True) -> Group:
    """One layer's operators, as docs/inference-program.md numbers their slots; without rows, also without lanes."""
    sizes, layers = program.sizes, program.layers
    width, kept, inner = sizes.width, sizes.kept, sizes.inner
    softmax, softmax_shift, silu, silu_shift = layers.scales[number].tolist()
    turns = program.turns.reshape(-1).tolist() if with_rows else []

    def norm(place: int, source: int) -> Operator:
        return Operator(
            "rms_norm", source, width=width, height=width, multiplier=program.epsilon,
            shift=int(layers.norm_shifts[number, place]),
            lanes=layers.norms[number, place].tolist() if with_rows else [],
        )  # fmt: skip

    def dense(matrix: Matrix, source: int, first: int, count: int, limit: int) -> Operator:
        rows = rows_of(matrix, number, first, first + count) if with_rows else []
        return Operator("dense", source, width=width, height=count, limit=limit, layout=matrix.layout, rows=rows)

    def residual(matrix: Matrix, source: int, second: int, products: int, flags: int = 0) -> Operator:
        return Operator(
            "residual", source, second, width=products, height=width, limit=LARGEST_RESIDUAL, layout=matrix.layout,
            flags=flags, rows=rows_of(matrix, number, 0, width) if with_rows else [],
        )  # fmt: skip

    def rope(source: int, count: int) -> Operator:
        return Operator(
            "rope", source, width=count, height=count, limit=ROTATED, multiplier=sizes.positions, lanes=turns
        )

    heads = Operator("", heads=sizes.heads, shared=sizes.shared)
    return [
        norm(0, 0),
        dense(layers.attention, 1, 0, width, QUERY),
        dense(layers.attention, 1, width, kept, QUERY),
        dense(layers.attention, 1, width + kept, kept, LARGEST),
        rope(2, width),
        rope(3, kept),
        replace(heads, type="scores", first=5, kept=6, width=HEAD * sizes.heads, limit=2**31 - 1),
        replace(heads, type="softmax", first=7, multiplier=softmax, shift=softmax_shift),
        replace(
            heads, type="attended", first=7, second=8, kept=4, height=width, multiplier=softmax, shift=softmax_shift
        ),
        residual(layers.mixed, 9, 0, width),
        norm(1, 10),
        dense(layers.gates, 11, 0, inner, GATE),
        dense(layers.gates, 11, inner, inner, GATE),
        Operator("gated", 12, 13, width=inner, height=inner, multiplier=silu, shift=silu_shift),
        residual(layers.down, 14, 10, inner, WITH_EXPONENT),
    ]
