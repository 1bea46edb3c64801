"""Keys that secrets for an attestor are sealed to. Each is erased after a time: what was sealed to it is lost then.

A key's file is encrypted under the node's account and stands in no backup. So a node that is restored cannot open old
requests, and cannot answer one of them in another way than before.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keifu.errors import EnvironmentFault
from keifu.inft.requests import NotAttested
from keifu.inft.seals import NONCE_BYTES
from keifu.keys import Account, keccak256
from keifu.keys.private_file import write_private

__all__ = ["Receptions"]

LARGEST = 1 << 12  # bytes of a key's file
SUFFIX = ".key"
_TEXT = keccak256(b"keifu attestor: the key of its reception keys")


class _Kept(msgspec.Struct):
    secret: bytes
    until: int


class Receptions:
    """In a folder of the node's. A key takes requests for `seconds`; when half of that is over there is a new one."""

    def __init__(self, folder: Path, account: Account, seconds: int, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._seconds, self._clock = folder, seconds, clock
        self._cipher = AESGCM(keccak256(account.sign(_TEXT)))
        self._keys: dict[bytes, _Kept] = {}
        folder.mkdir(mode=0o700, exist_ok=True)
        for path in folder.glob(f"*{SUFFIX}"):
            if not any(path.read_bytes()[:LARGEST]):  # it was written over as the node was killed
                path.unlink()
                continue
            self._keys[bytes.fromhex(path.stem)] = self._read(path)

    def newest(self) -> tuple[bytes, int]:
        """The public key to ask by, and unix seconds of its end. It is on the disk before anybody hears of it."""
        self.erase()
        now = int(self._clock())
        public, kept = max(self._keys.items(), key=lambda item: item[1].until, default=(b"", _Kept(b"", 0)))
        if kept.until < now + self._seconds // 2:
            made = Account.random()
            public, kept = made.public_key, _Kept(made.secret(), now + self._seconds)
            self._write(public, kept)
            self._keys[public] = kept
        return public, kept.until

    def key(self, public_key: bytes) -> Account:
        """Raises NotAttested for a key that is over, or never was."""
        kept = self._keys.get(public_key)
        if kept is None or kept.until < self._clock():
            raise NotAttested(
                "reception_over", "the reception key that the request names is over",
                "sign a new request: the attestor's page has its key of now",
            )  # fmt: skip
        return Account(kept.secret)

    def erase(self) -> None:
        """Forget the keys whose time is over: their bytes are written over before their files go."""
        for public, kept in tuple(self._keys.items()):
            if kept.until < self._clock():
                path = self._path(public)
                if path.exists():
                    with path.open("r+b") as file:
                        file.write(bytes(path.stat().st_size))
                        file.flush()
                        os.fsync(file.fileno())
                    path.unlink()
                del self._keys[public]

    def _path(self, public_key: bytes) -> Path:
        return self._folder / f"{public_key.hex()}{SUFFIX}"

    def _write(self, public_key: bytes, kept: _Kept) -> None:
        nonce, path = os.urandom(NONCE_BYTES), self._path(public_key)
        partial = path.with_suffix(".partial")
        sealed = nonce + self._cipher.encrypt(nonce, msgspec.msgpack.encode(kept), public_key)
        write_private(partial, sealed, remedy="remove it")
        partial.replace(path)

    def _read(self, path: Path) -> _Kept:
        sealed = path.read_bytes()[:LARGEST]
        try:
            plain = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bytes.fromhex(path.stem))
            return msgspec.msgpack.decode(plain, type=_Kept)
        except (InvalidTag, ValueError) as error:
            raise EnvironmentFault(
                f"{path} is no reception key of this node",
                remedy="remove it: requests that were sealed to it have to be signed again",
            ) from error
