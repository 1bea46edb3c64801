"""`keifu inft request`: have attestors encrypt a token's data anew. The work is done in keifu/inft/asking.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._agents import NFT, VERIFIER, require_new, token_argument, token_number
from keifu.cli._print import emit
from keifu.cli._store import CODE
from keifu.cli._types import ADDRESS, COINS, DURATION, ENDPOINT, FOLDER, IN_FOLDER, PUBLIC_KEY, Id
from keifu.cli.verbs import Access, json_option, verb
from keifu.units import DAY, counted

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.inft.requesting import Owner
    from keifu.inft.stores import Store

__all__ = ["data_store", "owner_of_tokens", "request"]

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
    require_new(target)
    from keifu.inft.requesting import Wanted, request_transfer
    from keifu.inft.transfer import OFFER_FILE, TRANSFER_FILE

    wanted = Wanted(receiver, public_key, backing, length, is_clone)
    store, number = data_store(session, store_folder, code, most), token_number(session, token)
    made = request_transfer(owner_of_tokens(session), number, source, wanted, given, store, target)
    path, offer = target / TRANSFER_FILE, target / OFFER_FILE
    signed = counted(len(made.signatures), "attestor")
    message = f"{counted(len(made.items), 'item')} encrypted anew and signed by {signed}; the receiver signs {offer}"
    emit(
        {"transfer": str(path), "offer": str(offer), "nonce": made.nonce, "attestors": sorted(made.signatures)},
        message,
        json_out,
    )


def owner_of_tokens(session: Session) -> Owner:
    """Who asks attestors."""
    from keifu.inft.requesting import Owner

    suite = session.suite(NFT, VERIFIER, HUB)
    return Owner(session.client, suite, session.sender, session.sign, session.record.first_block)


def data_store(
    session: Session, folder: Path | None, code: tuple[int, int], most: int | None, seconds: int = DAY * 7
) -> Store:
    """Raises UsageError when nothing says what may be paid."""
    from keifu.inft.requesting import chosen_store, require_bound
    from keifu.storage.client.ledger import usual_folder

    require_bound(folder, most)
    if folder is None:
        session.suite("StorageMarket", "StorageDeals")
    return chosen_store(owner_of_tokens(session), session.deployer, folder, usual_folder(), code, most, seconds)
