"""Cursors: where a page ended, in a text that the next question brings back.

A cursor names the event where the page ended and its block's hash. Pages stay in step while events are added: they
have a place on the chain, not a number in a list. When that block was reorganised away, the cursor is refused instead
of continuing in another history. It belongs to one list with its filters: with others it is refused, too.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

import msgspec

from keifu.errors import InputError

__all__ = ["Cursor"]

_HASH_BYTES, _LIST_BYTES = 8, 6  # enough to tell blocks, and lists, apart
LONGEST = 128  # characters


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    block: int
    index: int
    hash: bytes
    list: bytes


@dataclass(frozen=True)
class Cursor:
    """The last event of a page, and the list that it is of: `of` is a text that says which, filters and order too."""

    block: int
    index: int
    block_hash: str  # its first eight bytes count
    of: str

    def text(self) -> str:
        packed = _Packed(self.block, self.index, _begin_of(self.block_hash), _digest(self.of))
        return base64.urlsafe_b64encode(msgspec.msgpack.encode(packed)).rstrip(b"=").decode()

    @classmethod
    def read(cls, text: str, of: str) -> Cursor:
        """Raises InputError for what is no cursor, or one of another list."""
        try:
            if len(text) > LONGEST:
                raise ValueError("too long")
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            packed = msgspec.msgpack.decode(raw, type=_Packed)
            if packed.block < 0 or packed.index < 0 or len(packed.hash) != _HASH_BYTES:
                raise ValueError("no place")
        except (ValueError, msgspec.DecodeError) as error:
            raise InputError("that is no cursor", remedy="take `next` of an answer as it is") from error
        if packed.list != _digest(of):
            raise InputError(
                "the cursor is of another list", remedy="keep path, filters and order as they were, or leave it out"
            )
        return cls(packed.block, packed.index, "0x" + packed.hash.hex(), of)

    def is_of(self, block_hash: str) -> bool:
        """Whether the block with this hash is the one that the page ended in."""
        return _begin_of(block_hash) == _begin_of(self.block_hash)


def _begin_of(block_hash: str) -> bytes:
    return bytes.fromhex(block_hash[2 : 2 + 2 * _HASH_BYTES])


def _digest(of: str) -> bytes:
    return hashlib.sha256(of.encode()).digest()[:_LIST_BYTES]
