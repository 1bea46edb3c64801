"""How near a folder of integers is to the floats that it was made of, over texts that no bound was measured on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu._files import read_bounded
from keifu.errors import InputError
from keifu.inference.embeddings import floats as embedding_floats
from keifu.inference.embeddings import keeping as embeddings
from keifu.inference.embeddings.wordpieces import WordPieces
from keifu.inference.tokens import keeping as tokens
from keifu.inference.tokens.floats import FloatModel, source_of
from keifu.inference.tokens.gguf import Gguf
from keifu.inference.tokens.tokenizer import Tokenizer
from keifu.inference.tokens.vocabulary import vocabulary_of

__all__ = ["OfTokens", "OfVectors", "of_tokens", "of_vectors", "own_texts", "perplexity", "texts_of"]

Logits = NDArray[np.floating[Any]]
_TEXTS = Path(__file__).with_name("accuracy.json")
_LARGEST_TEXTS = 1 << 20  # bytes
_MOST = 256  # tokens of a text: what follows is another one
_LEAST = 2


@dataclass(frozen=True)
class OfTokens:
    """`same` is the share of `positions` at which both hold the same token for the likeliest next one."""

    positions: int
    same: float
    floats: float  # perplexities
    integers: float


@dataclass(frozen=True)
class OfVectors:
    """Cosines of the vectors of `texts`."""

    texts: int
    worst: float
    mean: float


def own_texts() -> list[str]:
    """Those of this package."""
    found: list[str] = json.loads(_TEXTS.read_text())["texts"]
    return found


def texts_of(path: Path) -> list[str]:
    """The paragraphs of a file. Raises InputError for one without, or of no text."""
    try:
        text = read_bounded(path, _LARGEST_TEXTS, "texts").decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text: {error}") from error
    found = [part.strip() for part in text.split("\n\n") if part.strip()]
    if not found:
        raise InputError(f"{path} has no texts")
    return found


def of_tokens(file: Path, folder: Path, texts: Sequence[str]) -> OfTokens:
    """Of a GGUF file. Raises InputError for a folder of another model, and for texts of fewer than two tokens."""
    from keifu.inference.tokens.executor import Executor  # noqa: PLC0415 - numba, seconds

    given, stored = Gguf(file), tokens.load(folder)
    source = source_of(given)
    if (source.sizes, vocabulary_of(given)) != (stored.program.sizes, stored.vocabulary):
        raise InputError(f"{folder} was not made of {file}: its sizes or tokens are others")
    tokenizer, most = Tokenizer(stored.vocabulary), min(_MOST, source.sizes.positions)
    lines = [tokenizer.encode(text, _LARGEST_TEXTS) for text in texts]
    pieces = [line[at : at + most] for line in lines for at in range(0, len(line), most)]
    pieces = [piece for piece in pieces if len(piece) >= _LEAST]
    if not pieces:
        raise InputError("no text has two tokens")
    floats, executor = FloatModel(source), Executor(stored.program)
    scale = stored.program.head.numbers[0][:, 1] * stored.logit_scale
    likeliest, chosen = list[NDArray[Any]](), list[NDArray[Any]]()

    def of_floats(ids: Sequence[int]) -> Logits:
        floats.forget()
        found = floats.logits(floats.read(ids))
        likeliest.append(found.argmax(axis=1))
        return found

    def of_integers(ids: Sequence[int]) -> Logits:
        read = executor.conversation().read(ids)
        chosen.append(executor.tokens(read))
        found: Logits = executor.sums(read) * scale
        return found

    perplexities = perplexity(of_floats, pieces), perplexity(of_integers, pieces)
    same = np.concatenate(likeliest) == np.concatenate(chosen)
    return OfTokens(len(same), float(same.mean()), *perplexities)


def of_vectors(given: Path, folder: Path, texts: Sequence[str]) -> OfVectors:
    """Of a publisher's folder. Raises InputError for a folder of another model."""
    from keifu.inference.embeddings.executor import Executor  # noqa: PLC0415 - as above

    source, stored = embedding_floats.read_source(given), embeddings.load(folder)
    if (source.sizes, tuple(source.pieces)) != (stored.program.sizes, tuple(stored.tokenizer.pieces)):
        raise InputError(f"{folder} was not made of {given}: its sizes or pieces are others")
    tokenizer, cosines = WordPieces(source.pieces), []
    floats, executor = embedding_floats.FloatModel(source), Executor(stored.program)
    for text in texts:
        ids = tokenizer.encode(text, source.sizes.positions)
        found = executor.vector(ids).astype(np.float64)
        cosines.append(float(floats.vector(ids) @ found / np.linalg.norm(found)))
    return OfVectors(len(texts), min(cosines), float(np.mean(cosines)))


def perplexity(logits: Callable[[Sequence[int]], Logits], texts: Sequence[Sequence[int]]) -> float:
    """Of texts of tokens, by what gives a text's logits, positions × tokens."""
    losses = []
    for text in texts:
        found = logits(text)[:-1].astype(np.float64)
        most = found.max(axis=1)
        whole = most + np.log(np.exp(found - most[:, None]).sum(axis=1))
        losses.append(whole - found[np.arange(len(found)), text[1:]])
    return float(np.exp(np.concatenate(losses).mean()))
