"""One item encrypted anew: read, hashed, opened, encrypted and hashed a piece at a time.

    made = renewed(request, number, old_key, seed, source, draft.write)

Each byte passes Keccak twice and the cipher twice, and is read once. What comes out is handed on before the end is
known to be right, so whoever takes it keeps nothing when this raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sha3 import keccak_256

from keifu.inft.pieces import PIECE_BYTES, Source
from keifu.inft.requests import AnswerItem, NotAttested, TransferRequest
from keifu.inft.seals import ENCRYPTED_BYTES, KEY_BYTES, NONCE_BYTES, seal
from keifu.keys import Account, keccak256

__all__ = ["Renewed", "Same", "renewed", "seed_of"]

TAG_BYTES = ENCRYPTED_BYTES - NONCE_BYTES
Take = Callable[[memoryview], object]


@dataclass(frozen=True)
class Renewed:
    """One item under its new key."""

    data_hash: bytes
    key_hash: bytes
    sealed_key: bytes

    def answer(self, address: str) -> AnswerItem:
        return AnswerItem(self.data_hash.hex(), self.sealed_key.hex(), self.key_hash.hex(), address)


def seed_of(reception: Account, request: bytes) -> bytes:
    """What all new keys of a request follow from, when the holder of this reception key leads."""
    return _derived(reception.secret(), b"seed" + request, KEY_BYTES)


def renewed(request: TransferRequest, number: int, key: bytes, seed: bytes, old: Source, take: Take) -> Renewed:
    """Item `number` encrypted anew, its key sealed to the buyer: the same each time that it is done. `take` gets the
    new bytes, each piece until it returns.

    Raises NotAttested for other bytes than the token names, and for a key that does not open them.
    """
    name, item = request.digest, request.items[number]
    place = name + number.to_bytes(1, "big")
    new_key, nonce, sealer = (
        _derived(seed, what + place, size)
        for what, size in ((b"key", KEY_BYTES), (b"nonce", NONCE_BYTES), (b"sealer", KEY_BYTES))
    )
    passing = _Passing(old, take)
    is_open = passing.encrypted(key, new_key, nonce)
    if passing.read.hexdigest() != item.old_hash:
        raise NotAttested(
            "other_data", f"item {number}: {old.size} bytes at {item.address[:80]} are not what the token names",
            "store it again, whole",
        )  # fmt: skip
    if not is_open:
        raise NotAttested(
            "wrong_key", f"item {number}: the key does not open the data", "sign with the key of this data"
        )
    made = passing.made.digest()
    sealed = seal(new_key, bytes.fromhex(request.public_key), made, Account(sealer))
    return Renewed(made, keccak256(new_key), sealed)


class Same:
    """Takes bytes, and says whether `other` has the same ones."""

    def __init__(self, other: Source) -> None:
        self._other, self._left, self._is_same = other, other.size, True
        self._room = bytearray(PIECE_BYTES)

    def take(self, piece: memoryview) -> None:
        self._left -= len(piece)
        if self._left < 0 or not self._is_same:
            self._is_same = False
            return
        self._other.read_into(memoryview(self._room)[: len(piece)])
        self._is_same = self._room.startswith(piece)

    @property
    def is_whole(self) -> bool:
        return self._is_same and not self._left


class _Passing:
    """The pieces of one item on their way, and the hashes of what was read and of what was made."""

    def __init__(self, old: Source, take: Take) -> None:
        self._old, self._take = old, take
        self.read, self.made = keccak_256(), keccak_256()
        self._rooms = [memoryview(bytearray(PIECE_BYTES)) for _ in range(3)]

    def encrypted(self, key: bytes, new_key: bytes, nonce: bytes) -> bool:
        """Whether `key` opens what was read. All is read in any case."""
        left = self._old.size - ENCRYPTED_BYTES
        if left < 0:
            self._next(self._old.size)
            return False
        opens = Cipher(AES(key), GCM(bytes(self._next(NONCE_BYTES)))).decryptor()
        seals = Cipher(AES(new_key), GCM(nonce)).encryptor()
        _, plain, new = self._rooms
        self._made(memoryview(nonce))
        while left:
            piece = self._next(min(left, PIECE_BYTES))
            count = opens.update_into(piece, plain)
            seals.update_into(plain[:count], new)
            self._made(new[:count])
            left -= count
        seals.finalize()
        self._made(memoryview(seals.tag))
        plain[:] = bytes(PIECE_BYTES)
        try:
            opens.finalize_with_tag(bytes(self._next(TAG_BYTES)))
        except InvalidTag:
            return False
        return True

    def _next(self, count: int) -> memoryview:
        piece = self._rooms[0][:count]
        self._old.read_into(piece)
        self.read.update(piece)
        return piece

    def _made(self, piece: memoryview) -> None:
        self.made.update(piece)
        self._take(piece)


def _derived(secret: bytes, info: bytes, size: int) -> bytes:
    return HKDF(SHA256(), size, salt=None, info=b"keifu attestor " + info).derive(secret)
