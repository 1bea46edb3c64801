"""Trees, digests and signatures beside what the machine can do at most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks import limits
from benchmarks._lab import Lab
from benchmarks._rows import Measure, Row, seconds
from keifu import merkle
from keifu.errors import ArtifactError

__all__ = ["ROWS"]

ROUNDS = 7
SEED = 1


def _pending(lab: Lab) -> float:
    del lab
    raise ArtifactError("keifu.provenance is not complete")


@dataclass(frozen=True)
class TreeSpeed:
    """Best of the rounds: bytes a second of our tree and of openssl's hash, inner nodes a second of our tree."""

    ours: float
    openssl: float
    nodes: float


def _tree_speed(_: Lab) -> TreeSpeed:
    """A tree over 1 GiB in leaves of 256 bytes, and openssl's SHA3-256 of 256 bytes each, in turn."""
    shape = (limits.GIB // limits.LEAF_BYTES, limits.LEAF_BYTES)
    rows = np.frombuffer(np.random.default_rng(SEED).bytes(limits.GIB), np.uint8).reshape(shape)
    merkle.build(merkle.hash_rows(rows[:8]), sort=False)  # compiled, or read from the cache
    leaves: list[NDArray[np.uint8]] = []
    ours, openssl, nodes = [], [], []
    with limits.one_core():
        for _round in range(ROUNDS):
            leaves.clear()
            hashing = seconds(lambda: leaves.append(merkle.hash_rows(rows)))
            building = seconds(lambda: merkle.build(leaves[0], sort=False))
            ours.append(limits.GIB / (hashing + building))
            nodes.append((len(rows) - 1) / building)
            openssl.append(limits.openssl_sha3())
    return TreeSpeed(max(ours), max(openssl), max(nodes))


def _tree_ratio(lab: Lab) -> float:
    speed = lab.shared(_tree_speed)
    return speed.ours / speed.openssl


def _speed(of: str, unit: float) -> Measure:
    return lambda lab: float(getattr(lab.shared(_tree_speed), of)) / unit


ROWS = (
    Row("rate.label_signatures", _pending, "100,000 labels, one core", heavy=True),
    Row("ratio.digest", _pending, "directory of 1 GiB, same files, same run", heavy=True),
    Row(
        "ratio.merkle_openssl",
        _tree_ratio,
        "1 GiB, leaves of 256 bytes, one core, best of 7 interleaved",
        also=(
            ("ours, MB/s:", _speed("ours", 1e6)),
            ("openssl, MB/s:", _speed("openssl", 1e6)),
            ("inner nodes/s:", _speed("nodes", 1)),
        ),
        heavy=True,
    ),
)
