"""Where the bytes of a file stand: what docs/storage-files.md says, to the bit.

    plain text -> chunks of 262,128 bytes -> ciphertext, each with its tag, one after another -> stripes of k segments

Every whole stripe has a whole segment in each shard, so a part of the file needs the segment that holds it and no
other. The rest of the ciphertext is the last stripe, cut into k equal pieces of whole leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keifu.errors import InputError, UsageError
from keifu.keys import keccak256
from keifu.merkle.indexed import LEAF_BYTES, tree_of

__all__ = [
    "CHUNK_BYTES",
    "FETCHED",
    "LEAF_BYTES",
    "MAX_BYTES",
    "SEGMENT_BYTES",
    "TAG_BYTES",
    "TOGETHER",
    "Descriptor",
    "Header",
    "Layout",
]

SEGMENT_BYTES = 256 * 1024
TOGETHER = 16  # segments of one shard that go to a node in one request, at most
FETCHED = 15  # that come in one: with head and paths they fit in 4 MiB, the most that a socket of Linux holds by itself
TAG_BYTES = 16
CHUNK_BYTES = SEGMENT_BYTES - TAG_BYTES
MAX_BYTES = 2**32 * CHUNK_BYTES  # the nonce counts chunks with four bytes
PREFIX_BYTES = 7
HASH_BYTES = 32
_SHARDS_NODE, _FILE, _CONTENT, _COMMITMENT = 16, 17, 18, 19  # domains; those below are of the market


def word(value: int) -> bytes:
    return value.to_bytes(HASH_BYTES, "big")


def key_commitment(key: bytes, mask: bytes) -> bytes:
    """Names the keys without showing them: GCM alone would let one ciphertext open under two keys."""
    return keccak256(key + mask + word(_COMMITMENT))


@dataclass(frozen=True)
class Layout:
    """Sizes of a file of so many bytes in k shards."""

    size: int
    k: int

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_BYTES:
            raise UsageError(f"a file of {self.size} bytes does not fit", remedy=f"split it below {MAX_BYTES} bytes")

    @property
    def chunks(self) -> int:
        """An empty file has one, which is empty."""
        return max(1, -(-self.size // CHUNK_BYTES))

    @property
    def cipher_bytes(self) -> int:
        return self.size + self.chunks * TAG_BYTES

    @property
    def stripes(self) -> int:
        return -(-self.cipher_bytes // (self.k * SEGMENT_BYTES))

    def piece_bytes(self, stripe: int) -> int:
        """Bytes of each shard in a stripe: whole leaves."""
        left = self.cipher_bytes - stripe * self.k * SEGMENT_BYTES
        return min(SEGMENT_BYTES, piece_of(left, self.k))

    @property
    def leaves(self) -> int:
        """Of each shard."""
        last = self.stripes - 1
        return (last * SEGMENT_BYTES + self.piece_bytes(last)) // LEAF_BYTES

    def chunk_bytes(self, chunk: int) -> int:
        return min(CHUNK_BYTES, self.size - chunk * CHUNK_BYTES)


def piece_of(left: int, k: int) -> int:
    """A k-th of what is left, in whole leaves, one at least."""
    return max(1, -(-left // (k * LEAF_BYTES))) * LEAF_BYTES


@dataclass(frozen=True)
class Header:
    """What is known before the first byte is encrypted; each segment's tag is bound to its id."""

    k: int
    m: int
    masked: bool
    prefix: bytes
    commitment: bytes

    @property
    def id(self) -> bytes:
        prefix = self.prefix + bytes(HASH_BYTES - len(self.prefix))
        return keccak256(word(self.k) + word(self.m) + word(self.masked) + prefix + self.commitment + word(_FILE))


@dataclass(frozen=True)
class Descriptor:
    """All that reading a file takes beside its keys. It is public, and its hash is the file's content root."""

    header: Header
    size: int
    shards: tuple[bytes, ...]  # their roots

    @property
    def layout(self) -> Layout:
        return Layout(self.size, self.header.k)

    @property
    def content_root(self) -> bytes:
        tree = tree_of(np.frombuffer(b"".join(self.shards), np.uint8).reshape(-1, HASH_BYTES), _SHARDS_NODE)
        return keccak256(self.header.id + word(self.size) + tree[-1].tobytes() + word(_CONTENT))

    def to_bytes(self) -> bytes:
        """k, m, masked, prefix, commitment, size in eight bytes, then the roots."""
        header = self.header
        fixed = bytes([header.k, header.m, header.masked]) + header.prefix + header.commitment
        return fixed + self.size.to_bytes(8, "big") + b"".join(self.shards)

    @classmethod
    def from_bytes(cls, data: bytes) -> Descriptor:
        """Raises InputError for what `to_bytes` never makes."""
        fixed = 3 + PREFIX_BYTES + HASH_BYTES + 8
        if len(data) < fixed or data[0] == 0 or data[2] > 1 or len(data) != fixed + HASH_BYTES * (data[0] + data[1]):
            raise InputError(f"these {len(data)} bytes describe no file", remedy="fetch the descriptor again, whole")
        at = 3 + PREFIX_BYTES
        header = Header(data[0], data[1], bool(data[2]), data[3:at], data[at : at + HASH_BYTES])
        roots = tuple(data[place : place + HASH_BYTES] for place in range(fixed, len(data), HASH_BYTES))
        return cls(header, int.from_bytes(data[fixed - 8 : fixed], "big"), roots)
