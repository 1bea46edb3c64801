"""A core's journal: what it must know after a crash and nobody else can say. Records are JSON in frames.

A frame is the length of its text (4 bytes), the CRC-32 of the text (4 bytes), and the text. The last frame may be torn
by a crash; `read` gives the whole ones and says where they end, so that the next one is written there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Protocol
from zlib import crc32

from keifu.storage.provider.messages import Record

__all__ = ["Journal", "frame", "read"]

NUMBER_BYTES = 4
HEAD_BYTES = 2 * NUMBER_BYTES


class Journal(Protocol):
    """Where records are kept."""

    def append(self, record: Record) -> None:
        """Returns when the record survives a crash."""

    def records(self) -> Iterable[Record]:
        """Every record that was appended, in order."""

    def replace(self, records: Iterable[Record]) -> None:
        """Instead of all that there are, at once or not at all."""


def frame(record: Record) -> bytes:
    text = json.dumps(record, separators=(",", ":"), sort_keys=True).encode()
    return len(text).to_bytes(NUMBER_BYTES, "big") + crc32(text).to_bytes(NUMBER_BYTES, "big") + text


def read(data: bytes) -> tuple[list[Record], int]:
    """The records of all whole frames from the start on, and how many bytes they take."""
    found: list[Record] = []
    at = 0
    while at + HEAD_BYTES <= len(data):
        size = int.from_bytes(data[at : at + NUMBER_BYTES], "big")
        text = data[at + HEAD_BYTES : at + HEAD_BYTES + size]
        if len(text) < size or crc32(text) != int.from_bytes(data[at + NUMBER_BYTES : at + HEAD_BYTES], "big"):
            break
        found.append(json.loads(text))
        at += HEAD_BYTES + size
    return found, at
