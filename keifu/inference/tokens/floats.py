"""A Llama-like model in floats of 32 bits, by numpy: what the integers are measured on and compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keifu.errors import InputError
from keifu.inference.tokens.gguf import Gguf, Stored
from keifu.inference.tokens.program import (
    HEAD,
    MAX_LANES,
    MAX_LAYERS,
    MAX_POSITIONS,
    MAX_TOKENS,
    MIN_POSITIONS,
    Sizes,
)

__all__ = ["FloatModel", "Floats", "Source", "Watcher", "source_of"]

Floats = NDArray[np.float32]
# Names in the file of a layer's matrices, with (rows, lanes) in words of Source.shape.
MATRICES = {
    "attn_q": ("width", "width"),
    "attn_k": ("kept", "width"),
    "attn_v": ("kept", "width"),
    "attn_output": ("width", "width"),
    "ffn_gate": ("inner", "width"),
    "ffn_up": ("inner", "width"),
    "ffn_down": ("width", "inner"),
}
NORMS = ("attn_norm", "ffn_norm")
# Of a model's own keys those that are read; others change what it computes, as other tensors do.
_OWN = "llama."
_READ = {
    "block_count", "context_length", "embedding_length", "feed_forward_length", "attention.head_count",
    "attention.head_count_kv", "attention.layer_norm_rms_epsilon", "rope.freq_base",
}  # fmt: skip
Watcher = Callable[[str, Floats], None]


@dataclass(frozen=True)
class Source:
    """A model as a GGUF file has it."""

    sizes: Sizes
    epsilon: float
    base: float  # of RoPE's angles
    words: Stored
    head: Stored
    last_norm: Stored
    layers: Sequence[dict[str, Stored]]


def source_of(file: Gguf) -> Source:
    """Raises InputError naming what is not as a Llama-like model has it."""
    if file.metadata.get("general.architecture") != "llama":
        raise InputError(f"architecture {file.metadata.get('general.architecture')!r} is not llama")
    width = file.number("llama.embedding_length", HEAD, MAX_LANES)
    heads = file.number("llama.attention.head_count", 1, MAX_LANES // HEAD)
    groups = file.number("llama.attention.head_count_kv", 1, heads)
    sizes = Sizes(
        _tokens(file, width),
        width,
        file.number("llama.block_count", 1, MAX_LAYERS),
        heads,
        heads // groups,
        file.number("llama.feed_forward_length", HEAD, MAX_LANES),
        file.number("llama.context_length", MIN_POSITIONS, MAX_POSITIONS),
    )
    if width != heads * HEAD or heads % groups:
        raise InputError(f"{heads} heads, {groups} with keys, of {width} lanes; heads have {HEAD} lanes here")
    _expect_nothing_else(file, sizes)
    words = file.tensor("token_embd.weight", (sizes.tokens, width))
    head = file.tensor("output.weight", words.shape) if "output.weight" in file.tensors else words
    layers = [_layer(file, number, sizes) for number in range(sizes.layers)]
    return Source(
        sizes,
        _positive(file, "llama.attention.layer_norm_rms_epsilon", 1e-5),
        _positive(file, "llama.rope.freq_base", 10_000.0),
        words,
        head,
        file.tensor("output_norm.weight", (width,)),
        layers,
    )


def _expect_nothing_else(file: Gguf, sizes: Sizes) -> None:
    """A bias, a scaling of angles or an expert that is passed over would be another model's answers."""
    same = {"vocab_size": sizes.tokens}
    same |= dict.fromkeys(("rope.dimension_count", "attention.key_length", "attention.value_length"), HEAD)
    for key, value in file.metadata.items():
        name = key.removeprefix(_OWN)
        if name in same and value != same[name]:
            raise InputError(f"{key} is {value!r}, not {same[name]}")
        if name != key and name not in _READ and name not in same:
            raise InputError(f"{key} is {value!r}, which is not computed")
    known = {f"blk.{number}.{name}.weight" for number in range(sizes.layers) for name in (*MATRICES, *NORMS)}
    others = sorted(set(file.tensors) - known - {"token_embd.weight", "output.weight", "output_norm.weight"})
    if others:
        raise InputError(f"{others[0]} is a tensor that is not computed")


def _tokens(file: Gguf, width: int) -> int:
    words = file.tensors.get("token_embd.weight")
    if words is None or len(words.shape) != 2 or words.shape[1] != width:  # noqa: PLR2004 - tokens × lanes
        raise InputError("token_embd.weight is missing, or not one row of lanes a token")
    if not 1 <= words.shape[0] <= MAX_TOKENS:
        raise InputError(f"{words.shape[0]:,} tokens, at most {MAX_TOKENS:,} are taken")
    return words.shape[0]


