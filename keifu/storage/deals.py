"""What a deal commits to: its shards in order, each with the provider that is to store it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keifu.keys import keccak256
from keifu.merkle.indexed import path_in, tree_of
from keifu.storage.layout import HASH_BYTES, word

__all__ = ["Placed", "deal_id", "deal_path", "deal_root"]

_LEAF, _NODE, _ID = 4, 5, 8  # domains


@dataclass(frozen=True, slots=True)
class Placed:
    """A shard of a deal."""

    provider: str
    root: bytes
    leaves: int


def _address(account: str) -> bytes:
    return word(int(account, 16))


def _leaves(shards: Sequence[Placed]) -> bytes:
    return b"".join(
        keccak256(word(index) + _address(shard.provider) + shard.root + word(shard.leaves) + word(_LEAF))
        for index, shard in enumerate(shards)
    )


def deal_root(shards: Sequence[Placed]) -> bytes:
    return tree_of(np.frombuffer(_leaves(shards), np.uint8).reshape(-1, HASH_BYTES), _NODE)[-1].tobytes()


def deal_path(shards: Sequence[Placed], index: int) -> list[bytes]:
    """What a provider shows to accept shard `index`."""
    return path_in(tree_of(np.frombuffer(_leaves(shards), np.uint8).reshape(-1, HASH_BYTES), _NODE), index)


def deal_id(client: str, root: bytes, salt: bytes) -> bytes:
    """A retry with the same salt is the same deal, and is not paid again."""
    return keccak256(_address(client) + root + salt + word(_ID))
