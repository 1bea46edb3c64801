"""What a provider commits to of each position: the outputs of all groups, and the keys and values of layers.

One contiguous pass over what a run left behind; `keifu.spec.inference_model` has the same, tensor by tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keifu.merkle.plain import nodes_of, roots_of

__all__ = ["boundaries", "ids_root", "position_roots", "token_boundaries", "trace_root"]

CHUNK_BYTES, HASH_BYTES = 128, 32
_WIDE, _NARROW = ">u4", ">u2"

Hashes = NDArray[np.uint8]


def boundaries(seen: NDArray[Any], keys: NDArray[Any], values: NDArray[Any]) -> Hashes:
    """Of the embedding and each layer: positions × (layers + 1) × 32. `seen` is layers + 1 × positions × width, keys
    and values are positions × layers × lanes."""
    groups, positions, _ = seen.shape
    found = np.zeros((positions, groups, 4, HASH_BYTES), np.uint8)
    found[:, :, 0] = _tensors(seen.transpose(1, 0, 2), _WIDE)
    found[:, 1:, 1], found[:, 1:, 2] = _tensors(keys, _NARROW), _tensors(values, _NARROW)
    return nodes_of(found.reshape(-1, 4, HASH_BYTES)).reshape(positions, groups, HASH_BYTES)


def token_boundaries(tokens: Sequence[int]) -> Hashes:
    """Of the group that makes a token: one row a token."""
    found = np.zeros((len(tokens), 4, HASH_BYTES), np.uint8)
    found[:, 0] = _tensors(np.array(tokens, np.int32).reshape(-1, 1), _WIDE)
    return nodes_of(found)


def position_roots(groups: Hashes, last: Hashes) -> Hashes:
    """`last` is the boundary of the group that makes a token, zeros where nobody asked for one."""
    return nodes_of(np.concatenate([groups, last[:, None]], axis=1))


def trace_root(roots: Hashes) -> bytes:
    """Over positions × 32."""
    return nodes_of(roots[None])[0].tobytes()


def ids_root(ids: Sequence[int]) -> bytes:
    """Of the ids that went in, or came out, as one tensor. There is one at least."""
    return _tensors(np.array(ids, np.int32), _WIDE).tobytes()


def _tensors(lanes: NDArray[Any], kind: str) -> Hashes:
    """The roots of tensors that stand in the last axis."""
    size = np.dtype(kind).itemsize
    each, half = CHUNK_BYTES // size, 1 << (8 * size - 1)
    width = -(-lanes.shape[-1] // each) * each
    filled = np.full((*lanes.shape[:-1], width), half, kind)
    filled[..., : lanes.shape[-1]] = lanes.astype(f"=u{size}") + np.array(half, f"=u{size}")
    chunks = filled.view(np.uint8).reshape(-1, width // each, CHUNK_BYTES)
    return roots_of(chunks).reshape(*lanes.shape[:-1], HASH_BYTES)
