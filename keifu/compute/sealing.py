"""Receipts of a moment under one signature, made as fast as it goes: the same that `Receipts.sign` gives.

A provider that answers many requests at once says so (`expect_many`): then a batch is hashed and written by a few
compiled calls. Elsewhere one receipt is written after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from struct import Struct
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ethwire.eip712 import Domain
from keifu.abi.eip712 import RECEIPT, RECEIPT_BATCH
from keifu.compute.model import Claimed
from keifu.compute.receipt import LARGEST_BATCH, MARKET_NAME, MARKET_VERSION, Evidence
from keifu.compute.wire import AMOUNT_BYTES, pack
from keifu.errors import UsageError
from keifu.keys import Account, keccak256
from keifu.merkle import Tree, build, hash_leaves
from keifu.merkle.hashes import HASH_BYTES, hash_messages
from keifu.merkle.hashes import expect_many as expect_many_hashes

__all__ = ["Answered", "Sealer", "expect_many"]

_TEXTS = "keifu.compute._texts"
_NO_TRACE = bytes(HASH_BYTES)
# The type's hash and the 16 fields, without the hashes of the two bodies: those are put in for all at once.
_STRUCT = Struct(">32s32s24xQ32s24xQ32s64x32s32s32x24xQ24xQ16x16s16x16s24xQ24xQ")
_BODIES = slice(6 * HASH_BYTES, 8 * HASH_BYTES)
_expected: list[ModuleType] = []  # what writes many texts, once it is compiled


class Answered(NamedTuple):
    """What a receipt says beside the artefact, which is the model's."""

    channel_id: bytes
    number: int
    claimed: Claimed
    request: bytes  # the body
    response: bytes  # the body; of a stream, which is hashed as it goes, nothing
    input_root: bytes
    output_root: bytes
    input_units: int
    output_units: int
    fee: int
    charged: int
    evidence: Evidence
    response_hash: bytes = b""  # of a stream


class Sealer:
    """Signs with the provider's receipt key for one market."""

    def __init__(self, key: Account, chain_id: int, market: str) -> None:
        self._key = key
        self._type = RECEIPT.type_hash
        self._prefix = b"\x19\x01" + Domain(MARKET_NAME, MARKET_VERSION, chain_id, market).separator
        self._batch = RECEIPT_BATCH.type_hash

    def seal(self, answers: Sequence[Answered], time: int) -> list[bytes]:
        """The text of each one's receipt, in their order."""
        if not 0 < len(answers) <= LARGEST_BATCH:
            raise UsageError(f"{len(answers)} receipts in a batch: 1 to {LARGEST_BATCH} go under one signature")
        hashes = _bodies(answers)
        structs = np.frombuffer(bytearray().join([self._struct(item, time) for item in answers]), np.uint8)
        structs = structs.reshape(len(answers), _STRUCT.size)
        structs[:, _BODIES] = hashes
        tree = build(hash_leaves(structs))
        signature = self._key.sign(keccak256(self._prefix + keccak256(self._batch + tree.root)))
        if _expected:
            texts: list[bytes] = _expected[0].texts_of(structs, tree.nodes, tree.positions, signature)
            return texts
        return _texts(answers, hashes, tree, signature, time)

    def _struct(self, item: Answered, time: int) -> bytes:
        channel_id, number, claimed, _, _, input_root, output_root, units_in, units_out, fee, charged, kind, _ = item
        return _STRUCT.pack(
            self._type, channel_id, number, claimed.environment, claimed.promotion_seq, claimed.digest, input_root,
            output_root, units_in, units_out, fee.to_bytes(AMOUNT_BYTES, "big"), charged.to_bytes(AMOUNT_BYTES, "big"),
            kind, time,
        )  # fmt: skip


def expect_many() -> None:
    """Get ready for batches of many receipts: takes seconds, once on a machine. In whichever thread."""
    expect_many_hashes()
    if not _expected:
        texts = import_module(_TEXTS)
        hashes = np.zeros((1, HASH_BYTES), np.uint8)
        texts.texts_of(np.zeros((1, _STRUCT.size), np.uint8), hashes, np.zeros(1, np.int64), bytes(65))
        _expected.append(texts)


def _bodies(answers: Sequence[Answered]) -> NDArray[np.uint8]:
    """uint8[n, 64]: the hashes of requests and responses."""
    count = len(answers)
    hashed = hash_messages([item.request for item in answers] + [item.response for item in answers])
    found = np.empty((count, 2, HASH_BYTES), np.uint8)
    found[:] = np.frombuffer(hashed, np.uint8).reshape(2, count, HASH_BYTES).swapaxes(0, 1)
    for place, item in enumerate(answers):
        if item.response_hash:
            found[place, 1] = np.frombuffer(item.response_hash, np.uint8)
    return found.reshape(count, 2 * HASH_BYTES)


def _texts(
    answers: Sequence[Answered], hashes: NDArray[np.uint8], tree: Tree, signature: bytes, time: int
) -> list[bytes]:
    """One after the other."""
    steps, lengths = tree.siblings(np.arange(len(answers)))
    nodes, joined = tree.nodes.tobytes(), hashes.tobytes()
    texts = []
    for place, item in enumerate(answers):
        proof = [nodes[node * HASH_BYTES : (node + 1) * HASH_BYTES] for node in steps[place, : lengths[place]].tolist()]
        texts.append(pack(_fields(item, joined[2 * HASH_BYTES * place :], time), proof, signature))
    return texts


def _fields(item: Answered, hashes: bytes, time: int) -> tuple[bytes | int, ...]:
    claimed = item.claimed
    return (
        item.channel_id,
        item.number,
        claimed.environment,
        claimed.promotion_seq,
        claimed.digest,
        hashes[:HASH_BYTES],
        hashes[HASH_BYTES : 2 * HASH_BYTES],
        item.input_root,
        item.output_root,
        _NO_TRACE,
        item.input_units,
        item.output_units,
        item.fee.to_bytes(AMOUNT_BYTES, "big"),
        item.charged.to_bytes(AMOUNT_BYTES, "big"),
        int(item.evidence),
        time,
    )
