"""Token models as integers on the disk: one folder, which is quick to load and can be registered and promoted.

`tokens.json` says the sizes, the few single numbers and the vocabulary; `arrays.bin` has all arrays one behind another.
Kinds and shapes of arrays follow from the sizes, so a hostile file cannot choose them, and the file's length and
SHA-256 are compared before anything is believed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from keifu._files import read_bounded, require_plain, write_whole
from keifu.errors import InputError
from keifu.inference.tokens.program import BLOCK, HEAD, ROWS_8, Layers, Matrix, Sizes, TokenProgram, check_sizes
from keifu.inference.tokens.vocabulary import Vocabulary, checked_vocabulary, expect_rows

__all__ = [
    "ARRAYS_FILE",
    "TOKENS_FILE",
    "VERSION",
    "Head",
    "Layout",
    "Stored",
    "is_token_model",
    "load",
    "mapped",
    "read_head",
    "shapes_of_matrix",
    "store",
    "write_arrays",
]

TOKENS_FILE, ARRAYS_FILE = "tokens.json", "arrays.bin"
LARGEST_HEAD = 64 << 20
LARGEST_ARRAYS = 1 << 36
VERSION = 1
MATRICES = ("words", "attention", "mixed", "gates", "down", "head")
Layout = Annotated[int, msgspec.Meta(ge=0, le=2)]
_LARGEST_SCALE = 1.0


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    tokens: list[str]
    controls: list[int]
    merges: list[tuple[int, int, int]]
    end: int
    is_chat: bool
    system: str


class Head(msgspec.Struct, forbid_unknown_fields=True):
    """What the heads of all language models have."""

    version: int
    sizes: dict[str, int]
    layouts: dict[str, Layout]
    epsilon: int
    word_shift: int


class _Head(Head, forbid_unknown_fields=True):
    last_shift: int
    logit_scale: float
    vocabulary: _Words
    sha256: str


H = TypeVar("H", bound=Head)


@dataclass(frozen=True)
class Stored:
    """A model: `logit_scale` times a token's sum and multiplier is its logit."""

    program: TokenProgram
    logit_scale: float
    vocabulary: Vocabulary


def is_token_model(folder: Path) -> bool:
    return (folder / TOKENS_FILE).is_file() and (folder / ARRAYS_FILE).is_file()


def store(folder: Path, model: Stored) -> None:
    """Write a folder that is there; a crash leaves none that loads."""
    program, words = model.program, model.vocabulary
    digest = write_arrays(folder, _arrays(program))
    sizes = {name: int(getattr(program.sizes, name)) for name in Sizes.__dataclass_fields__}
    layouts = {name: _matrix(program, name).layout for name in MATRICES}
    kept = _Words(
        list(words.tokens), sorted(words.controls), list(words.merges), words.end, words.is_chat, words.system
    )
    head = _Head(
        VERSION, sizes, layouts, int(program.epsilon), int(program.word_shift), int(program.last_shift),
        model.logit_scale, kept, digest,
    )  # fmt: skip
    write_whole(folder / TOKENS_FILE, msgspec.json.encode(head))


def load(folder: Path) -> Stored:
    """Raises InputError naming what is not as `store` writes it. Whether sums overflow is the executor's to prove."""
    path = folder / TOKENS_FILE
    head, sizes = read_head(path, _Head, MATRICES)
    if not 0 < head.logit_scale <= _LARGEST_SCALE:
        raise InputError(f"{path}: logit_scale is {head.logit_scale}")
    check_sizes(sizes)
    words = head.vocabulary
    vocabulary = checked_vocabulary(
        Vocabulary(
            tuple(words.tokens), frozenset(words.controls), tuple(words.merges), words.end, words.is_chat, words.system
        )
    )
    expect_rows(vocabulary, sizes.tokens)
    arrays = mapped(folder / ARRAYS_FILE, _shapes(sizes, head.layouts), head.sha256)
    return Stored(_program(sizes, head, arrays), head.logit_scale, vocabulary)


