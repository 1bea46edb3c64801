"""A model of BERT's architecture as its publisher made it, and its arithmetic in floats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import erf, sqrt
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from keifu._compiled import kept
from keifu._files import read_bounded
from keifu.errors import InputError
from keifu.inference.embeddings.program import expect_sizes
from keifu.inference.embeddings.safetensors import Safetensors
from keifu.inference.tokens.program import Sizes

__all__ = ["FloatModel", "Floats", "Source", "Watcher", "gelu", "read_source"]

LARGEST_CONFIG, LARGEST_VOCABULARY = 1 << 20, 64 << 20
CONFIG_FILE, WEIGHTS_FILE, VOCABULARY_FILE = "config.json", "model.safetensors", "vocab.txt"
_HALF_ROOT = sqrt(0.5)
USUAL_POSITIONS = 256  # what MiniLM was trained for

Floats = NDArray[np.float32]
Watcher = Callable[[str, Floats], None]
_Count = Annotated[int, msgspec.Meta(ge=1, lt=1 << 20)]


_ABSOLUTE = "absolute"
# Tensors of a model for other tasks, and what a loader once kept: no vector is made of them.
_PASSED_OVER = ("pooler.", "cls.", "embeddings.position_ids")


class _Config(msgspec.Struct):
    model_type: str
    hidden_act: str
    hidden_size: _Count
    intermediate_size: _Count
    max_position_embeddings: _Count
    num_attention_heads: _Count
    num_hidden_layers: _Count
    vocab_size: _Count
    layer_norm_eps: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    position_embedding_type: str = _ABSOLUTE
    is_decoder: bool = False


@dataclass(frozen=True)
class Source:
    """`layers` have a matrix and a bias for each name of `MATRICES`, and a gain and a bias for each of two norms."""

    sizes: Sizes
    own: int  # lanes of a head
    epsilon: float
    words: Floats
    places: Floats  # with the type of a text added
    first_norm: tuple[Floats, Floats]
    layers: list[dict[str, tuple[Floats, Floats]]]
    pieces: tuple[str, ...]


MATRICES = {
    "query": ("attention.self.query", "width", "width"),
    "key": ("attention.self.key", "width", "width"),
    "value": ("attention.self.value", "width", "width"),
    "mixed": ("attention.output.dense", "width", "width"),
    "inner": ("intermediate.dense", "inner", "width"),
    "down": ("output.dense", "width", "inner"),
}
NORMS = {"attended": "attention.output.LayerNorm", "bent": "output.LayerNorm"}


def read_source(folder: Path) -> Source:
    """What a publisher's folder has. Raises InputError naming what is not as it should be."""
    path = folder / CONFIG_FILE
    try:
        config = msgspec.json.decode(read_bounded(path, LARGEST_CONFIG, "a model's configuration"), type=_Config)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: {error}") from error
    if config.model_type != "bert" or config.hidden_act != "gelu":
        raise InputError(f"{path} is of {config.model_type} with {config.hidden_act}, bert with gelu is read")
    if config.position_embedding_type != _ABSOLUTE or config.is_decoder:
        kind = f"has positions of kind {config.position_embedding_type}"
        raise InputError(f"{path} {'is a decoder' if config.is_decoder else kind}: that is not computed")
    width, heads = config.hidden_size, config.num_attention_heads
    if width % heads or width // heads > 64:  # noqa: PLR2004 - lanes of a head here
        raise InputError(f"{path}: {heads} heads in {width} lanes; a head has 64 at most")
    positions = min(config.max_position_embeddings, USUAL_POSITIONS)
    inner, layers = config.intermediate_size, config.num_hidden_layers
    sizes = Sizes(config.vocab_size, width, layers, heads, 1, inner, positions)
    expect_sizes(sizes)
    file = Safetensors(folder / WEIGHTS_FILE)
    types = file.floats("embeddings.token_type_embeddings.weight", (2, width))
    places = file.floats("embeddings.position_embeddings.weight", (config.max_position_embeddings, width))
    found = Source(
        sizes,
        width // heads,
        config.layer_norm_eps,
        file.floats("embeddings.word_embeddings.weight", (sizes.tokens, width)),
        places[:positions] + types[0],
        _norm(file, "embeddings.LayerNorm", width),
        [_layer(file, number, sizes) for number in range(layers)],
        _pieces(folder / VOCABULARY_FILE, sizes.tokens),
    )
    file.expect_all_read(_PASSED_OVER)
    return found


