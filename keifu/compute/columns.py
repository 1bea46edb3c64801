"""Answers of a moment in columns, and where the words of a receipt's encoded struct stand."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import NamedTuple

from keifu.abi.eip712 import RECEIPT
from keifu.compute.model import Claimed
from keifu.compute.receipt import Evidence
from keifu.compute.wire import AMOUNT_BYTES

__all__ = [
    "CHANNEL",
    "CHARGED",
    "INPUT",
    "NUMBER",
    "OUTPUT",
    "REQUEST",
    "RESPONSE",
    "STRUCT_BYTES",
    "TIME",
    "WORDS",
    "WORD_BYTES",
    "Answers",
    "alike",
]

WORD_BYTES = 32
# The type's hash and the 16 fields; of the artefact three in one, and zeros where each answer has its own.
_STRUCT = Struct(">32s64x96s128x32s24xQ24xQ16x16s32x24xQ32x")
STRUCT_BYTES = _STRUCT.size
WORDS = STRUCT_BYTES // WORD_BYTES
CHANNEL, NUMBER, REQUEST, RESPONSE, INPUT, OUTPUT, CHARGED, TIME = 1, 2, 6, 7, 8, 9, 14, 16  # words
_TYPE = RECEIPT.type_hash


class Answers(NamedTuple):
    """One item of each column for each answer."""

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


def alike(
    claimed: Claimed, units_in: int, units_out: int, fee: int, evidence: Evidence, trace_root: bytes = bytes(WORD_BYTES)
) -> bytes:
    """The struct of receipts that have so much in common, with zeros where each has its own."""
    return _STRUCT.pack(_TYPE, claimed.words, trace_root, units_in, units_out, fee.to_bytes(AMOUNT_BYTES), evidence)
