"""The root of an embedding model's program, as fast as hashing goes; `keifu.spec.inference_model` has the same."""

from __future__ import annotations

from dataclasses import replace

from keifu.inference.embeddings.program import ADDED, KEY, EmbeddingProgram
from keifu.inference.tokens.program import HEAD, LARGEST, LARGEST_RESIDUAL, Matrix
from keifu.inference.tokens.rooting import lanes_root, root_of_groups, rows_root
from keifu.spec.inference_model import OF_ALL, Operator

__all__ = ["program_root"]

NOTHING = bytes(32)
_Rooted = tuple[Operator, bytes, bytes]


def program_root(program: EmbeddingProgram) -> bytes:
    """Of a program that was checked."""
    sizes, words = program.sizes, program.words
    width = sizes.width
    embedding = Operator(
        "embedding", width=width, height=width, multiplier=sizes.tokens, shift=program.word_shift, layout=words.layout
    )
    place = Operator("place", 1, width=width, height=width, limit=LARGEST_RESIDUAL, multiplier=sizes.positions)
    pool = Operator("mean_pool", kept=1, width=width, height=width)
    return root_of_groups(
        [
            [
                (embedding, rows_root(words, 0, 0, sizes.tokens), NOTHING),
                (place, lanes_root(program.places.reshape(-1), 32), NOTHING),
            ],
            *[_layer(program, number) for number in range(sizes.layers)],
            [_norm(program, 2 * sizes.layers, 0), (pool, NOTHING, NOTHING)],
        ]
    )


def _norm(program: EmbeddingProgram, number: int, source: int) -> _Rooted:
    norms, width = program.norms, program.sizes.width
    operator = Operator(
        "layer_norm", source, width=width, height=width, multiplier=program.epsilon, shift=int(norms.shifts[number])
    )
    return operator, lanes_root(norms.gains[number], 32), lanes_root(norms.biases[number], 32)


def _layer(program: EmbeddingProgram, number: int) -> list[_Rooted]:
    sizes, layers = program.sizes, program.layers
    width, wide, inner = sizes.width, sizes.heads * HEAD, sizes.inner
    multiplier, shift = layers.scales[number].tolist()

    def dense(matrix: Matrix, source: int, place: int, height: int, limit: int) -> _Rooted:
        rows = rows_root(matrix, number, place * height, (place + 1) * height)
        lanes = matrix.weights.shape[2]
        operator = Operator("dense", source, width=lanes, height=height, limit=limit, layout=matrix.layout)
        return operator, rows, NOTHING

    def alone(operator: Operator) -> _Rooted:
        return operator, NOTHING, NOTHING

    heads = Operator("", heads=sizes.heads, shared=1, flags=OF_ALL)
    weighed = replace(heads, multiplier=multiplier, shift=shift)
    add = Operator("add", width=width, height=width, limit=LARGEST_RESIDUAL)
    return [
        _norm(program, 2 * number, 0),
        dense(layers.attention, 1, 0, wide, KEY),
        dense(layers.attention, 1, 1, wide, KEY),
        dense(layers.attention, 1, 2, wide, LARGEST),
        alone(replace(heads, type="scores", first=2, kept=3, width=wide, limit=2**31 - 1)),
        alone(replace(weighed, type="softmax", first=5)),
        alone(replace(weighed, type="attended", first=5, second=6, kept=4, height=wide)),
        dense(layers.mixed, 7, 0, width, ADDED),
        alone(replace(add, first=8, second=1)),
        _norm(program, 2 * number + 1, 9),
        dense(layers.inner, 10, 0, inner, LARGEST),
        (
            Operator("table", 11, width=inner, height=inner, limit=LARGEST),
            lanes_root(layers.tables[number], 16),
            NOTHING,
        ),
        dense(layers.down, 12, 0, width, ADDED),
        alone(replace(add, first=13, second=10)),
    ]
