"""Fast trees agree with the published vectors to the bit, and a segment that is not the one named is refused."""

from __future__ import annotations

import json
import random
from hashlib import sha256

import numpy as np
import pytest

from keifu.errors import CheckFailed
from keifu.merkle.indexed import levels_of, path_in, roots_of
from keifu.spec import storage as spec
from keifu.storage.layout import LEAF_BYTES, SEGMENT_BYTES
from keifu.storage.trees import Mountains, climb, segment_paths, segment_root, verify_segment, verify_segments
from tests.conformance.storage import VECTORS

SHARD = random.Random(1).randbytes(2 * SEGMENT_BYTES + 3 * LEAF_BYTES)
PARTS = [SHARD[at : at + SEGMENT_BYTES] for at in range(0, len(SHARD), SEGMENT_BYTES)]
ROOTS = [segment_root(part, number) for number, part in enumerate(PARTS)]
LEAVES = len(SHARD) // LEAF_BYTES


def named(name: str, size: int) -> bytes:
    """The bytes of a vector: SHA-256 of its name and a number, one after another."""
    return b"".join(sha256(f"{name} {at}".encode()).digest() for at in range(size // 32))


def test_the_published_vectors():
    for vector in json.loads(VECTORS.read_text(encoding="utf-8"))["shards"]:
        count = vector["leaves"]
        block = np.frombuffer(named(vector["name"], count * LEAF_BYTES), np.uint8).reshape(count, LEAF_BYTES)
        levels = levels_of(block, 0)
        assert "0x" + levels[-1].tobytes().hex() == vector["root"]
        for index, path in vector["paths"].items():
            assert ["0x" + node.hex() for node in path_in(levels, int(index))] == path


def test_many_trees_at_once_are_each_their_own():
    blocks = np.frombuffer(SHARD[: 15 * LEAF_BYTES], np.uint8).reshape(3, 5, LEAF_BYTES)
    together = roots_of(blocks, 1024)
    assert [row.tobytes() for row in together] == [roots_of(block[None], 1024)[0].tobytes() for block in blocks]


def test_a_shard_s_root_is_that_of_its_segments():
    tree = Mountains()
    for root in ROOTS:
        tree.append(root)
    assert tree.root == spec.shard_root(SHARD)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_segment_is_verified_by_its_path(number):
    root = spec.shard_root(SHARD)
    path = segment_paths(ROOTS)[number]
    assert verify_segment(root, LEAVES, number, PARTS[number], path) == ROOTS[number]


def test_neighbours_are_verified_together_and_the_wrong_one_is_named():
    root, paths = spec.shard_root(SHARD), segment_paths(ROOTS)
    assert verify_segments(root, LEAVES, 0, SHARD, paths) == ROOTS
    assert verify_segments(root, LEAVES, 1, SHARD[SEGMENT_BYTES:], paths[1:]) == ROOTS[1:]
    wrong = bytearray(SHARD)
    wrong[SEGMENT_BYTES + 5] ^= 1
    with pytest.raises(CheckFailed, match="segment 1 does not belong to shard"):
        verify_segments(root, LEAVES, 0, wrong, paths)
    with pytest.raises(CheckFailed, match="segment 2 does not belong to shard"):
        verify_segments(root, LEAVES, 0, SHARD, [*paths[:2], paths[2][:-1]])
    with pytest.raises(CheckFailed, match="the shard has no segment 1"):
        verify_segments(root, LEAVES, 1, SHARD[SEGMENT_BYTES:], [*paths[1:], paths[0]])


def damaged() -> list[tuple[str, int, bytes, list[bytes], str]]:
    paths = segment_paths(ROOTS)
    flipped = bytes([PARTS[0][0] ^ 1]) + PARTS[0][1:]
    return [
        ("corrupted", 0, flipped, paths[0], "segment 0 does not belong to shard"),
        ("swapped", 0, PARTS[1], paths[0], "segment 0 does not belong to shard"),
        ("truncated", 1, PARTS[1][:-1], paths[1], "segment 1 has 262143 bytes, not 262144"),
        ("short path", 1, PARTS[1], paths[1][:-1], "segment 1 does not belong to shard"),
        ("long path", 1, PARTS[1], [*paths[1], ROOTS[0]], "segment 1 does not belong to shard"),
        ("beyond", 3, PARTS[1], paths[1], "the shard has no segment 3"),
        ("before", -1, PARTS[1], paths[1], "the shard has no segment -1"),
    ]


@pytest.mark.parametrize(
    ("number", "data", "path", "why"), [case[1:] for case in damaged()], ids=[c[0] for c in damaged()]
)
def test_another_segment_is_refused_by_name(number, data, path, why):
    with pytest.raises(CheckFailed, match=why):
        verify_segment(spec.shard_root(SHARD), LEAVES, number, data, path)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_climbing_follows_the_reference(count):
    leaves = [bytes([number]) * 32 for number in range(count)]
    for index in range(count):
        assert climb(leaves[index], index, count, spec.path(leaves, index)) == spec.root(leaves)
