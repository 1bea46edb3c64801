"""Where encrypted data of agents is kept: with providers of the storage network, or in a folder that all sides share.

Whoever stores gets an address, by which anybody reads. What `put` has answered is whole and stays: bytes in a folder
are on the disk, those in the network in a deal that every provider has accepted, in a final block. The same bytes may
be put again after a crash: nothing is paid twice.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from sha3 import keccak_256

from keifu._files import read_bounded, synced, write_whole
from keifu.chain import Deployer
from keifu.errors import CheckFailed, InputError
from keifu.inft.folder import ITEM, MOST, item_at, stored_item
from keifu.inft.pieces import PIECE_BYTES, Draft, FileSource, MemorySource, Source
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

__all__ = [
    "FolderStore",
    "NetworkReader",
    "NetworkStore",
    "Readable",
    "Store",
    "Terms",
    "fetch_items",
    "keep_all",
    "put_all",
]

FOLDER = "folder:"
READING_SECONDS = 60.0  # an item of 16 MiB: who has it may be slow on purpose
T = TypeVar("T")
LOOKS = 60  # at the chain, a second apart, until providers have accepted


class Readable(Protocol):
    """Has bytes by an address."""

    def get(self, address: str) -> bytes:
        """Raises KeifuError when they cannot be had."""

    def source(self, address: str) -> Source:
        """The same a piece at a time. Raises KeifuError here, or once it is read."""


class Store(Readable, Protocol):
    """Keeps bytes by an address; `at_once` calls of `keep` may go side by side."""

    at_once: int

    def draft(self, name: str) -> Draft:
        """Room for bytes that may be kept. Another one of this name is written over."""

    def keep(self, draft: Draft, digest: bytes) -> str:
        """The address of a draft that was finished, once it is stored for good. `digest` is its Keccak-256. Raises
        KeifuError; the same bytes may be kept again then, and that goes on."""

    def settle(self) -> None:
        """Let go of what is kept for calls that might be repeated."""


def put(store: Store, data: Source) -> str:
    """The address of bytes, once they are stored for good. Raises KeifuError; the same call goes on then."""
    digest, room = keccak_256(), memoryview(bytearray(PIECE_BYTES))
    draft = store.draft(f"{os.getpid()}-{secrets.token_hex(8)}")
    try:
        with data:
            for start in range(0, data.size, PIECE_BYTES):
                piece = room[: min(PIECE_BYTES, data.size - start)]
                data.read_into(piece)
                digest.update(piece)
                draft.write(piece)
        draft.finish()
        return store.keep(draft, digest.digest())
    finally:
        draft.drop()


def put_all(store: Store, place: Path, count: int) -> list[str]:
    """Addresses of so many items in an owner's folder. Raises what `put` raises; where items go one after another,
    those behind it are not begun."""
    return _in_order(store, partial(put, store), (stored_item(place, number) for number in range(count)))


def keep_all(store: Store, drafts: Iterable[tuple[Draft, bytes]]) -> list[str]:
    """The same of drafts that were finished, each with its digest."""
    return _in_order(store, lambda item: store.keep(*item), drafts)


def _in_order(store: Store, work: Callable[[T], str], items: Iterable[T]) -> list[str]:
    if store.at_once == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(store.at_once) as pool:
        return list(pool.map(work, items))


class FolderStore:
    """A folder that owner, attestors and buyer share: for trials on one machine, or over a network's disk."""

    at_once = 4  # while one is hashed another is written down

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def draft(self, name: str) -> Draft:
        self._folder.mkdir(parents=True, exist_ok=True)
        return Draft(self._folder / f".{name}.partial")

    def keep(self, draft: Draft, digest: bytes) -> str:
        draft.become(self._folder / digest.hex())
        synced(self._folder)
        return FOLDER + digest.hex()

    def get(self, address: str) -> bytes:
        return read_bounded(self._path(address), MOST, ITEM)

    def source(self, address: str) -> Source:
        return FileSource(self._path(address), MOST, ITEM)

    def _path(self, address: str) -> Path:
        digest = address.removeprefix(FOLDER)
        if not address.startswith(FOLDER) or not re.fullmatch("[0-9a-f]{64}", digest):
            raise InputError(f"{address[:80]!r} is no address in a folder", remedy="folder: and a hash")
        return self._folder / digest

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
        if found.size > MOST or found.manifest:
            raise InputError(f"{address[:80]} is no item of a token", remedy="one file of at most 16 MiB")
        with opened(self._market, found, described(self._market, found), None, seconds=READING_SECONDS) as file:
            return b"".join(file.read())

    def source(self, address: str) -> Source:
        return MemorySource(self.get(address))


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

    def draft(self, name: str) -> Draft:
        return Draft(self._room() / f".{name}.partial")

    def keep(self, draft: Draft, digest: bytes) -> str:
        path = self._room() / digest.hex()
        draft.become(path)
        return self._sent(path)

    def _room(self) -> Path:
        self._sending.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._sending

    def _sent(self, path: Path) -> str:
        # The ledger knows a file by its path and time. The path says what is in it, so its time is always the same:
        # bytes that `settle` has removed in between are not paid for again.
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
