"""A token's data encrypted anew by attestors, as its owner asks for it: what moves is looked at before anybody is
asked, stored for the attestors to read, and what they have signed is kept in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.suite import HUB, NFT, VERIFIER
from keifu.errors import CheckFailed, UsageError
from keifu.inft.asking import abouts, announced, ask
from keifu.inft.folder import DataFolder, write_items
from keifu.inft.requests import TransferRequest
from keifu.inft.seals import is_public_key
from keifu.inft.statements import Move
from keifu.inft.status import clone_number, find_attestors, read_token
from keifu.inft.stores import FolderStore, NetworkStore, Store, put_all
from keifu.inft.stores import Terms as StoreTerms
from keifu.inft.transfer import OFFER_FILE, TRANSFER_FILE, Terms, Transfer
from keifu.storage.client.market import Market
from keifu.units import DAY

__all__ = ["LONGEST", "Owner", "Wanted", "chosen_store", "request_transfer", "require_bound"]

LONGEST = 7 * DAY  # that the verifier lets pass between a signature's use and its deadline


@dataclass(frozen=True)
class Owner:
    """Who asks, on which chain. No event of the suite is older than `first_block`."""

    client: ChainClient
    suite: Deployment
    address: str
    sign: Callable[[bytes], bytes]
    first_block: int


@dataclass(frozen=True)
class Wanted:
    """For whom the data is encrypted. `backing` is what attestors promise the owner for a wrong key, wei. Raises
    UsageError for a receiver without a public key."""

    receiver: str
    public_key: bytes
    backing: int = 0
    seconds: int = DAY
    is_clone: bool = False

    def __post_init__(self) -> None:
        if not is_public_key(self.public_key):
            raise UsageError("the buyer has no public key", remedy="ask it for one: keifu inft key")
        if self.seconds > LONGEST:
            raise UsageError("--for is longer than 7 days", remedy="the verifier takes no later deadline")


def require_bound(folder: Path | None, most: int | None) -> None:
    """Raises UsageError when nothing says what may be paid for storage."""
    if folder is None and most is None:
        raise UsageError("nothing is paid without a bound", remedy="--max-price, or --store of a folder that all share")


def chosen_store(
    owner: Owner, chain: Deployer, folder: Path | None, ledger: Path, code: tuple[int, int], most: int | None,
    seconds: int = LONGEST,
) -> Store:  # fmt: skip
    """A folder that all share, or else the storage network, where each file may cost `most` wei. `ledger` is the
    client's folder. Raises UsageError when nothing says what may be paid."""
    if folder is not None:
        return FolderStore(folder)
    require_bound(folder, most)
    assert most is not None
    market = Market(owner.client, owner.suite, owner.first_block)
    return NetworkStore(market, ledger, chain, owner, StoreTerms(code, seconds, most))


def request_transfer(
    owner: Owner, number: int, source: Path, wanted: Wanted, urls: Sequence[str], store: Store, target: Path
) -> Transfer:
    """Have the attestors at `urls` (as many as have to sign, if none is named) encrypt the data of token `number` in
    `source`, and keep what they signed in `target`. Nothing is stored or asked before what moves was looked at.

    Raises CheckFailed for data or an owner that the token does not have, and NotAttested with an attestor's own
    reason. Asked again, they answer the same.
    """
    folder = DataFolder.load(source)
    move, terms = _move(owner, number, folder, wanted)
    urls = urls or _announced(owner, terms)
    named = [about.named for about in abouts(urls, terms.chain_id, terms.verifier)]
    addresses = put_all(store, source, len(folder.items))
    asked = TransferRequest.of(move, folder, addresses, wanted.public_key, terms, named)
    asked.signature = owner.sign(asked.digest).hex()
    made = ask(asked, folder, urls)
    target.mkdir(parents=True, exist_ok=True)
    write_items(target, (store.get(item.address) for item in made.items))
    made.offered().save(target / OFFER_FILE)
    made.save(target / TRANSFER_FILE)
    return made


def _move(owner: Owner, number: int, folder: DataFolder, wanted: Wanted) -> tuple[Move, Terms]:
    suite, client = owner.suite, owner.client
    found = read_token(suite.at(client, NFT), number)
    if folder.hashes != [digest for _, digest in found.items] or not folder.private:
        raise CheckFailed(
            f"this is not the private data that token {number:064x} names", remedy="name this token's folder"
        )
    if found.owner != owner.address:
        raise CheckFailed(f"{found.owner} owns the token, not {owner.address}", remedy="sign as its owner")
    clone_id = clone_number(found.token_id, found.clones) if wanted.is_clone else 0
    deadline, epoch = client.now + wanted.seconds, suite.at(client, HUB).epoch()
    terms = Terms(client.chain_id, suite[VERIFIER], deadline, epoch, wanted.backing)
    return Move(suite[NFT], found.token_id, found.owner, wanted.receiver, clone_id), terms


def _announced(owner: Owner, terms: Terms) -> list[str]:
    verifier, hub = owner.suite.at(owner.client, VERIFIER), owner.suite.at(owner.client, HUB)
    known = find_attestors(owner.client, verifier, hub, owner.first_block)
    return announced(known, verifier.signers_needed(), terms.chain_id, terms.verifier)
