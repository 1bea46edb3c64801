"""The root of an embedding model's program, as fast as hashing goes; `keifu.spec.inference_model` has the same."""

from __future__ import annotations

from keifu.inference.embeddings.program import EmbeddingProgram
from keifu.inference.embeddings.reference import layer_of, norm_of
from keifu.inference.tokens.program import HEAD, LARGEST_RESIDUAL, Matrix
from keifu.inference.tokens.rooting import lanes_root, leaves_of, rows_root, written
from keifu.spec.inference_model import Operator
from keifu.spec.inference_trees import tree

__all__ = ["descriptors", "program_root"]

NOTHING = bytes(32)
_Rooted = tuple[Operator, bytes, bytes]


def program_root(program: EmbeddingProgram) -> bytes:
    """Of a program that was checked."""
    return tree(leaves_of(descriptors(program)))


def descriptors(program: EmbeddingProgram) -> list[list[bytes]]:
    """Of every operator, by its group and its slot less one."""
    sizes, words = program.sizes, program.words
    width, last = sizes.width, 2 * sizes.layers
    embedding = Operator(
        "embedding", width=width, height=width, multiplier=sizes.tokens, shift=program.word_shift, layout=words.layout
    )
    place = Operator("place", 1, width=width, height=width, limit=LARGEST_RESIDUAL, multiplier=sizes.positions)
    pool = Operator("mean_pool", kept=1, width=width, height=width)
    return written(
        [
            [
                (embedding, rows_root(words, 0, 0, sizes.tokens), NOTHING),
                (place, lanes_root(program.places.reshape(-1), 32), NOTHING),
            ],
            *[_layer(program, number) for number in range(sizes.layers)],
            [(norm_of(program, last), *_norm(program, last)), (pool, NOTHING, NOTHING)],
        ]
    )


def _norm(program: EmbeddingProgram, number: int) -> tuple[bytes, bytes]:
    return lanes_root(program.norms.gains[number], 32), lanes_root(program.norms.biases[number], 32)


def _layer(program: EmbeddingProgram, number: int) -> list[_Rooted]:
    """Each operator with its roots, slot by slot."""
    sizes, layers = program.sizes, program.layers
    width, wide = sizes.width, sizes.heads * HEAD

    def rows(matrix: Matrix, place: int, height: int) -> tuple[bytes, bytes]:
        return rows_root(matrix, number, place * height, (place + 1) * height), NOTHING

    alone = NOTHING, NOTHING
    roots = [
        _norm(program, 2 * number),
        *[rows(layers.attention, place, wide) for place in range(3)],
        alone, alone, alone,
        rows(layers.mixed, 0, width),
        alone,
        _norm(program, 2 * number + 1),
        rows(layers.inner, 0, sizes.inner),
        (lanes_root(layers.tables[number], 16), NOTHING),
        rows(layers.down, 0, width),
        alone,
    ]  # fmt: skip
    operators = layer_of(program, number, with_rows=False)
    return [(operator, *pair) for operator, pair in zip(operators, roots, strict=True)]
