"""Receipts of a moment under one signature, made as fast as it goes: the same that `Receipts.sign` gives.

A receipt is its encoded struct from the beginning; the hashes of the two bodies and the time are put in for all of a
batch at once. A provider that answers many requests at once says so (`expect_many`): then a batch is hashed and written
by a few compiled calls. Elsewhere one receipt is written after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from itertools import chain
from struct import Struct
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from ethwire.eip712 import Domain
from keifu.abi.eip712 import RECEIPT_BATCH
from keifu.compute.columns import (
    CHANNEL,
    CHARGED,
    INPUT,
    NUMBER,
    OUTPUT,
    REQUEST,
    RESPONSE,
    STRUCT_BYTES,
    TIME,
    WORD_BYTES,
    WORDS,
    Answers,
    alike,
)
from keifu.compute.http.messages import JSON, front_of
from keifu.compute.model import Claimed
from keifu.compute.receipt import LARGEST_BATCH, MARKET_NAME, MARKET_VERSION, SIGNATURE_BYTES, Evidence
from keifu.compute.wire import AMOUNT_BYTES, pack
from keifu.errors import UsageError
from keifu.keys import Account, keccak256
from keifu.merkle import Tree, build, hash_leaves
from keifu.merkle.hashes import expect_many as expect_many_hashes

__all__ = ["Sealed", "Sealer", "expect_many"]

_TEXTS = "keifu.compute._texts"
# What is before the text of a receipt.
FRONT = front_of(200, JSON + b"keifu-receipt: ")
_FIELD = Struct(f">{WORDS * '32s'}")
_expected: list[ModuleType] = []  # what writes many texts, once it is compiled


# Whole answers, and how long the texts of their receipts are.
Part = tuple[list[bytes], list[int]]


class Sealed:
    """Answers with their receipts, heads and bodies."""

    def __init__(self, parts: Callable[[], Iterator[Part]]) -> None:
        """`parts` makes some at a time, in their order: who sends each at once holds few."""
        self._parts = parts

    @property
    def replies(self) -> Iterator[bytes]:
        """Made as they are taken."""
        return chain.from_iterable(replies for replies, _ in self._parts())

    @property
    def texts(self) -> list[bytes]:
        """Of the receipts, as the headers carry them."""
        begin = len(FRONT)
        return [
            reply[begin : begin + letters]
            for part in self._parts()
            for reply, letters in zip(*part, strict=True)
        ]  # fmt: skip


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
        if _expected:
            made = _expected[0]
            moment = made.moment_of(answers, time)
            return Sealed(partial(made.replies_of, moment, self._sign(bytes(moment.nodes[0])), FRONT))
        structs = _structs(answers, time)
        tree = build(hash_leaves(structs))
        part = _joined(_texts(structs, tree, self._sign(tree.root)), answers.said, answers.responses)
        return Sealed(lambda: iter([part]))

    def _sign(self, root: bytes) -> bytes:
        return self._key.sign(keccak256(self._prefix + keccak256(self._batch + root)))


def expect_many() -> None:
    """Get ready for batches of many receipts: takes seconds, once on a machine. In whichever thread."""
    expect_many_hashes()
    if not _expected:
        texts = import_module(_TEXTS)
        zeros, common = bytes(WORD_BYTES), alike(Claimed(), 0, 0, 0, Evidence.UNVERIFIED)
        moment = texts.moment_of(Answers([common], [zeros], [0], [zeros], [zeros], [0], *[[b""]] * 4), 0)
        list(texts.replies_of(moment, bytes(SIGNATURE_BYTES), FRONT))
        _expected.append(texts)


def _structs(answers: Answers, time: int) -> NDArray[np.uint8]:
    """uint8[n, 17 words]."""
    rows = []
    for common, channel, number, input_root, output_root, charged, request, response, found, _ in zip(
        *answers, strict=True
    ):
        row = bytearray(common)
        for word, value in (
            (CHANNEL, channel), (NUMBER, number.to_bytes(WORD_BYTES)), (REQUEST, keccak256(request)),
            (RESPONSE, found or keccak256(response)), (INPUT, input_root), (OUTPUT, output_root),
            (CHARGED, charged.to_bytes(WORD_BYTES)), (TIME, time.to_bytes(WORD_BYTES)),
        ):  # fmt: skip
            row[word * WORD_BYTES : (word + 1) * WORD_BYTES] = value
        rows.append(row)
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, STRUCT_BYTES)


def _texts(structs: NDArray[np.uint8], tree: Tree, signature: bytes) -> list[bytes]:
    """One after the other."""
    steps, lengths = tree.siblings(np.arange(len(structs)))
    nodes, texts = tree.nodes.tobytes(), []
    for row, step, length in zip(structs, steps.tolist(), lengths.tolist(), strict=True):
        proof = [nodes[node * WORD_BYTES : (node + 1) * WORD_BYTES] for node in step[:length]]
        texts.append(pack(_fields(row.tobytes()), proof, signature))
    return texts


def _joined(texts: Sequence[bytes], said: Sequence[bytes], bodies: Sequence[bytes]) -> Part:
    """The same that is written in one call."""
    replies = [
        b"%b%b\r\n%bcontent-length: %d\r\n\r\n%b" % (FRONT, text, beside, len(body), body)
        for text, beside, body in zip(texts, said, bodies, strict=True)
    ]
    return replies, list(map(len, texts))


def _fields(struct: bytes) -> tuple[bytes | int, ...]:
    """As they travel."""
    words = _FIELD.unpack(struct)
    return tuple(
        int.from_bytes(word, "big") if place in _NUMBERS else word[-AMOUNT_BYTES:] if place in _AMOUNTS else word
        for place, word in enumerate(words)
    )[1:]


_NUMBERS, _AMOUNTS = frozenset({2, 4, 11, 12, 15, 16}), frozenset({13, 14})
