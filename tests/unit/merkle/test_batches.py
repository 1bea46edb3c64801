"""Batches of messages and small trees by compiled calls: the same that is computed one by one."""

from __future__ import annotations

import random

import numpy as np
import pytest

from keifu.keys import keccak256
from keifu.merkle import build, hashes
from keifu.merkle.hashes import LONG, expect_many, hash_messages

RATE = 136  # bytes of a block
EDGES = [0, 1, 7, 8, 9, RATE - 8, RATE - 1, RATE, RATE + 1, 2 * RATE - 1, 2 * RATE, 3 * RATE + 5, LONG, LONG + 1]


@pytest.fixture(params=["compiled", "one by one"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "compiled":
        expect_many()
    else:
        monkeypatch.setattr(hashes, "_expected", [])


@pytest.mark.parametrize("sizes", [EDGES, EDGES[:-1], [0], [0] * 9, [RATE] * 8, [RATE, 0] * 8, list(range(300))])
def test_messages_of_any_lengths(way: None, sizes: list[int]) -> None:
    draw = random.Random(len(sizes))
    messages = [draw.randbytes(size) for size in draw.sample(sizes, len(sizes))]
    assert hash_messages(messages) == b"".join(map(keccak256, messages))


def test_no_message_has_no_hash(way: None) -> None:
    assert hash_messages([]) == b""


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
