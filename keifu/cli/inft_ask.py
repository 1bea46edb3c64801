"""`keifu inft request`: have attestors encrypt a token's data anew. The work is done in keifu/inft/asking.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._agents import NFT, VERIFIER, contract, first_block, require_new, token_argument, token_number
from keifu.cli._print import emit
from keifu.cli._store import CODE
from keifu.cli._types import ADDRESS, COINS, DURATION, ENDPOINT, FOLDER, IN_FOLDER, PUBLIC_KEY, Id
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError
from keifu.units import DAY, counted

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.inft.folder import DataFolder
    from keifu.inft.statements import Move
    from keifu.inft.stores import Store
    from keifu.inft.transfer import Terms

__all__ = ["request"]

LONGEST = 7 * DAY  # that the verifier lets pass between a signature's use and its deadline
HUB = "StakingHub"


@verb("request", example="keifu inft request 3fa1 --data mine --to 0x… --public-key … --out sold --role author",
      access=Access.SEND)  # fmt: skip
@token_argument
@click.option("--data", "source", type=IN_FOLDER, required=True, help="Folder of the token's data as it is.")
@click.option("--to", "receiver", type=ADDRESS, required=True, help="Who gets it.")
@click.option("--public-key", type=PUBLIC_KEY, required=True, help="What the receiver's `keifu inft key` printed.")
@click.option(
    "--attestor", "given", type=ENDPOINT, multiple=True,
    help="Who is asked; the first leads; repeatable.  [default: as many as have to sign, as the chain says]",
)  # fmt: skip
@click.option("--out", "target", type=FOLDER, required=True, help="New folder for the new data and the transfer.")
@click.option(
    "--backing", type=COINS, default="0", help="Coins that the attestors promise the sender if a key is wrong."
)
@click.option("--for", "length", type=DURATION, default="1 day", show_default=True, help="How long it may be brought.")
@click.option("--clone", "is_clone", is_flag=True, help="For a clone: the token itself stays.")
@click.option(
    "--store", "store_folder", type=FOLDER, help="Folder that all sides share.  [default: the storage network]"
)
@click.option("--code", type=CODE, default="10+4", show_default=True, help="Shards of the old data in the network.")
@click.option("--max-price", "most", type=COINS, help="Coins at most for storing one file of the old data there.")
@json_option
def request(
    session: Session,
    token: Id,
    source: Path,
    receiver: str,
    public_key: bytes,
    given: tuple[str, ...],
    target: Path,
    backing: int,
    length: int,
    is_clone: bool,
    store_folder: Path | None,
    code: tuple[int, int],
    most: int | None,
    json_out: bool,
) -> None:
    """Have attestors encrypt a token's data anew for its buyer and sign it: a transfer that the buyer accepts.

    The old data is stored for them to read; the new keys you never see. Asked again, they answer the same.
    """
    if length > LONGEST:
        raise UsageError("--for is longer than 7 days", remedy="the verifier takes no later deadline")
    require_new(target)
    from keifu.inft.asking import abouts, ask
    from keifu.inft.folder import DataFolder, write_items
    from keifu.inft.requests import TransferRequest
    from keifu.inft.transfer import OFFER_FILE, TRANSFER_FILE

    folder = DataFolder.load(source)
    move, terms = _move(session, token, folder, receiver, length, backing, is_clone=is_clone)
    urls = given or _announced(session, terms)
    named = [about.named for about in abouts(urls, terms.chain_id, terms.verifier)]
    store = _store(session, store_folder, code, most)
    addresses = _stored(store, source, folder)
    asked = TransferRequest.of(move, folder, addresses, public_key, terms, named)
    asked.signature = session.sign(asked.digest).hex()
    made = ask(asked, folder, urls)
    target.mkdir(parents=True, exist_ok=True)
    write_items(target, (store.get(item.address) for item in made.items))
    path = target / TRANSFER_FILE
    made.save(path)
    made.offered().save(offer := target / OFFER_FILE)
    signed = counted(len(made.signatures), "attestor")
    message = f"{counted(len(made.items), 'item')} encrypted anew and signed by {signed}; the receiver signs {offer}"
    emit(
        {"transfer": str(path), "offer": str(offer), "nonce": made.nonce, "attestors": sorted(made.signatures)},
        message,
        json_out,
    )


def _move(
    session: Session, token: Id, folder: DataFolder, receiver: str, length: int, backing: int, *, is_clone: bool
) -> tuple[Move, Terms]:
    """What moves. Raises CheckFailed, before anything is stored or asked, when the data is not the token's."""
    from keifu.inft.statements import Move
    from keifu.inft.status import clone_number, read_token
    from keifu.inft.transfer import Terms

    suite, client = session.suite(NFT, VERIFIER, HUB), session.client
    found = read_token(suite.at(client, NFT), token_number(session, token))
    if folder.hashes != [digest for _, digest in found.items] or not folder.private:
        raise CheckFailed(f"this is not the private data that token {token} names", remedy="name this token's folder")
    if found.owner != session.sender:
        raise CheckFailed(f"{found.owner} owns the token, not {session.sender}", remedy="sign as its owner")
    clone_id = clone_number(found.token_id, found.clones) if is_clone else 0
    terms = Terms(client.chain_id, suite[VERIFIER], client.now + length, suite.at(client, HUB).epoch(), backing)
    return Move(suite[NFT], found.token_id, found.owner, receiver, clone_id), terms


def _announced(session: Session, terms: Terms) -> list[str]:
    from keifu.inft.asking import announced
    from keifu.inft.status import find_attestors

    verifier, hub = contract(session, VERIFIER), contract(session, HUB)
    known = find_attestors(session.client, verifier, hub, first_block(session, VERIFIER))
    return announced(known, verifier.signers_needed(), terms.chain_id, terms.verifier)


def _store(session: Session, folder: Path | None, code: tuple[int, int], most: int | None) -> Store:
    """Raises UsageError when nothing says what may be paid."""
    from keifu.inft.stores import FolderStore, NetworkStore, Terms
    from keifu.storage.client.ledger import usual_folder
    from keifu.storage.client.market import Market

    if folder is not None:
        return FolderStore(folder)
    if most is None:
        raise UsageError("nothing is paid without a bound", remedy="--max-price, or --store of a folder that all share")
    suite = session.suite("StorageMarket", "StorageDeals")
    market = Market(session.client, suite, session.record.first_block)
    signer = _Signer(session)
    return NetworkStore(market, usual_folder(), session.deployer, signer, Terms(code, DAY * 7, most))


class _Signer:
    """The session's account, as the storage client asks it."""

    def __init__(self, session: Session) -> None:
        self.address, self.sign = session.sender, session.sign


def _stored(store: Store, source: Path, folder: DataFolder) -> list[str]:
    from keifu.inft.folder import read_item

    return [store.put(read_item(source, number)) for number in range(len(folder.items))]
