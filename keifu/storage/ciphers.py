"""Encryption of segments and masks of shards.

A segment is AES-256-GCM under the file's random key. Its nonce is prefix, number and last flag, and its associated data
the file's id and the number: a segment that was cut, swapped, or comes from another file does not open.
A mask is a keystream of its own for each shard, AES-256-CTR under a key derived from the mask key: without it nobody
rebuilds one shard from the others.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from keifu.errors import CheckFailed
from keifu.storage.layout import PREFIX_BYTES, Header, key_commitment

__all__ = ["KEY_BYTES", "FileKeys", "Masks", "Segments"]

KEY_BYTES = 32
_BLOCK_BYTES = 16
_COUNTER_BYTES = 4
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class FileKeys:
    """What opens a file. `mask` alone rebuilds its shards and reads nothing; it is empty where shards are unmasked."""

    key: bytes = field(repr=False)
    mask: bytes = field(default=b"", repr=False)

    @classmethod
    def fresh(cls, *, masked: bool = True) -> FileKeys:
        return cls(secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES) if masked else b"")

    def header(self, k: int, m: int) -> Header:
        prefix = secrets.token_bytes(PREFIX_BYTES)
        return Header(k, m, bool(self.mask), prefix, key_commitment(self.key, self.mask))

    def require(self, header: Header) -> None:
        """Raises CheckFailed when these are the keys of another file."""
        if key_commitment(self.key, self.mask) != header.commitment:
            raise CheckFailed("these are not the keys of this file", remedy="open the box that names its content root")


class Segments:
    """Encrypts and opens the chunks of one file."""

    def __init__(self, keys: FileKeys, header: Header) -> None:
        self._cipher = AESGCM(keys.key)
        self._header, self._id = header, header.id

    def encrypt(self, chunk: bytes | memoryview, number: int, into: Bytes, *, last: bool) -> None:
        """`into` has room for the chunk and its tag."""
        self._cipher.encrypt_into(self._nonce(number, last), chunk, self._bound(number), into.data)

    def decrypt(self, data: bytes | memoryview, number: int, *, last: bool) -> bytes:
        """Raises CheckFailed for anything but the bytes that were encrypted as this number."""
        try:
            return self._cipher.decrypt(self._nonce(number, last), data, self._bound(number))
        except InvalidTag as error:
            raise CheckFailed(
                f"segment {number} is damaged, or not of this file", remedy="read it from other shards"
            ) from error

    def _nonce(self, number: int, last: bool) -> bytes:
        return self._header.prefix + number.to_bytes(_COUNTER_BYTES, "big") + bytes([last])

    def _bound(self, number: int) -> bytes:
        return self._id + number.to_bytes(_COUNTER_BYTES, "big")


class Masks:
    """The keystreams of a file's shards."""

    def __init__(self, mask: bytes, header: Header) -> None:
        self._mask, self._id = mask, header.id
        self._keys: dict[int, bytes] = {}

    def apply(self, piece: Bytes, shard: int, offset: int) -> None:
        """Put the mask on, or take it off: `piece` begins at byte `offset` of its shard, a multiple of 16."""
        if self._mask:
            self._stream(shard, offset).update_into(piece.data, piece.data)

    def applied(self, piece: bytes | memoryview, shard: int, offset: int) -> Bytes:
        """The same, with the result elsewhere."""
        if not self._mask:
            return np.frombuffer(piece, np.uint8)
        result = np.empty(len(piece), np.uint8)
        self._stream(shard, offset).update_into(piece, result.data)
        return result

    def _stream(self, shard: int, offset: int) -> CipherContext:
        mode = modes.CTR((offset // _BLOCK_BYTES).to_bytes(_BLOCK_BYTES, "big"))
        return Cipher(algorithms.AES(self._key(shard)), mode).encryptor()

    def _key(self, shard: int) -> bytes:
        if shard not in self._keys:
            derived = HKDF(SHA256(), KEY_BYTES, salt=self._id, info=b"keifu shard mask" + bytes([shard]))
            self._keys[shard] = derived.derive(self._mask)
        return self._keys[shard]
