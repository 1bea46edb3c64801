"""Data encrypted for one owner, and its key sealed to that owner's public key, as the contracts check it.

    secret = encrypt(plain)                                  # a fresh key for each owner
    sealed = seal(secret.key, receiver.public_key, secret.data_hash)
    assert decrypt(secret.data, open_seal(sealed, receiver, secret.data_hash), secret.data_hash) == plain

Data is AES-256-GCM: a nonce of 12 bytes, then ciphertext and tag. A sealed key is a point E (33 bytes, compressed) and
32 bytes: the key XOR keccak256(S, data hash), S being the point that sealer and receiver share.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property

from coincurve import PublicKey
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keifu.errors import CheckFailed, InputError
from keifu.keys import Account, keccak256

__all__ = [
    "ENCRYPTED_BYTES",
    "KEY_BYTES",
    "NONCE_BYTES",
    "PUBLIC_KEY_BYTES",
    "SEALED_BYTES",
    "Secret",
    "decrypt",
    "encrypt",
    "is_public_key",
    "open_seal",
    "seal",
    "shared_point",
]

KEY_BYTES = 32
PUBLIC_KEY_BYTES = 64
SEALED_BYTES = 65
_POINT_BYTES = 33
NONCE_BYTES = 12
ENCRYPTED_BYTES = NONCE_BYTES + 16  # more than the plain data: the nonce, and the tag


@dataclass(frozen=True)
class Secret:
    """Encrypted data, which anybody may store, and its key."""

    key: bytes
    data: bytes

    @cached_property
    def data_hash(self) -> bytes:
        """What the token commits to."""
        return keccak256(self.data)

    @property
    def key_hash(self) -> bytes:
        """What attestors commit to, so that a wrong key can be proved."""
        return keccak256(self.key)


def encrypt(plain: bytes, key: bytes = b"", nonce: bytes = b"") -> Secret:
    """`plain` under a fresh key; or under a given one, with a nonce that it is used with this once."""
    key, nonce = key or secrets.token_bytes(KEY_BYTES), nonce or secrets.token_bytes(NONCE_BYTES)
    return Secret(key, nonce + AESGCM(key).encrypt(nonce, plain, None))


def decrypt(data: bytes, key: bytes, data_hash: bytes) -> bytes:
    """The plain data; raises CheckFailed for bytes that the token does not name, and for a key that opens nothing."""
    if keccak256(data) != data_hash:
        raise CheckFailed(
            f"these {len(data)} bytes are not the data that the token names",
            remedy="fetch them again, whole: their hash stands in the token",
        )
    try:
        return AESGCM(key).decrypt(data[:NONCE_BYTES], memoryview(data)[NONCE_BYTES:], None)
    except (InvalidTag, ValueError) as error:  # too short for a nonce
        raise CheckFailed(
            "the key does not open the data",
            remedy="when attestors signed the key's hash, prove a wrong key on chain before the complaint window ends",
        ) from error


def seal(key: bytes, public_key: bytes, data_hash: bytes, sealer: Account | None = None) -> bytes:
    """`key` for whoever has the private key of `public_key` (64 bytes); a fresh point each time."""
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise InputError(
            f"a public key has {PUBLIC_KEY_BYTES} bytes, {len(public_key)} given",
            remedy="the receiver publishes the point of its key, x and y without a tag",
        )
    sealer = sealer or Account.random()
    try:
        shared = sealer.shared_point(public_key)
    except ValueError as error:
        raise InputError(
            "the public key is no point of secp256k1", remedy="ask the receiver for its key again"
        ) from error
    point = PublicKey(b"\x04" + sealer.public_key).format(compressed=True)
    return bytes(point) + _xor(key, keccak256(shared + data_hash))


def is_public_key(public_key: bytes) -> bool:
    """Whether something can be sealed to it: a point of secp256k1, x and y."""
    try:
        PublicKey(b"\x04" + public_key)
    except ValueError:
        return False
    return len(public_key) == PUBLIC_KEY_BYTES


def shared_point(sealed: bytes, receiver: Account) -> bytes:
    """The point that the sealer and the receiver share; empty where the sealer's is none."""
    if len(sealed) != SEALED_BYTES:
        raise InputError(f"a sealed key has {SEALED_BYTES} bytes, {len(sealed)} given", remedy="take it from the event")
    try:
        point = PublicKey(sealed[:_POINT_BYTES]).format(compressed=False)[1:]
    except ValueError:
        return b""
    return receiver.shared_point(bytes(point))


def open_seal(sealed: bytes, receiver: Account, data_hash: bytes) -> bytes:
    """The key; raises CheckFailed when nobody can open the seal."""
    shared = shared_point(sealed, receiver)
    if not shared:
        raise CheckFailed("the sealed key's point is none of secp256k1", remedy="prove a wrong key on chain")
    return _xor(sealed[_POINT_BYTES:], keccak256(shared + data_hash))


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
