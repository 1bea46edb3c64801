"""Receipts of a moment under one signature, made as fast as it goes: the same that `Receipts.sign` gives.

A receipt is its encoded struct from the beginning; the hashes of the two bodies and the time are put in for all of a
batch at once. A provider that answers many requests at once says so (`expect_many`): then a batch is hashed and written
by a few compiled calls. Elsewhere one receipt is written after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import accumulate, pairwise
from struct import Struct
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from ethwire.eip712 import Domain
from keifu.abi.eip712 import RECEIPT, RECEIPT_BATCH
from keifu.compute.http.messages import JSON, front_of
from keifu.compute.model import Claimed
from keifu.compute.receipt import LARGEST_BATCH, MARKET_NAME, MARKET_VERSION, SIGNATURE_BYTES, Evidence
from keifu.compute.wire import AMOUNT_BYTES, pack
from keifu.errors import UsageError
from keifu.keys import Account, keccak256
from keifu.merkle import Tree, build, hash_leaves
from keifu.merkle.hashes import HASH_BYTES, hash_messages
from keifu.merkle.hashes import expect_many as expect_many_hashes

__all__ = ["Answered", "Sealed", "Sealer", "answered", "expect_many"]

_TEXTS = "keifu.compute._texts"
# What is before the text of a receipt.
FRONT = front_of(200, JSON + b"keifu-receipt: ")
# The type's hash and the 16 fields; of the artefact three in one, and zeros where bodies and time go.
_STRUCT = Struct(">32s32s24xQ96s64x32s32s32s24xQ24xQ16x16s16x16s24xQ32x")
_SMALL, _SMALL_STRUCT = 1 << 64, Struct(">32s32s24xQ96s64x32s32s32s24xQ24xQ24xQ24xQ24xQ32x")
_FIELD = Struct(f">{_STRUCT.size // HASH_BYTES * '32s'}")
_BODIES, _TIME = slice(6 * HASH_BYTES, 8 * HASH_BYTES), slice(16 * HASH_BYTES + 24, 17 * HASH_BYTES)
_TYPE = RECEIPT.type_hash
_expected: list[ModuleType] = []  # what writes many texts, once it is compiled


# One answer: its struct, the bodies of request and response. Of a stream, which is hashed as it goes, no body but its
# hash: the fourth, which is empty otherwise. Last, header lines that go beside the receipt.
Answered = tuple[bytes, bytes, bytes, bytes, bytes]


@dataclass(slots=True)
class Sealed:
    """Answers with their receipts, one behind the other, where each ends, and how long its receipt's text is."""

    whole: bytes
    ends: list[int]
    letters: list[int]

    @property
    def replies(self) -> list[bytes]:
        """Heads and bodies."""
        whole = self.whole
        return [whole[first:end] for first, end in pairwise((0, *self.ends))]

    @property
    def texts(self) -> list[bytes]:
        """As the headers carry them."""
        begins = [end + len(FRONT) for end in (0, *self.ends)]
        return [self.whole[first : first + length] for first, length in zip(begins, self.letters, strict=False)]


def answered(
    channel_id: bytes,
    number: int,
    claimed: Claimed,
    input_root: bytes,
    output_root: bytes,
    units_in: int,
    units_out: int,
    fee: int,
    charged: int,
    evidence: Evidence,
    trace_root: bytes = bytes(HASH_BYTES),
) -> bytes:
    """The struct of a receipt, but for what `Sealer.seal` puts in."""
    if fee | charged < _SMALL:  # which is nearly always so
        return _SMALL_STRUCT.pack(
            _TYPE, channel_id, number, claimed.words, input_root, output_root, trace_root, units_in, units_out, fee,
            charged, evidence,
        )  # fmt: skip
    return _STRUCT.pack(
        _TYPE, channel_id, number, claimed.words, input_root, output_root, trace_root, units_in, units_out,
        fee.to_bytes(AMOUNT_BYTES, "big"), charged.to_bytes(AMOUNT_BYTES, "big"), evidence,
    )  # fmt: skip


