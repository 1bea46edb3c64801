"""Embedding models as integers on the disk, as `keifu.inference.tokens.keeping` keeps token models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from keifu._files import write_whole
from keifu.errors import InputError
from keifu.inference.embeddings.program import ENTRIES, EmbeddingProgram, Layers, Norms, expect_sizes
from keifu.inference.embeddings.wordpieces import WordPieces
from keifu.inference.tokens.keeping import ARRAYS_FILE, VERSION, Head, mapped, read_head, shapes_of_matrix, write_arrays
from keifu.inference.tokens.program import HEAD, Matrix, Sizes

__all__ = ["EMBEDDING_FILE", "Stored", "is_embedding_model", "load", "store"]

EMBEDDING_FILE = "embedding.json"
MATRICES = ("words", "attention", "mixed", "inner", "down")


class _Head(Head, forbid_unknown_fields=True):
    unit: float
    pieces: list[str]
    sha256: str


@dataclass(frozen=True)
class Stored:
    """A model: `unit` times a lane is a vector's number."""

    program: EmbeddingProgram
    unit: float
    tokenizer: WordPieces


def is_embedding_model(folder: Path) -> bool:
    return (folder / EMBEDDING_FILE).is_file() and (folder / ARRAYS_FILE).is_file()


def store(folder: Path, model: Stored) -> None:
    """Write a folder that is there; a crash leaves none that loads."""
    program = model.program
    digest = write_arrays(folder, _arrays(program))
    sizes = {name: int(getattr(program.sizes, name)) for name in Sizes.__dataclass_fields__}
    layouts = {name: _matrix(program, name).layout for name in MATRICES}
    head = _Head(
        VERSION, sizes, layouts, program.epsilon, program.word_shift, model.unit, list(model.tokenizer.pieces), digest
    )
    write_whole(folder / EMBEDDING_FILE, msgspec.json.encode(head))


def load(folder: Path) -> Stored:
    """Raises InputError naming what is not as `store` writes it. Whether sums overflow is the executor's to prove."""
    path = folder / EMBEDDING_FILE
    head, sizes = read_head(path, _Head, MATRICES)
    if not 0 < head.unit < 1:
        raise InputError(f"{path}: unit is {head.unit}")
    expect_sizes(sizes)
    if len(head.pieces) != sizes.tokens:
        raise InputError(f"{path}: {len(head.pieces):,} pieces, the model has {sizes.tokens:,} tokens")
    arrays = mapped(folder / ARRAYS_FILE, _shapes(sizes, head.layouts), head.sha256)
    return Stored(_program(sizes, head, arrays), head.unit, WordPieces(head.pieces))


def _matrix(program: EmbeddingProgram, name: str) -> Matrix:
    found: Matrix = program.words if name == "words" else getattr(program.layers, name)
    return found


def _arrays(program: EmbeddingProgram) -> Iterator[NDArray[Any]]:
    """All of them, as `_shapes` has them."""
    norms, layers = program.norms, program.layers
    yield from (program.places, norms.gains, norms.biases, norms.shifts, layers.tables, layers.scales)
    for name in MATRICES:
        matrix = _matrix(program, name)
        yield from (matrix.weights, matrix.scales, matrix.numbers)


def _shapes(sizes: Sizes, layouts: dict[str, int]) -> list[tuple[Any, tuple[int, ...]]]:
    """Kind and shape of each array, in their order."""
    width, count, inner, wide = sizes.width, sizes.layers, sizes.inner, sizes.heads * HEAD
    norms = 2 * count + 1
    shapes = {
        "words": (1, sizes.tokens, width), "attention": (count, 3 * wide, width), "mixed": (count, width, wide),
        "inner": (count, inner, width), "down": (count, width, inner),
    }  # fmt: skip
    found: list[tuple[Any, tuple[int, ...]]] = [
        (np.int32, (sizes.positions, width)), (np.int32, (norms, width)), (np.int32, (norms, width)),
        (np.int64, (norms,)), (np.int16, (count, ENTRIES)), (np.int64, (count, 2)),
    ]  # fmt: skip
    for name in MATRICES:
        found += shapes_of_matrix(shapes[name], layouts[name])
    return found


def _program(sizes: Sizes, head: _Head, arrays: list[NDArray[Any]]) -> EmbeddingProgram:
    places, gains, biases, shifts, tables, scales, *rest = arrays
    found = {name: Matrix(head.layouts[name], *rest[3 * place : 3 * place + 3]) for place, name in enumerate(MATRICES)}
    layers = Layers(found["attention"], found["mixed"], found["inner"], found["down"], tables, scales)
    norms = Norms(gains, biases, shifts)
    return EmbeddingProgram(sizes, head.epsilon, found["words"], head.word_shift, places, norms, layers)
