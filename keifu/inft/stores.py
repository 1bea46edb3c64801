"""Where encrypted data of agents is kept: with providers of the storage network, or in a folder that all sides share.

Whoever stores gets an address, by which anybody reads. What `put` has answered is whole and stays: bytes in a folder
are on the disk, those in the network in a deal that every provider has accepted, in a final block. The same bytes may
be put again after a crash: nothing is paid twice.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from keifu._files import read_bounded, write_whole
from keifu.chain import Deployer
from keifu.errors import CheckFailed, InputError
from keifu.inft.folder import LARGEST, item_at
from keifu.inft.seals import ENCRYPTED_BYTES
from keifu.inft.transfer import Transfer
from keifu.keys import keccak256
from keifu.storage.boxes import Signer
from keifu.storage.client.address import FileAddress
from keifu.storage.client.fetching import described, opened
from keifu.storage.client.ledger import Ledger
from keifu.storage.client.market import Market
from keifu.storage.client.quoting import Wish
from keifu.storage.client.storing import Storing, address_of
from keifu.storage.client.trees import source_of

__all__ = ["FolderStore", "NetworkReader", "NetworkStore", "Readable", "Store", "Terms", "fetch_items", "put_all"]

FOLDER = "folder:"
READING_SECONDS = 60.0  # an item of 16 MiB: who has it may be slow on purpose
LOOKS = 60  # at the chain, a second apart, until providers have accepted


class Readable(Protocol):
    """Has bytes by an address."""

    def get(self, address: str) -> bytes:
        """Raises KeifuError when they cannot be had."""


class Store(Readable, Protocol):
    """Keeps bytes by an address; `at_once` calls of `put` may go side by side."""

    at_once: int

    def put(self, data: bytes, digest: bytes = b"") -> str:
        """Their address, once they are stored for good. `digest` is their Keccak-256, where the caller has computed it.
        Raises KeifuError; the same call goes on then."""

    def settle(self) -> None:
        """Let go of what is kept for calls that might be repeated."""


def put_all(store: Store, items: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Addresses of data, each with its digest or nothing, in the same order. Raises what `put` raises; where items go
    one after another, those behind it are not begun."""
    if store.at_once == 1:
        return [store.put(*item) for item in items]
    with ThreadPoolExecutor(store.at_once) as pool:
        return list(pool.map(lambda item: store.put(*item), items))


class FolderStore:
    """A folder that owner, attestors and buyer share: for trials on one machine, or over a network's disk."""

    at_once = 4  # while one is hashed another is written down

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes, digest: bytes = b"") -> str:
        name = (digest or keccak256(data)).hex()
        self._folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._folder / name, data)
        return FOLDER + name

    def get(self, address: str) -> bytes:
        digest = address.removeprefix(FOLDER)
        if not address.startswith(FOLDER) or not re.fullmatch("[0-9a-f]{64}", digest):
            raise InputError(f"{address[:80]!r} is no address in a folder", remedy="folder: and a hash")
        return read_bounded(self._folder / digest, LARGEST + ENCRYPTED_BYTES, "an item of a token")

    def settle(self) -> None:
        """Nothing is kept beside the data."""


@dataclass(frozen=True)
class Terms:
    """On which files are stored: k of k + m, seconds, and wei at the most for one."""

    code: tuple[int, int]
    seconds: int
    most: int


class NetworkReader:
    """The storage network, for whoever reads."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def get(self, address: str) -> bytes:
        found = FileAddress.parse(address)
        if found.size > LARGEST + ENCRYPTED_BYTES or found.manifest:
            raise InputError(f"{address[:80]} is no item of a token", remedy="one file of at most 16 MiB")
        with opened(self._market, found, described(self._market, found), None, seconds=READING_SECONDS) as file:
            return b"".join(file.read())


class NetworkStore(NetworkReader):
    """The same for whoever stores. `folder` has the client's ledger, and what is on its way: bytes that are encrypted
    already, so their deals are public."""

    at_once = 1  # a ledger, and an account that pays

    def __init__(
        self,
        market: Market,
        folder: Path,
        chain: Deployer,
        signer: Signer,
        terms: Terms,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(market)
        self._folder, self._chain = folder, chain
        self._signer, self._terms, self._pause = signer, terms, pause
        self._sending = folder / "sending"

    def put(self, data: bytes, digest: bytes = b"") -> str:
        self._sending.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._sending / (digest or keccak256(data)).hex()
        # The ledger knows a file by its path and time. The path says what is in it, so its time is always the same:
        # bytes that `settle` has removed in between are not paid for again.
        if not path.exists():
            write_whole(path, data)
        os.utime(path, (0, 0))
        terms, source = self._terms, source_of(path)
        wish = Wish(source.size, *terms.code, terms.seconds, masked=False)
        with Ledger(self._folder) as ledger:
            storing = Storing(self._market, ledger, self._chain, self._signer, self._pause, patience=LOOKS)
            return str(address_of(storing.put(source, wish, most=terms.most, public=True)))

    def settle(self) -> None:
        for path in self._sending.glob("*"):
            path.unlink()


def fetch_items(said: Transfer, place: Path, store: Readable) -> None:
    """Bring each item of a transfer that is not in `place` from where its attestors have stored it. Raises CheckFailed
    for other bytes, which are not kept, and KeifuError; what is there then is whole."""
    for number, item in enumerate(said.items):
        path = item_at(place, number)
        if item.address and not path.exists():
            data = store.get(item.address)
            if keccak256(data).hex() != item.new_hash:
                raise CheckFailed(
                    f"item {number}: {len(data)} bytes at {item.address[:80]} are not this transfer's",
                    remedy="ask again later, or have the seller send the item",
                )
            write_whole(path, data)