def read_head(path: Path, kind: type[H], matrices: Sequence[str]) -> tuple[H, Sizes]:
    """Raises InputError for a head of another kind, version or set of matrices."""
    try:
        head = msgspec.json.decode(read_bounded(path, LARGEST_HEAD, "a model's head"), type=kind)
        sizes = Sizes(**head.sizes)
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: {error}", remedy="keifu model build writes it") from error
    if head.version != VERSION:
        raise InputError(f"{path} is of version {head.version}, {VERSION} is read")
    if set(head.layouts) != set(matrices):
        raise InputError(f"{path} has formats of {', '.join(sorted(head.layouts))}, not of {', '.join(matrices)}")
    return head, sizes


def write_arrays(folder: Path, arrays: Iterable[NDArray[Any]]) -> str:
    """One behind another; the SHA-256 of all."""
    digest, unfinished = hashlib.sha256(), folder / f"{ARRAYS_FILE}.unfinished"
    with unfinished.open("wb") as file:
        for array in arrays:
            data = np.ascontiguousarray(array).tobytes()
            digest.update(data)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, folder / ARRAYS_FILE)
    return digest.hexdigest()


def _matrix(program: TokenProgram, name: str) -> Matrix:
    found: Matrix = getattr(program if name in {"words", "head"} else program.layers, name)
    return found


def _arrays(program: TokenProgram) -> Iterator[NDArray[Any]]:
    """All of them, as `_shapes` has them."""
    layers = program.layers
    yield from (program.turns, program.last_norm, layers.norms, layers.norm_shifts, layers.scales)
    for name in MATRICES:
        matrix = _matrix(program, name)
        yield from (matrix.weights, matrix.scales, matrix.numbers)


def _shapes(sizes: Sizes, layouts: dict[str, int]) -> list[tuple[Any, tuple[int, ...]]]:
    """Kind and shape of each array, in their order."""
    width, layers, inner = sizes.width, sizes.layers, sizes.inner
    found: list[tuple[Any, tuple[int, ...]]] = [
        (np.int16, (sizes.positions, HEAD)), (np.int32, (width,)), (np.int32, (layers, 2, width)),
        (np.int64, (layers, 2)), (np.int64, (layers, 4)),
    ]  # fmt: skip
    shapes = {
        "words": (1, sizes.tokens, width), "attention": (layers, width + 2 * sizes.kept, width),
        "mixed": (layers, width, width), "gates": (layers, 2 * inner, width), "down": (layers, width, inner),
        "head": (1, sizes.tokens, width),
    }  # fmt: skip
    for name in MATRICES:
        found += shapes_of_matrix(shapes[name], layouts[name])
    return found


def shapes_of_matrix(shape: tuple[int, int, int], layout: int) -> list[tuple[Any, tuple[int, ...]]]:
    """Of weights, scales and numbers."""
    count, rows, lanes = shape
    blocks = 0 if layout == ROWS_8 else lanes // BLOCK
    return [(np.int8, shape), (np.int16, (count, rows, blocks, 2)), (np.int64, (count, rows, 3))]


def mapped(path: Path, shapes: list[tuple[Any, tuple[int, ...]]], sha256: str) -> list[NDArray[Any]]:
    lengths = [int(np.dtype(kind).itemsize * np.prod(shape, dtype=object)) for kind, shape in shapes]
    if sum(lengths) > LARGEST_ARRAYS:
        raise InputError(f"{path} would have {sum(lengths):,} bytes, at most {LARGEST_ARRAYS:,} are read")
    try:
        require_plain(path)
        found = path.stat().st_size
        if found != sum(lengths):
            raise InputError(f"{path} has {found:,} bytes, by its sizes {sum(lengths):,}")
        data: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if hashlib.sha256(data.data).hexdigest() != sha256:
        raise InputError(f"{path} is not what was stored", remedy="remove the folder, and build the model anew")
    arrays, at = [], 0
    for (kind, shape), length in zip(shapes, lengths, strict=True):
        arrays.append(data[at : at + length].view(kind).reshape(shape))
        at += length
    return arrays


def _program(sizes: Sizes, head: _Head, arrays: list[NDArray[Any]]) -> TokenProgram:
    turns, last_norm, norms, norm_shifts, scales, *rest = arrays
    found = {name: Matrix(head.layouts[name], *rest[3 * place : 3 * place + 3]) for place, name in enumerate(MATRICES)}
    layers = Layers(norms, norm_shifts, found["attention"], found["mixed"], found["gates"], found["down"], scales)
    return TokenProgram(
        sizes, head.epsilon, turns, found["words"], head.word_shift, layers, last_norm, head.last_shift, found["head"]
    )
