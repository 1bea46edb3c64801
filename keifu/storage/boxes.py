"""The keys of a file in a box that its owner opens on any machine, or that is sealed to somebody else.

The owner's box is closed with a key that is made from a signature of its wallet over a fixed text: RFC 6979 gives the
same signature each time, and the wallet's key stays where it is. Both kinds of box are bound to the file's content
root. So the order is: keys -> header -> segments, whose tags name the header -> content root -> box, which names it.
"""

from __future__ import annotations

import secrets
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keifu.errors import CheckFailed, UsageError
from keifu.inft.seals import SEALED_BYTES, open_seal, seal
from keifu.keys import Account, message_digest
from keifu.storage.ciphers import KEY_BYTES, FileKeys

__all__ = ["WalletKey", "open_share", "share"]

NONCE_BYTES = 12
_TEXT = (
    b"Keifu storage, version 1: this signature opens every private file of this account. Sign it only in a program "
    b"that you trust with all of them."
)


class Signer(Protocol):
    """An account, or one that an agent signs for."""

    @property
    def address(self) -> str: ...

    def sign(self, digest: bytes, /) -> bytes: ...


class WalletKey:
    """Closes and opens the boxes of one account."""

    def __init__(self, signer: Signer) -> None:
        digest = message_digest(_TEXT)
        signature = signer.sign(digest)
        if signer.sign(digest) != signature:
            raise UsageError(
                f"{signer.address} signs one text in two ways: its boxes would never open again",
                remedy="use a wallet whose signatures follow RFC 6979",
            )
        derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"keifu storage boxes " + signer.address.encode())
        self._cipher = AESGCM(derived.derive(signature[: 2 * KEY_BYTES]))

    def wrap(self, keys: FileKeys, content_root: bytes) -> bytes:
        return _closed(self._cipher, keys, content_root)

    def unwrap(self, box: bytes, content_root: bytes) -> FileKeys:
        """Raises CheckFailed for the box of another account or file."""
        return _opened(self._cipher, box, content_root)


def share(keys: FileKeys, public_key: bytes, content_root: bytes) -> bytes:
    """A box for whoever has the private key of `public_key` (64 bytes). FileKeys without `key` let it repair only."""
    key = secrets.token_bytes(KEY_BYTES)
    return seal(key, public_key, content_root) + _closed(AESGCM(key), keys, content_root)


def open_share(box: bytes, receiver: Account, content_root: bytes) -> FileKeys:
    """Raises CheckFailed for a box that is not for this account and this file."""
    key = open_seal(box[:SEALED_BYTES], receiver, content_root)
    return _opened(AESGCM(key), box[SEALED_BYTES:], content_root)


def _closed(cipher: AESGCM, keys: FileKeys, content_root: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    plain = bytes([len(keys.key)]) + keys.key + keys.mask
    return nonce + cipher.encrypt(nonce, plain, content_root)


def _opened(cipher: AESGCM, box: bytes, content_root: bytes) -> FileKeys:
    try:
        plain = cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], content_root)
    except (InvalidTag, ValueError) as error:
        raise CheckFailed(
            f"this box does not hold the keys of 0x{content_root.hex()} for this account",
            remedy="open it with the account that it was made for",
        ) from error
    end = 1 + plain[0]
    return FileKeys(plain[1:end], plain[end:])
