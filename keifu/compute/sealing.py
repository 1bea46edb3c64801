"""Receipts of a moment under one signature, made as fast as it goes: the same that `Receipts.sign` gives.

A receipt is its encoded struct from the beginning; the hashes of the two bodies and the time are put in for all of a
batch at once. A provider that answers many requests at once says so (`expect_many`): then a batch is hashed and written
by a few compiled calls. Elsewhere one receipt is written after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from struct import Struct
from types import ModuleType
from typing import NamedTuple

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

__all__ = ["Answers", "Sealed", "Sealer", "alike", "expect_many"]

_TEXTS = "keifu.compute._texts"
# What is before the text of a receipt.
FRONT = front_of(200, JSON + b"keifu-receipt: ")
# The type's hash and the 16 fields; of the artefact three in one, and zeros where each answer has its own.
_STRUCT = Struct(">32s64x96s128x32s24xQ24xQ16x16s32x24xQ32x")
WORDS = _STRUCT.size // HASH_BYTES
_FIELD = Struct(f">{WORDS * '32s'}")
_CHANNEL, _NUMBER, _REQUEST, _RESPONSE, _INPUT, _OUTPUT, _CHARGED, _TIME = 1, 2, 6, 7, 8, 9, 14, 16  # words
_SMALL = 1 << 64
_TYPE = RECEIPT.type_hash
_expected: list[ModuleType] = []  # what writes many texts, once it is compiled


class Answers(NamedTuple):
    """Answers of a moment, in columns."""

    alike: Sequence[bytes]  # structs of what each has in common with others: see `alike`
    channels: Sequence[bytes]
    numbers: Sequence[int]  # in their channels
    input_roots: Sequence[bytes]
    output_roots: Sequence[bytes]
    charged: Sequence[int]  # in their channels until now
    requests: Sequence[bytes]  # bodies
    responses: Sequence[bytes]  # bodies, empty of what was streamed
    hashes: Sequence[bytes]  # of what was streamed, since it is hashed as it goes; empty of others
    said: Sequence[bytes]  # header lines that go beside the receipt


@dataclass(slots=True)
class Sealed:
    """Answers with their receipts, heads and bodies, and how long their receipts' texts are."""

    replies: list[bytes]
    letters: list[int]

    @property
    def texts(self) -> list[bytes]:
        """As the headers carry them."""
        begin = len(FRONT)
        return [reply[begin : begin + length] for reply, length in zip(self.replies, self.letters, strict=True)]


def alike(
    claimed: Claimed, units_in: int, units_out: int, fee: int, evidence: Evidence, trace_root: bytes = bytes(HASH_BYTES)
) -> bytes:
    """The struct of receipts that have so much in common, with zeros where each has its own."""
    return _STRUCT.pack(_TYPE, claimed.words, trace_root, units_in, units_out, fee.to_bytes(AMOUNT_BYTES), evidence)


class Sealer:
    """Signs with the provider's receipt key for one market."""

    def __init__(self, key: Account, chain_id: int, market: str) -> None:
        self._key = key
        self._prefix = b"\x19\x01" + Domain(MARKET_NAME, MARKET_VERSION, chain_id, market).separator
        self._batch = RECEIPT_BATCH.type_hash

    def seal(self, answers: Answers, time: int) -> Sealed:
        """In their order."""
        count = len(answers.numbers)
        if not 0 < count <= LARGEST_BATCH:
            raise UsageError(f"{count} receipts in a batch: 1 to {LARGEST_BATCH} go under one signature")
        structs = _structs(answers, time)
        tree = build(hash_leaves(structs))
        signature = self._key.sign(keccak256(self._prefix + keccak256(self._batch + tree.root)))
        if _expected:
            made = _expected[0].replies_of(
                structs, tree.nodes, tree.positions, signature, FRONT, answers.said, answers.responses
            )
            return Sealed(*made)
        return _joined(_texts(structs, tree, signature), answers.said, answers.responses)


def expect_many() -> None:
    """Get ready for batches of many receipts: takes seconds, once on a machine. In whichever thread."""
    expect_many_hashes()
    if not _expected:
        texts = import_module(_TEXTS)
        root = np.zeros((1, HASH_BYTES), np.uint8)
        struct, place = np.zeros((1, _STRUCT.size), np.uint8), np.zeros(1, np.int64)
        texts.replies_of(struct, root, place, bytes(SIGNATURE_BYTES), FRONT, [b""], [b""])
        _expected.append(texts)


def _structs(answers: Answers, time: int) -> NDArray[np.uint8]:
    """uint8[n, 17 words], whole."""
    count = len(answers.numbers)
    structs = np.frombuffer(bytearray().join(answers.alike), np.uint8).reshape(count, WORDS, HASH_BYTES)
    structs[:, _CHANNEL] = _rows(answers.channels)
    structs[:, _NUMBER, 24:] = _numbers(answers.numbers)
    bodies = hash_messages([*answers.requests, *answers.responses])
    structs[:, _REQUEST : _RESPONSE + 1] = np.frombuffer(bodies, np.uint8).reshape(2, count, HASH_BYTES).swapaxes(0, 1)
    structs[:, _INPUT] = _rows(answers.input_roots)
    structs[:, _OUTPUT] = _rows(answers.output_roots)
    if max(answers.charged) < _SMALL:  # which is nearly always so
        structs[:, _CHARGED, 24:] = _numbers(answers.charged)
    else:
        structs[:, _CHARGED] = _rows([charged.to_bytes(HASH_BYTES) for charged in answers.charged])
    structs[:, _TIME, 24:] = np.frombuffer(time.to_bytes(8), np.uint8)
    if any(answers.hashes):
        for place, response_hash in enumerate(answers.hashes):
            if response_hash:
                structs[place, _RESPONSE] = np.frombuffer(response_hash, np.uint8)
    return structs.reshape(count, _STRUCT.size)


def _rows(words: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(words), np.uint8).reshape(-1, HASH_BYTES)


def _numbers(numbers: Sequence[int]) -> NDArray[np.uint8]:
    """uint8[n, 8], the most significant byte first."""
    return np.array(numbers, ">u8").view(np.uint8).reshape(-1, 8)


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
    return Sealed(replies, list(map(len, texts)))


def _fields(struct: bytes) -> tuple[bytes | int, ...]:
    """As they travel."""
    words = _FIELD.unpack(struct)
    return tuple(
        int.from_bytes(word, "big") if place in _NUMBERS else word[-AMOUNT_BYTES:] if place in _AMOUNTS else word
        for place, word in enumerate(words)
    )[1:]


_NUMBERS, _AMOUNTS = frozenset({2, 4, 11, 12, 15, 16}), frozenset({13, 14})
