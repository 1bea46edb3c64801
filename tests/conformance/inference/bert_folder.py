"""A publisher's folder of an embedding model, made by tests: BERT's architecture, weights drawn by lot.

python -m tests.conformance.inference.bert_folder published    writes one
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CONFIG", "PIECES", "folder_of", "safetensors", "tensors"]

PIECES = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "proof", "##s", "of", "work", "##ing", "is", "no", "promise", ".", "!",
    "σ", "火", "2", "##24", "cafe",
]  # fmt: skip
WIDTH, INNER, LAYERS, POSITIONS = 64, 128, 2, 48
CONFIG = {
    "model_type": "bert", "hidden_act": "gelu", "hidden_size": WIDTH, "intermediate_size": INNER,
    "max_position_embeddings": POSITIONS, "num_attention_heads": 2, "num_hidden_layers": LAYERS,
    "vocab_size": len(PIECES), "layer_norm_eps": 1e-12,
}  # fmt: skip
Array = NDArray[Any]


def tensors() -> dict[str, Array]:
    random = np.random.default_rng(18)

    def drawn(*shape: int, size: float = 0.3) -> Array:
        return (random.standard_normal(shape) * size).astype(np.float32)

    found = {
        "embeddings.word_embeddings.weight": drawn(len(PIECES), WIDTH),
        "embeddings.position_embeddings.weight": drawn(POSITIONS, WIDTH, size=0.05),
        "embeddings.token_type_embeddings.weight": drawn(2, WIDTH, size=0.05),
        "embeddings.position_ids": np.arange(POSITIONS),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        before = f"encoder.layer.{layer}"
        norms += [f"{before}.attention.output.LayerNorm", f"{before}.output.LayerNorm"]
        for name, rows, lanes in (
            ("attention.self.query", WIDTH, WIDTH), ("attention.self.key", WIDTH, WIDTH),
            ("attention.self.value", WIDTH, WIDTH), ("attention.output.dense", WIDTH, WIDTH),
            ("intermediate.dense", INNER, WIDTH), ("output.dense", WIDTH, INNER),
        ):  # fmt: skip
            found[f"{before}.{name}.weight"] = drawn(rows, lanes, size=0.2)
            found[f"{before}.{name}.bias"] = drawn(rows, size=0.1)
    for name in norms:
        found[f"{name}.weight"] = 1 + drawn(WIDTH, size=0.1)
        found[f"{name}.bias"] = drawn(WIDTH, size=0.1)
    return found


def safetensors(arrays: Mapping[str, Array], change: Mapping[str, Any] | None = None) -> bytes:
    """`change` replaces entries of the head."""
    head: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, array in arrays.items():
        data = array.tobytes()
        kind = {"float32": "F32", "float16": "F16", "int64": "I64"}[str(array.dtype)]
        head[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps({**head, **(change or {})}).encode()
    return struct.pack("<Q", len(text)) + text + body


def folder_of(
    place: Path, *, arrays: Mapping[str, Array] | None = None, config: Mapping[str, Any] | None = None,
    pieces: list[str] | None = None, change: Mapping[str, Any] | None = None,
) -> Path:  # fmt: skip
    place.mkdir()
    (place / "config.json").write_text(json.dumps({**CONFIG, **(config or {})}))
    (place / "model.safetensors").write_bytes(safetensors(arrays or tensors(), change))
    (place / "vocab.txt").write_text("\n".join(PIECES if pieces is None else pieces) + "\n")
    return place


if __name__ == "__main__":
    folder_of(Path(sys.argv[1]))
