"""GGUF files made by tests: a Llama-like model whose weights are drawn by lot, and any other bytes.

python -m tests.conformance.inference.gguf_file tiny.gguf    writes one with a vocabulary
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keifu.inference.tokens.vocabulary import LETTERS

__all__ = ["CHAT", "VECTORS", "file_of", "metadata", "model", "speaking", "tensors", "words"]

F32, Q4_1, Q8_0, BLOCK = 0, 3, 8, 32
KINDS = {bool: 7, int: 4, float: 6, str: 8}
LIST = 9
# Merges that were learnt from docs/, and texts with the ids that the package `tokenizers` 0.23.3 gives by them.
VECTORS = Path(__file__).with_name("vocabulary.json")
CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nBe brief<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def model(path: Path, *, width: int = 128, inner: int = 192, layers: int = 2, tokens: int = 96) -> Path:
    path.write_bytes(file_of(metadata(width, inner, layers), tensors(width, inner, layers, tokens)))
    return path


def speaking(path: Path, *, width: int = 128, inner: int = 192, layers: int = 2, positions: int = 256) -> Path:
    """A model with words: what it says means nothing."""
    keys = {**metadata(width, inner, layers), "llama.context_length": positions, **words()}
    held = tensors(width, inner, layers, len(keys["tokenizer.ggml.tokens"]))
    path.write_bytes(file_of(keys, held))
    return path


def words() -> dict[str, Any]:
    """The keys of a tokenizer."""
    merges = json.loads(VECTORS.read_text())["merges"]
    tokens = [*CONTROLS, *LETTERS, *(merge.replace(" ", "") for merge in merges)]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3] * len(CONTROLS) + [1] * (len(tokens) - len(CONTROLS)),
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.chat_template": CHAT,
    }


def metadata(width: int = 128, inner: int = 192, layers: int = 2) -> dict[str, Any]:
    return {
        "general.architecture": "llama",
        "llama.block_count": layers,
        "llama.context_length": 64,
        "llama.embedding_length": width,
        "llama.feed_forward_length": inner,
        "llama.attention.head_count": width // 64,
        "llama.attention.head_count_kv": 1,
        "llama.rope.freq_base": 100_000.0,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
    }


def tensors(width: int, inner: int, layers: int, tokens: int) -> dict[str, tuple[int, tuple[int, ...], bytes]]:
    """Name to (type, shape, bytes)."""
    random = np.random.default_rng(18)
    found = {"token_embd.weight": _blocks_of_8(random, tokens, width), "output_norm.weight": _norm(random, width)}
    shapes = {"attn_q": (width, width), "attn_k": (64, width), "attn_v": (64, width), "attn_output": (width, width),
              "ffn_gate": (inner, width), "ffn_up": (inner, width), "ffn_down": (width, inner)}  # fmt: skip
    for layer in range(layers):
        for name, shape in shapes.items():
            found[f"blk.{layer}.{name}.weight"] = _blocks_of_4(random, *shape)
        for name in ("attn_norm", "ffn_norm"):
            found[f"blk.{layer}.{name}.weight"] = _norm(random, width)
    return found


def _norm(random: np.random.Generator, width: int) -> tuple[int, tuple[int, ...], bytes]:
    return F32, (width,), random.uniform(0.5, 1.5, width).astype("<f4").tobytes()


def _halves(values: np.ndarray) -> np.ndarray:
    return values.astype("<f2")[..., None].view(np.uint8)


def _blocks_of_8(random: np.random.Generator, rows: int, lanes: int) -> tuple[int, tuple[int, ...], bytes]:
    scales = random.uniform(0.2, 1, (rows, lanes // BLOCK)) / 127
    weights = random.integers(-127, 128, (rows, lanes // BLOCK, BLOCK)).astype(np.int8)
    return Q8_0, (rows, lanes), np.concatenate([_halves(scales), weights.view(np.uint8)], axis=2).tobytes()


def _blocks_of_4(random: np.random.Generator, rows: int, lanes: int) -> tuple[int, tuple[int, ...], bytes]:
    scales = random.uniform(0.2, 1, (rows, lanes // BLOCK)) * 0.35 / np.sqrt(lanes)
    least = -scales * random.uniform(7, 8, scales.shape)
    nibbles = random.integers(0, 256, (rows, lanes // BLOCK, BLOCK // 2)).astype(np.uint8)
    return Q4_1, (rows, lanes), np.concatenate([_halves(scales), _halves(least), nibbles], axis=2).tobytes()


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _scalar(value: Any) -> bytes:
    if isinstance(value, str):
        return _string(value)
    return struct.pack("<?" if isinstance(value, bool) else "<I" if isinstance(value, int) else "<f", value)


def _pair(key: str, value: Any) -> bytes:
    if isinstance(value, list):
        items = b"".join(_scalar(item) for item in value)
        return _string(key) + struct.pack("<IIQ", LIST, KINDS[type(value[0])], len(value)) + items
    return _string(key) + struct.pack("<I", KINDS[type(value)]) + _scalar(value)


def file_of(
    keys: Mapping[str, Any], held: Mapping[str, tuple[int, tuple[int, ...], bytes]], *, version: int = 3
) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", version, len(held), len(keys))
    head += b"".join(_pair(key, value) for key, value in keys.items())
    body = b""
    for name, (kind, shape, data) in held.items():
        head += _string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape[::-1])
        head += struct.pack("<IQ", kind, len(body))
        body += data + bytes(-len(data) % BLOCK)
    return head + bytes(-len(head) % BLOCK) + body


if __name__ == "__main__":
    speaking(Path(sys.argv[1]))