class Sealer:
    """Signs with the provider's receipt key for one market."""

    def __init__(self, key: Account, chain_id: int, market: str) -> None:
        self._key = key
        self._prefix = b"\x19\x01" + Domain(MARKET_NAME, MARKET_VERSION, chain_id, market).separator
        self._batch = RECEIPT_BATCH.type_hash

    def seal(self, answers: Sequence[Answered], time: int) -> Sealed:
        """In their order."""
        if not 0 < len(answers) <= LARGEST_BATCH:
            raise UsageError(f"{len(answers)} receipts in a batch: 1 to {LARGEST_BATCH} go under one signature")
        parts, requests, responses, hashes, said = zip(*answers, strict=True)
        structs = _structs(parts, requests, responses, hashes, time)
        tree = build(hash_leaves(structs))
        signature = self._key.sign(keccak256(self._prefix + keccak256(self._batch + tree.root)))
        if _expected:
            made = _expected[0].replies_of(structs, tree.nodes, tree.positions, signature, FRONT, said, responses)
            return Sealed(*made)
        return _joined(_texts(structs, tree, signature), said, responses)


def expect_many() -> None:
    """Get ready for batches of many receipts: takes seconds, once on a machine. In whichever thread."""
    expect_many_hashes()
    if not _expected:
        texts = import_module(_TEXTS)
        root = np.zeros((1, HASH_BYTES), np.uint8)
        struct, place = np.zeros((1, _STRUCT.size), np.uint8), np.zeros(1, np.int64)
        texts.replies_of(struct, root, place, bytes(SIGNATURE_BYTES), FRONT, [b""], [b""])
        _expected.append(texts)


def _structs(
    parts: tuple[bytes, ...], requests: tuple[bytes, ...], responses: tuple[bytes, ...], hashes: tuple[bytes, ...],
    time: int,
) -> NDArray[np.uint8]:  # fmt: skip
    """uint8[n, 17 words], whole."""
    count = len(parts)
    structs = np.frombuffer(bytearray().join(parts), np.uint8).reshape(count, _STRUCT.size)
    bodies = np.frombuffer(hash_messages(requests + responses), np.uint8).reshape(2, count, HASH_BYTES)
    structs[:, _BODIES] = bodies.swapaxes(0, 1).reshape(count, 2 * HASH_BYTES)
    structs[:, _TIME] = np.frombuffer(time.to_bytes(8, "big"), np.uint8)
    if any(hashes):
        for place, response_hash in enumerate(hashes):
            if response_hash:
                structs[place, 7 * HASH_BYTES : 8 * HASH_BYTES] = np.frombuffer(response_hash, np.uint8)
    return structs


def _texts(structs: NDArray[np.uint8], tree: Tree, signature: bytes) -> list[bytes]:
    """One after the other."""
    steps, lengths = tree.siblings(np.arange(len(structs)))
    nodes, texts = tree.nodes.tobytes(), []
    for row, step, length in zip(structs, steps.tolist(), lengths.tolist(), strict=True):
        proof = [nodes[node * HASH_BYTES : (node + 1) * HASH_BYTES] for node in step[:length]]
        texts.append(pack(_fields(row.tobytes()), proof, signature))
    return texts


def _joined(texts: Sequence[bytes], said: Sequence[bytes], bodies: Sequence[bytes]) -> Sealed:
    """The same that is written in one call."""
    replies = [
        b"%b%b\r\n%bcontent-length: %d\r\n\r\n%b" % (FRONT, text, beside, len(body), body)
        for text, beside, body in zip(texts, said, bodies, strict=True)
    ]
    return Sealed(b"".join(replies), list(accumulate(map(len, replies))), list(map(len, texts)))


def _fields(struct: bytes) -> tuple[bytes | int, ...]:
    """As they travel."""
    words = _FIELD.unpack(struct)
    return tuple(
        int.from_bytes(word, "big") if place in _NUMBERS else word[-AMOUNT_BYTES:] if place in _AMOUNTS else word
        for place, word in enumerate(words)
    )[1:]


_NUMBERS, _AMOUNTS = frozenset({2, 4, 11, 12, 15, 16}), frozenset({13, 14})
