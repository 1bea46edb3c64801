"""Batches of messages and small trees by compiled calls: the same that is computed one by one."""

from __future__ import annotations

import random

import numpy as np
import pytest

from keifu.keys import keccak256
from keifu.merkle import build, hashes
from keifu.merkle.compiled import BEYOND, HASH_WORDS, IOTA, ends_of, leaves_of, messages_of
from keifu.merkle.hashes import expect_many

RATE, LONG = 136, 4_096  # bytes of a block, and of what others wait for
EDGES = [0, 1, 7, 8, 9, RATE - 8, RATE - 1, RATE, RATE + 1, 2 * RATE - 1, 2 * RATE, 3 * RATE + 5, LONG, LONG + 1]


@pytest.mark.parametrize("sizes", [EDGES, EDGES[:-1], [0], [0] * 9, [RATE] * 8, [RATE, 0] * 8, list(range(300)), []])
def test_messages_of_any_lengths(sizes: list[int]) -> None:
    draw = random.Random(len(sizes))
    messages = [draw.randbytes(size) for size in draw.sample(sizes, len(sizes))]
    out = np.empty((len(messages), HASH_WORDS), np.uint64)
    messages_of(np.frombuffer(b"".join([*messages, BEYOND]), np.uint8), ends_of(messages), out, IOTA)
    assert out.tobytes() == b"".join(map(keccak256, messages))


@pytest.mark.parametrize("size", [8, 32, RATE - 8, RATE, RATE + 8, 4 * RATE, 4 * RATE + 56])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 64])
def test_rows_of_any_length_are_hashed_twice(size: int, count: int) -> None:
    rows = random.Random(size).randbytes(size * count)
    leaves = leaves_of(np.frombuffer(rows, np.uint64).reshape(count, -1), size, IOTA)
    assert leaves.tobytes() == b"".join(
        keccak256(keccak256(rows[at : at + size])) for at in range(0, len(rows), size)
    )  # fmt: skip


@pytest.mark.parametrize("count", [*range(1, 20), 64, 1_000])
def test_small_trees_are_those_of_numpy(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    draw = random.Random(count)
    leaves = np.frombuffer(draw.randbytes(32 * count), np.uint8).reshape(-1, 32).copy()
    leaves[count // 2] = leaves[0]  # equal ones keep their order
    leaves[-1, :8] = leaves[0, :8]  # and some differ late
    expect_many()
    fast = build(leaves)
    monkeypatch.setattr(hashes, "_expected", [])
    slow = build(leaves)
    assert fast.nodes.tobytes() == slow.nodes.tobytes()
    assert fast.positions.tolist() == slow.positions.tolist()
