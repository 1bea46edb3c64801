"""A file, or a part of it, out of storage: from its address, or from what this client kept of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from keifu.errors import CheckFailed, InputError, UsageError
from keifu.storage.ciphers import FileKeys
from keifu.storage.client.address import FileAddress
from keifu.storage.client.ledger import Holder, Ledger
from keifu.storage.client.market import Market
from keifu.storage.client.offers import Offer, providers
from keifu.storage.client.paying import Payer
from keifu.storage.client.peers import READ_SECONDS, WRITE_SECONDS, Peer, Peers
from keifu.storage.client.trees import LONGEST_MANIFEST
from keifu.storage.layout import FETCHED, Descriptor
from keifu.storage.manifest import Manifest
from keifu.storage.states import Shard, State
from keifu.storage.transfer import Downloads, Hedge

__all__ = ["Opened", "described", "holders_of", "opened", "opened_box"]

DEPOSIT_SECONDS = 30.0  # for a first answer, where a node may have to bring a deposit to the chain


@dataclass(frozen=True)
class Opened:
    """A file whose shards are at hand; proofs of all segments are checked."""

    descriptor: Descriptor
    manifest_bytes: int
    downloads: Downloads

    @property
    def manifest(self) -> Manifest | None:
        """Of a folder; None for a single file."""
        if not self.manifest_bytes:
            return None
        if self.manifest_bytes > LONGEST_MANIFEST:  # whoever wrote the address may have written anything
            raise InputError("its list of files is too large to be one", remedy="ask for another address")
        return Manifest.from_bytes(b"".join(self.downloads.read(0, self.manifest_bytes)))

    def place(self, name: str) -> tuple[int, int]:
        """Where a file of the folder stands in the whole, and its size. Raises InputError when it is not there."""
        manifest = self.manifest
        if manifest is None:
            raise InputError(f"it is one file, and holds no {name!r}", remedy="leave the name out")
        start, size = manifest.place(name)
        return self.manifest_bytes + start, size

    def read(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Of all bytes but the manifest's when nothing else is said."""
        begin = self.manifest_bytes + start
        return self.downloads.read(begin, self.descriptor.size - begin if length is None else length)


def described(market: Market, address: FileAddress, root: bytes = b"") -> Descriptor:
    """What an address is of, by the events of its deal. They have to give the deal's root on the chain, or the content
    root `root` where that is known. Raises CheckFailed."""
    state = market.require_deal(address.deal)
    if state.shards != address.header.k + address.header.m:
        raise CheckFailed(f"the deal has {state.shards} shards, the address is of another file", remedy="compare them")
    if root:
        placed = [item for item in market.accepted(address.deal, state.shards) if item is not None]
        found = address.descriptor([item.root for item in placed])
        if len(placed) != state.shards or found.content_root != root:
            raise CheckFailed(f"the deal's shards are not those of {root.hex()}", remedy="ask another endpoint")
        return found
    return address.descriptor([item.root for item in market.confirmed(address.deal, state)])


def holders_of(shards: Sequence[Shard], offers: Sequence[Offer]) -> list[Holder | None]:
    """Who has each shard now, and where; None for one that nobody has, or whose provider names no address."""
    known = {offer.provider: offer for offer in offers}
    found: list[Holder | None] = []
    for shard in shards:
        offer = known.get(shard.provider) if shard.state is State.STORED else None
        found.append(Holder(offer.provider, offer.url, offer.region, offer.operator) if offer else None)
    return found


@contextmanager
def opened(
    market: Market,
    address: FileAddress,
    descriptor: Descriptor,
    keys: FileKeys | None,
    ledger: Ledger | None = None,
    payer: Payer | None = None,
    seconds: float | None = None,
) -> Iterator[Opened]:
    """A file to read from whoever has its shards now; `payer` pays those that want it. After `seconds` nobody is asked
    any more: reading raises then. Raises UsageError for private data without keys."""
    keys = keys or address.keys
    if keys is None:
        raise UsageError("this file is private", remedy="sign with the account that stored it, or give the --box")
    shards = market.shards(address.deal, len(descriptor.shards))
    holders = holders_of(shards, providers(market))
    if payer is not None:
        payer.requests = -(-descriptor.layout.stripes // FETCHED)
    peers = Peers(ledger, READ_SECONDS if payer is None else WRITE_SECONDS, payer)
    hedge = None if payer is None else Hedge(first=DEPOSIT_SECONDS)
    over = None if seconds is None else threading.Timer(seconds, peers.close)
    try:
        if over is not None:
            over.start()
        nodes: list[Peer | None] = [None if holder is None else peers.at(holder) for holder in holders]
        with Downloads(descriptor, nodes, keys, hedge) as downloads:
            yield Opened(descriptor, address.manifest, downloads)
    finally:
        if over is not None:
            over.cancel()
        peers.close()


def opened_box(box: str) -> bytes:
    """A shared box as text. Raises InputError."""
    try:
        return bytes.fromhex(box.strip().removeprefix("0x"))
    except ValueError as error:
        raise InputError("this is no box of keys", remedy="as `keifu store share` prints it") from error
