"""Trees, digests and signatures beside what the machine can do at most."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import model_signing
import numpy as np
from coincurve import PublicKey
from numpy.typing import NDArray

from benchmarks import limits
from benchmarks._lab import Lab
from benchmarks._rows import Measure, Row, cpu_seconds, seconds
from keifu import merkle
from keifu.errors import CheckFailed
from keifu.keys import Account
from keifu.provenance import RegistryDomain
from keifu.provenance.digest import digest_path
from keifu.provenance.labels import LabelBatch, label_word

__all__ = ["ROWS"]

ROUNDS = 7
DIGEST_ROUNDS = 5
TOOL_ROUNDS = 15  # short ones: the best of each side is what it takes while nobody else works
SEED = 1
FILE_BYTES = 16 * 2**20
LEAF_BYTES = 256
LABELS, LABELLERS = 100_000, 50
RECOVERIES = 20_000
LARGE_FILES, SMALL_FILES, SMALL_BYTES = 16, 2_000, 4096


# trees ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TreeSpeed:
    """Best of the rounds, a processor second: bytes of our tree and of openssl's hash, inner nodes of our tree."""

    ours: float
    openssl: float
    nodes: float


def _tree_speed(_: Lab) -> TreeSpeed:
    """A tree over 1 GiB in leaves of 256 bytes, and openssl's SHA3-256 of 256 bytes each, in turn."""
    shape = (limits.GIB // LEAF_BYTES, LEAF_BYTES)
    rows = np.frombuffer(np.random.default_rng(SEED).bytes(limits.GIB), np.uint8).reshape(shape)
    merkle.build(merkle.hash_rows(rows[:8]), sort=False)  # compiled, or read from the cache
    leaves: list[NDArray[np.uint8]] = []
    ours, openssl, nodes = [], [], []
    with limits.one_core():
        for _round in range(ROUNDS):
            leaves.clear()
            hashing = cpu_seconds(lambda: leaves.append(merkle.hash_rows(rows)))
            building = cpu_seconds(lambda: merkle.build(leaves[0], sort=False))
            ours.append(limits.GIB / (hashing + building))
            nodes.append((len(rows) - 1) / building)
            openssl.append(limits.openssl_speed("sha3-256", LEAF_BYTES))
    return TreeSpeed(max(ours), max(openssl), max(nodes))


def _tree_ratio(lab: Lab) -> float:
    speed = lab.shared(_tree_speed)
    return speed.ours / speed.openssl


def _speed(of: str, unit: float) -> Measure:
    return lambda lab: float(getattr(lab.shared(_tree_speed), of)) / unit


# signatures -----------------------------------------------------------------------------------------------------------


def _labels(_: Lab) -> LabelBatch:
    """100,000 labels by 50 labellers, the last row spoilt."""
    labellers = [Account.from_role(f"labeller {number}") for number in range(LABELLERS)]
    domain = RegistryDomain(1, "0x" + "11" * 20)
    batch = LabelBatch.sign(
        domain,
        b"\1" * 32,
        [labellers[number % LABELLERS] for number in range(LABELS)],
        [b"sample %d" % number for number in range(LABELS)],
        [label_word(number % 10) for number in range(LABELS)],
    )
    batch.signatures[-1, 0] ^= 1
    return batch


def _label_rate(lab: Lab) -> float:
    """Labels a processor second, digests included; the spoilt row has to be the one that is found."""
    batch = lab.shared(_labels)
    bad: list[int] = []
    with limits.one_core():
        taken = cpu_seconds(lambda: bad.extend(batch.bad_signatures(workers=1)))
    if bad != [LABELS - 1]:
        raise AssertionError(f"rows {bad[:5]} are said to be unsigned, not the last one")
    return LABELS / taken


def _recover_rate(lab: Lab) -> float:
    """Bare recoveries a processor second by libsecp256k1."""
    batch = lab.shared(_labels)
    digests = batch.digests()[:RECOVERIES]
    rows = [
        (row[:64].tobytes() + bytes([int(row[64]) - 27]), digest.tobytes())
        for row, digest in zip(batch.signatures, digests, strict=False)
    ]

    def recover() -> None:
        for signature, digest in rows:
            PublicKey.from_signature_and_message(signature, digest, hasher=None)

    with limits.one_core():
        return RECOVERIES / cpu_seconds(recover)


# digests --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DigestSpeed:
    """For the same 1 GiB of files, best of the rounds.

    Processor seconds of ours and of sha256sum on one core, wall-clock seconds of ours on all.
    """

    one_core: float
    all_cores: float
    sha256sum: float


def _digest_speed(_: Lab) -> DigestSpeed:
    block = np.random.default_rng(SEED).bytes(FILE_BYTES)
    ours, all_cores, peer = [], [], []
    with tempfile.TemporaryDirectory(prefix="keifu-bench-") as folder:
        files = [Path(folder) / f"shard-{number:05}.bin" for number in range(limits.GIB // FILE_BYTES)]
        for number, file in enumerate(files):
            file.write_bytes(number.to_bytes(8, "big") + block[8:])
        for _round in range(DIGEST_ROUNDS):
            with limits.one_core():
                ours.append(cpu_seconds(lambda: digest_path(folder, workers=1)))
                peer.append(limits.sha256sum(files))
            all_cores.append(seconds(lambda: digest_path(folder)))
    return DigestSpeed(min(ours), min(all_cores), min(peer))


def _digest_ratio(lab: Lab) -> float:
    speed = lab.shared(_digest_speed)
    return speed.sha256sum / speed.one_core


def _digest_rate(of: str) -> Measure:
    return lambda lab: limits.GIB / float(getattr(lab.shared(_digest_speed), of)) / 1e6


# the signing tool -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ToolSpeed:
    """Best of the rounds, wall-clock seconds for the digest of each file of one folder and of the whole, in bytes."""

    ours: float
    theirs: float


def _tool_speed(_: Lab) -> ToolSpeed:
    """A folder with large files and many small ones; each time both have to find the same."""
    block = np.random.default_rng(SEED).bytes(FILE_BYTES)
    ours, theirs = [], []
    with tempfile.TemporaryDirectory(prefix="keifu-bench-") as folder:
        for number in range(LARGE_FILES):
            (Path(folder) / f"shard-{number:05}.bin").write_bytes(number.to_bytes(8, "big") + block[8:])
        for number in range(SMALL_FILES):
            (Path(folder) / f"token-{number:05}.json").write_bytes(number.to_bytes(8, "big") + block[8:SMALL_BYTES])
        for _round in range(TOOL_ROUNDS):
            ours.append(seconds(lambda: digest_path(folder)))
            theirs.append(seconds(lambda: _tool_manifest(folder)))
        found = {item.identifier: item.digest.digest_hex for item in _tool_manifest(folder).resource_descriptors()}
        mine = {file.name: file.digest.hex() for file in digest_path(folder).files}
    if found != mine:
        raise CheckFailed("the signing tool finds other digests than we do")
    return ToolSpeed(min(ours), min(theirs))


def _tool_manifest(folder: str) -> Any:
    config: Any = model_signing.hashing.Config
    return config().hash(folder)


def _tool_ratio(lab: Lab) -> float:
    speed = lab.shared(_tool_speed)
    return speed.theirs / speed.ours


ROWS = (
    Row(
        "ratio.model_signing",
        _tool_ratio,
        "the OpenSSF tool's own hashing of the same 16 large and 2,000 small files, best of 15 in turn, same digests",
        heavy=True,
    ),
    Row(
        "ratio.label_signatures",
        lambda lab: _label_rate(lab) / _recover_rate(lab),
        "bare coincurve recoveries; 100,000 labels by 50 labellers with their digests, a processor second",
        also=(("ours, labels/s:", _label_rate), ("bare recoveries/s:", _recover_rate)),
        heavy=True,
    ),
    Row(
        "ratio.digest",
        _digest_ratio,
        "sha256sum of the same 64 files on one core, best of 5 interleaved",
        also=(
            ("ours, MB/s:", _digest_rate("one_core")),
            ("sha256sum, MB/s:", _digest_rate("sha256sum")),
            ("ours on all cores, MB/s:", _digest_rate("all_cores")),
            ("openssl speed, MB/s:", lambda _: limits.openssl_speed("sha256", 2**14) / 1e6),
        ),
        heavy=True,
    ),
    Row(
        "ratio.merkle_openssl",
        _tree_ratio,
        "openssl speed of sha3-256 at 256 bytes; tree over 1 GiB in such leaves, one core, best of 7 interleaved",
        also=(
            ("ours, MB/s:", _speed("ours", 1e6)),
            ("openssl, MB/s:", _speed("openssl", 1e6)),
            ("inner nodes/s:", _speed("nodes", 1)),
        ),
        heavy=True,
    ),
)
