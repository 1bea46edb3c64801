"""What an owner keeps of a token: its data items as they are stored, encrypted where they are private, and their keys.

folder = pack([Path("prompt.txt")], ["prompt"], private=True)
folder.save(place)   # token.json, which only its owner can read, and item-0, item-1, …
DataFolder.load(place).plain(place, 0)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from keifu._files import read_bounded
from keifu.errors import InputError, UsageError
from keifu.inft.pieces import FileSource, Source
from keifu.inft.seals import ENCRYPTED_BYTES, decrypt, encrypt
from keifu.keys import keccak256
from keifu.keys.private_file import write_private
from keifu.spec.inft_limits import DATA_KINDS, MAX_ITEMS

__all__ = [
    "DATA_FILE",
    "ITEM",
    "LARGEST",
    "LARGEST_DOCUMENT",
    "MOST",
    "NEVER_AGAIN",
    "DataFolder",
    "DataItem",
    "item_at",
    "pack",
    "read_item",
    "stored_item",
    "write_items",
]

DATA_FILE = "token.json"
LARGEST = 16 << 20  # bytes of a file: what is larger belongs into a storage network
MOST, ITEM = LARGEST + ENCRYPTED_BYTES, "an item of a token"
LARGEST_DOCUMENT = 1 << 20  # bytes of what is said of eight files
NEVER_AGAIN = "keys are never overwritten; choose another place"


class DataItem(msgspec.Struct, frozen=True):
    """One file: how its owner calls it, what it is, the hash of what is stored, and its key; hex without 0x."""

    name: str
    kind: str
    data_hash: str
    key: str = ""  # empty where the data is public

    @property
    def hash(self) -> bytes:
        return bytes.fromhex(self.data_hash)


class DataFolder(msgspec.Struct, omit_defaults=True):
    """The data of one token. `stored` is what `save` writes beside the document."""

    items: list[DataItem]
    token_id: str = ""  # hex; empty before the mint
    stored: list[bytes] = msgspec.field(default_factory=list, name="-")

    @property
    def private(self) -> bool:
        return any(item.key for item in self.items)

    @property
    def hashes(self) -> list[bytes]:
        return [item.hash for item in self.items]

    @property
    def kinds(self) -> int:
        """Four bits an item, the first lowest, as the contract takes them."""
        return sum(DATA_KINDS.index(item.kind) << 4 * number for number, item in enumerate(self.items))

    def save(self, place: Path) -> None:
        """Write everything. Raises InputError when a token's data is there already."""
        place.mkdir(parents=True, exist_ok=True)
        document = DataFolder(self.items, self.token_id)
        content = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
        write_private(place / DATA_FILE, content, remedy=NEVER_AGAIN)
        write_items(place, self.stored)

    @classmethod
    def load(cls, place: Path) -> DataFolder:
        """Raises InputError when the folder holds no token's data, or a damaged document."""
        try:
            found = msgspec.json.decode(read_bounded(place / DATA_FILE, LARGEST_DOCUMENT, "it"), type=cls)
            _ = found.hashes, found.kinds, int(found.token_id or "0", 16)
        except (ValueError, RecursionError, InputError) as error:
            raise InputError(
                f"{place} holds no data of a token: {error}", remedy="name the folder that `keifu inft mint` wrote"
            ) from error
        return found

    def plain(self, place: Path, number: int) -> bytes:
        """An item as it is meant. Raises CheckFailed for bytes that the token does not name and for a wrong key."""
        item, data = self.items[number], read_item(place, number)
        return decrypt(data, bytes.fromhex(item.key), item.hash) if item.key else data


def pack(paths: Sequence[Path], kinds: Sequence[str], *, private: bool) -> DataFolder:
    """Files as items of a token, each under a key of its own where they are private.

    Raises UsageError for too many, and InputError for one that is too large.
    """
    if not 0 < len(paths) <= MAX_ITEMS:
        raise UsageError(f"{len(paths)} files", remedy=f"a token has 1 to {MAX_ITEMS} data items")
    items, stored = [], []
    for path, kind in zip(paths, [*kinds, *("data" for _ in paths[len(kinds) :])], strict=True):
        plain = read_bounded(path, LARGEST, "a data item")
        secret = encrypt(plain) if private else None
        data = secret.data if secret else plain
        items.append(DataItem(path.name, kind, keccak256(data).hex(), secret.key.hex() if secret else ""))
        stored.append(data)
    return DataFolder(items, stored=stored)


def read_item(place: Path, number: int) -> bytes:
    """An item as it is stored. Raises InputError when it cannot be read."""
    return read_bounded(item_at(place, number), MOST, ITEM)


def stored_item(place: Path, number: int) -> Source:
    """The same a piece at a time."""
    return FileSource(item_at(place, number), MOST, ITEM)


def write_items(place: Path, stored: Iterable[bytes]) -> None:
    for number, data in enumerate(stored):
        item_at(place, number).write_bytes(data)


def item_at(place: Path, number: int) -> Path:
    """Where an item is kept."""
    return place / f"item-{number}"