def _positive(file: Gguf, key: str, otherwise: float) -> float:
    value = file.metadata.get(key, otherwise)
    if not isinstance(value, float) or not 0 < value < 1e9:  # noqa: PLR2004 - far beyond any model's
        raise InputError(f"{key} is {value!r}, not a positive number")
    return value


def _layer(file: Gguf, number: int, sizes: Sizes) -> dict[str, Stored]:
    found = {
        name: file.tensor(f"blk.{number}.{name}.weight", (getattr(sizes, rows), getattr(sizes, lanes)))
        for name, (rows, lanes) in MATRICES.items()
    }
    norms = {name: file.tensor(f"blk.{number}.{name}.weight", (sizes.width,)) for name in NORMS}
    return found | norms


class FloatModel:
    """All weights as floats, and one conversation. `watcher` sees each intermediate value, by layer and name."""

    def __init__(self, source: Source, watcher: Watcher | None = None) -> None:
        self.sizes, self._epsilon, self._watch = source.sizes, np.float32(source.epsilon), watcher
        self._words, self._last = source.words.floats(), source.last_norm.floats()
        self._head = self._words if source.head is source.words else source.head.floats()
        self._layers = [{name: item.floats() for name, item in layer.items()} for layer in source.layers]
        angles = np.arange(self.sizes.positions)[:, None] * source.base ** (-np.arange(0, HEAD, 2) / HEAD)
        self._cosines, self._sines = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
        self.forget()

    def forget(self) -> None:
        shape = (self.sizes.layers, self.sizes.positions, self.sizes.heads // self.sizes.shared, HEAD)
        self._keys, self._values, self.length = np.zeros(shape, np.float32), np.zeros(shape, np.float32), 0

    def read(self, ids: Sequence[int]) -> Floats:
        """Residuals behind all layers, one row an id."""
        h: Floats = self._words[np.asarray(ids)]
        for number, layer in enumerate(self._layers):
            h = self._run(number, layer, h)
        self.length += len(h)
        return h

    def logits(self, h: Floats) -> Floats:
        y = self._normed(h, self._last)
        self._seen("last", y)
        found: Floats = y @ self._head.T
        return found

    def _seen(self, name: str, values: Floats) -> None:
        if self._watch is not None:
            self._watch(name, values)

    def _normed(self, h: Floats, gains: Floats) -> Floats:
        found: Floats = h / np.sqrt((h * h).mean(-1, keepdims=True) + self._epsilon) * gains
        return found

    def _run(self, number: int, layer: dict[str, Floats], h: Floats) -> Floats:
        y = self._normed(h, layer["attn_norm"])
        h = h + self._attended(number, layer, y) @ layer["attn_output"].T
        z = self._normed(h, layer["ffn_norm"])
        gate, up = z @ layer["ffn_gate"].T, z @ layer["ffn_up"].T
        for name, values in (("attn_norm", y), ("ffn_norm", z), ("gate", gate), ("up", up)):
            self._seen(f"{number}.{name}", values)
        found: Floats = h + (gate / (1 + np.exp(-gate)) * up) @ layer["ffn_down"].T
        return found

    def _attended(self, number: int, layer: dict[str, Floats], y: Floats) -> Floats:
        first, last, count = self.length, self.length + len(y), len(y)
        query, key, value = ((y @ layer[name].T).reshape(count, -1, HEAD) for name in ("attn_q", "attn_k", "attn_v"))
        for name, values in (("query", query), ("key", key), ("value", value)):
            self._seen(f"{number}.{name}", values)
        query = self._turned(query, first)
        self._keys[number, first:last], self._values[number, first:last] = self._turned(key, first), value
        hidden = np.arange(last)[None] > np.arange(first, last)[:, None]
        out = np.empty((count, self.sizes.heads, HEAD), np.float32)
        for head in range(self.sizes.heads):
            keys, values = (kept[number, :last, head // self.sizes.shared] for kept in (self._keys, self._values))
            scores = query[:, head] @ keys.T / np.float32(np.sqrt(HEAD))
            scores[hidden] = -np.inf
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            out[:, head] = weights / weights.sum(-1, keepdims=True) @ values
        return out.reshape(count, -1)

    def _turned(self, heads: Floats, first: int) -> Floats:
        c, s = (table[first : first + len(heads), None] for table in (self._cosines, self._sines))
        found, a, b = np.empty_like(heads), heads[..., ::2], heads[..., 1::2]
        found[..., ::2], found[..., 1::2] = a * c - b * s, a * s + b * c
        return found