def _norm(file: Safetensors, name: str, width: int) -> tuple[Floats, Floats]:
    return file.floats(f"{name}.weight", (width,)), file.floats(f"{name}.bias", (width,))


def _layer(file: Safetensors, number: int, sizes: Sizes) -> dict[str, tuple[Floats, Floats]]:
    before = f"encoder.layer.{number}"
    found = {key: _norm(file, f"{before}.{name}", sizes.width) for key, name in NORMS.items()}
    for key, (name, height, width) in MATRICES.items():
        rows = getattr(sizes, height)
        weights = file.floats(f"{before}.{name}.weight", (rows, getattr(sizes, width)))
        found[key] = weights, file.floats(f"{before}.{name}.bias", (rows,))
    return found


def _pieces(path: Path, tokens: int) -> tuple[str, ...]:
    text = read_bounded(path, LARGEST_VOCABULARY, "a vocabulary")
    try:
        pieces = tuple(text.decode().removesuffix("\n").split("\n"))
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text: {error}") from error
    if len(pieces) != tokens:
        raise InputError(f"{path} has {len(pieces):,} pieces, the model {tokens:,} tokens: another tokenizer's")
    return pieces


@kept
def _bent(x: Any, out: Any) -> None:
    for place in range(x.shape[0]):
        out[place] = 0.5 * x[place] * (1.0 + erf(x[place] * _HALF_ROOT))


def gelu(x: NDArray[Any]) -> NDArray[Any]:
    """With erf, not with a hyperbolic tangent."""
    out = np.empty(x.size, x.dtype)
    _bent(x.reshape(-1), out)
    return out.reshape(x.shape)


class FloatModel:
    """All weights as floats. `watcher` sees each intermediate value, by layer and name."""

    def __init__(self, source: Source, watcher: Watcher | None = None) -> None:
        self._source, self._watch = source, watcher

    def vector(self, ids: Sequence[int]) -> Floats:
        """Of length 1."""
        source = self._source
        x = self._normed(source.words[np.asarray(ids)] + source.places[: len(ids)], source.first_norm, "0.first")
        for number, layer in enumerate(source.layers):
            mixed = self._dense(self._attended(number, layer, x), layer, number, "mixed")
            x = self._normed(x + mixed, layer["attended"], f"{number}.second")
            bent = gelu(self._dense(x, layer, number, "inner"))
            self._seen(f"{number}.bent", bent)
            x = self._normed(x + self._dense(bent, layer, number, "down"), layer["bent"], f"{number + 1}.first")
        mean: Floats = x.mean(axis=0)
        return mean / np.float32(np.linalg.norm(mean))

    def _attended(self, number: int, layer: dict[str, tuple[Floats, Floats]], x: Floats) -> Floats:
        shape = (len(x), self._source.sizes.heads, self._source.own)
        query, key, value = (self._dense(x, layer, number, name).reshape(shape) for name in ("query", "key", "value"))
        scores = np.einsum("ihd,jhd->hij", query, key) / np.float32(sqrt(self._source.own))
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        found: Floats = np.einsum("hij,jhd->ihd", weights / weights.sum(-1, keepdims=True), value)
        return found.reshape(len(x), -1)

    def _dense(self, x: Floats, layer: dict[str, tuple[Floats, Floats]], number: int, name: str) -> Floats:
        weights, bias = layer[name]
        found: Floats = x @ weights.T + bias
        self._seen(f"{number}.{name}", found)
        return found

    def _normed(self, h: Floats, norm: tuple[Floats, Floats], name: str) -> Floats:
        apart = h - h.mean(-1, keepdims=True)
        deviation = np.sqrt((apart * apart).mean(-1, keepdims=True) + np.float32(self._source.epsilon))
        found: Floats = apart / deviation * norm[0] + norm[1]
        self._seen(name, found)
        return found

    def _seen(self, name: str, values: Floats) -> None:
        if self._watch is not None:
            self._watch(name, values)
