"""`keifu inft`: one transfer of private data, from hand to hand. The work is done in keifu/inft/transfer.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._agents import (
    NFT,
    VERIFIER,
    contract,
    first_block,
    key_option,
    parse_key,
    parse_transfer,
    require_new,
    token_argument,
    token_number,
    transfer_argument,
)
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, COINS, DURATION, FOLDER, IN_FILE, IN_FOLDER, PUBLIC_KEY, Id
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, UsageError
from keifu.units import DAY, counted, day

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.inft.actions import Proofs
    from keifu.inft.transfer import Transfer

__all__ = ["accept", "attest", "clone", "complain", "prepare", "receive", "transfer", "update"]

LONGEST = 7 * DAY  # that the verifier lets pass between a signature's use and its deadline
HUB = "StakingHub"
data_option = click.option(
    "--data", "source", type=IN_FOLDER, required=True, help="Folder of the token's data as it is."
)
proofs_option = click.option(
    "--proofs", "path", type=IN_FILE, help="The transfer that all have signed; public data needs none."
)
to_option = click.option("--to", "receiver", type=ADDRESS, required=True, help="Who gets it.")


@verb("prepare", example="keifu inft prepare 3fa1 --data mine --to 0x… --public-key … --out sold --role author",
      access=Access.READ)  # fmt: skip
@token_argument
@data_option
@to_option
@click.option("--public-key", type=PUBLIC_KEY, required=True, help="What the receiver's `keifu inft key` printed.")
@click.option("--out", "target", type=FOLDER, required=True, help="New folder for the new data and the transfer.")
@click.option(
    "--backing", type=COINS, default="0", help="Coins that the attestors promise the sender if a key is wrong."
)
@click.option("--for", "length", type=DURATION, default="1 day", show_default=True, help="How long it may be brought.")
@click.option("--clone", "is_clone", is_flag=True, help="For a clone: the token itself stays.")
@json_option
def prepare(
    session: Session,
    token: Id,
    source: Path,
    receiver: str,
    public_key: bytes,
    target: Path,
    backing: int,
    length: int,
    is_clone: bool,
    json_out: bool,
) -> None:
    """Encrypt a token's data anew and seal the new keys to the receiver's: a transfer for attestors to sign."""
    if length > LONGEST:
        raise UsageError("--for is longer than 7 days", remedy="the verifier takes no later deadline")
    require_new(target)
    from keifu.inft.folder import DataFolder
    from keifu.inft.statements import Move
    from keifu.inft.status import clone_number, read_token
    from keifu.inft.transfer import TRANSFER_FILE, Terms
    from keifu.inft.transfer import prepare as make

    suite, client = session.suite(NFT, VERIFIER, HUB), session.client
    found = read_token(suite.at(client, NFT), token_number(session, token))
    clone_id = clone_number(found.token_id, found.clones) if is_clone else 0
    move = Move(suite[NFT], found.token_id, found.owner, receiver, clone_id)
    terms = Terms(client.chain_id, suite[VERIFIER], client.now + length, suite.at(client, HUB).epoch(), backing)
    if DataFolder.load(source).hashes != [digest for _, digest in found.items]:
        raise CheckFailed(
            f"the data in {source} is not what token {token} names", remedy="name the folder of this token"
        )
    made = make(source, target, move, public_key, terms)
    path = target / TRANSFER_FILE
    message = f"{counted(len(made.items), 'item')} encrypted anew; attestors and receiver sign {path}"
    emit({"transfer": str(path), "nonce": made.nonce, "deadline": made.deadline}, message, json_out)


@verb("attest", example='keifu inft attest sold/transfer.json --data mine --role "first attestor"', access=Access.SEND)
@transfer_argument
@data_option
@json_option
def attest(session: Session, transfer: Path, source: Path, json_out: bool) -> None:
    """Sign a transfer as an attestor, once you have seen that the new data is the old and its key the sealed one."""
    said = parse_transfer(transfer)
    from keifu.inft import transfer as transfers

    _require_here(session, said)
    account = session.deployer
    weight = contract(session, VERIFIER).attestor(account.sender)[0]
    workings = transfers.Workings.load(transfer.parent)
    transfers.attest(said, workings, source, transfer.parent, account.sender, session.sign)
    said.save(transfer)
    document = {"attestor": account.sender, "signatures": len(said.signatures), "counts": weight > 0}
    message = f"{account.sender} has signed; {counted(len(said.signatures), 'signature')} in all"
    emit(document, message + ("" if weight else "; none of its coins counts yet"), json_out)


@verb("accept", example="keifu inft accept sold/transfer.json --key transfer.key --role buyer", access=Access.SEND)
@transfer_argument
@key_option
@json_option
def accept(session: Session, transfer: Path, key_path: Path, json_out: bool) -> None:
    """Say as the receiver, or as its assistant, that the new data can be got; its keys are sealed to this key."""
    said, key = parse_transfer(transfer), parse_key(key_path)
    if any(item.item.public_key != key.public_key for item in said.items):
        raise UsageError(f"the data was sealed to another key than {key_path}", remedy="have it prepared for your key")
    from keifu.inft import transfer as transfers

    _require_here(session, said)
    assistant = contract(session, NFT).getDelegateAccess(said.receiver)
    transfers.accept(said, session.sender, session.sign, assistant)
    said.save(transfer)
    message = f"{session.sender} agrees that {said.receiver} receives token {said.token_id}"
    emit({"receiver": said.receiver, "signer": session.sender}, message, json_out)


@verb("transfer", example="keifu inft transfer 3fa1 --to 0x… --proofs sold/transfer.json --role author",
      access=Access.SEND)  # fmt: skip
@token_argument
@to_option
@proofs_option
@json_option
def transfer(session: Session, token: Id, receiver: str, path: Path | None, json_out: bool) -> None:
    """Move a token with its data: private data with what attestors and receiver have signed."""
    said = parse_transfer(path) if path else None
    from keifu.inft import actions

    suite, number = session.suite(NFT, VERIFIER), token_number(session, token)
    actions.transfer(session.deployer, suite, number, receiver, _proofs(session, said, number, receiver))
    emit({"token": f"{number:064x}", "owner": receiver}, f"{receiver} owns the token now", json_out)


@verb("clone", example="keifu inft clone 3fa1 --to 0x… --proofs copy/transfer.json --role author", access=Access.SEND)
@token_argument
@to_option
@proofs_option
@json_option
def clone(session: Session, token: Id, receiver: str, path: Path | None, json_out: bool) -> None:
    """Make a token of the same data for somebody, as often as its creator allowed; yours stays as it is."""
    said = parse_transfer(path) if path else None
    from keifu.inft import actions

    suite, number = session.suite(NFT, VERIFIER), token_number(session, token)
    made = actions.clone(session.deployer, suite, number, receiver, _proofs(session, said, number, receiver))
    emit({"token": f"{made:064x}", "owner": receiver, "made_of": f"{number:064x}"}, f"{made:064x}", json_out)


@verb("update", example="keifu inft update 3fa1 --proofs new/transfer.json --role author", access=Access.SEND)
@token_argument
@click.option("--proofs", "path", type=IN_FILE, required=True, help="The transfer to yourself that all have signed.")
@json_option
def update(session: Session, token: Id, path: Path, json_out: bool) -> None:
    """Put new private data in the place of the old, by a transfer to yourself."""
    said = parse_transfer(path)
    from keifu.inft import actions

    suite, number = session.suite(NFT, VERIFIER), token_number(session, token)
    actions.update(session.deployer, suite, number, _proofs(session, said, number, session.sender))
    emit({"token": f"{number:064x}"}, f"token {number:064x} has new data", json_out)


@verb("receive", example="keifu inft receive sold/transfer.json --key transfer.key --out mine", access=Access.READ)
@transfer_argument
@key_option
@click.option("--out", "out", type=FOLDER, required=True, help="New folder for the files as they are meant.")
@click.option(
    "--store", "store_folder", type=FOLDER, help="Folder that all sides share.  [default: the storage network]"
)
@json_option
def receive(
    session: Session, transfer: Path, key_path: Path, out: Path, store_folder: Path | None, json_out: bool
) -> None:
    """Open the data of a transfer that is on the chain. Its folder becomes yours: from it you can sell the token.

    Encrypted data that is not beside the transfer is fetched from where the attestors have stored it.
    """
    said, key = parse_transfer(transfer), parse_key(key_path)
    require_new(out)
    from keifu.inft.status import read_token
    from keifu.inft.transfer import receive as open_all

    _require_here(session, said)
    found = read_token(contract(session, NFT), int(said.clone_id or said.token_id, 16))
    if [digest for _, digest in found.items] != [item.item.new_hash for item in said.items]:
        raise CheckFailed("the token does not name this data", remedy="wait until the transfer is on the chain")
    _fetch(session, said, transfer.parent, store_folder)
    folder = open_all(said, transfer.parent, key)
    out.mkdir(parents=True, exist_ok=True)
    names = [f"{number}-{Path(item.name).name}" for number, item in enumerate(folder.items)]
    for number, name in enumerate(names):
        (out / name).write_bytes(folder.plain(transfer.parent, number))
    emit({"files": names, "folder": str(out)}, "\n".join(str(out / name) for name in names), json_out)


def _fetch(session: Session, said: Transfer, place: Path, store_folder: Path | None) -> None:
    """Whatever is missing there. Raises KeifuError."""
    from keifu.inft.folder import item_at
    from keifu.inft.stores import FolderStore, NetworkReader, Readable, fetch_items
    from keifu.storage.client.market import Market

    if all(item_at(place, number).exists() or not item.address for number, item in enumerate(said.items)):
        return
    store: Readable
    if store_folder is not None:
        store = FolderStore(store_folder)
    else:
        suite = session.suite("StorageMarket", "StorageDeals")
        store = NetworkReader(Market(session.client, suite, session.record.first_block))
    fetch_items(said, place, store)


@verb("complain", example="keifu inft complain sold/transfer.json --key transfer.key --role buyer", access=Access.SEND)
@transfer_argument
@key_option
@json_option
def complain(session: Session, transfer: Path, key_path: Path, json_out: bool) -> None:
    """Prove that a key which attestors named is not the sealed one: they lose coins, and the market pays you back.

    Your key of this transfer becomes public. Nothing is sent when every key is right.
    """
    said, key = parse_transfer(transfer), parse_key(key_path)
    from keifu.inft import actions
    from keifu.inft.status import signers_of

    _require_here(session, said)
    nonce, start = bytes.fromhex(said.nonce), first_block(session, VERIFIER)
    signers = signers_of(session.client, contract(session, VERIFIER), said.token, nonce, start)
    place = actions.complain(session.deployer, session.suite(VERIFIER), said, signers, key)
    message = f"the key of item {place} is proved to be wrong; {counted(len(signers), 'attestor')} lose coins for it"
    emit({"item": place, "attestors": signers}, message, json_out)


def _require_here(session: Session, said: Transfer) -> None:
    """Raises CheckFailed for a transfer of another chain, or of another verifier than this suite's."""
    suite = session.suite(NFT, VERIFIER)
    here = (session.client.chain_id, suite[VERIFIER], suite[NFT])
    if (said.chain_id, said.verifier, said.token) != here:
        raise CheckFailed(
            f"the transfer is of chain {said.chain_id} and verifier {said.verifier}, this is chain {here[0]}",
            remedy="look at --rpc and --deployments",
        )


def _proofs(session: Session, said: Transfer | None, number: int, receiver: str) -> Proofs:
    """What the token's contract wants to see. Raises UsageError for private data without it, or another transfer's."""
    if said is None:
        if contract(session, NFT).is_private(number):
            raise UsageError(
                f"the data of token {number:064x} is private", remedy="--proofs, from `keifu inft prepare`"
            )
        return []
    _require_here(session, said)
    if (int(said.token_id, 16), said.receiver) != (number, receiver):
        raise UsageError(f"the transfer moves token {said.token_id} to {said.receiver}", remedy="name these two")
    if said.deadline < session.client.now:
        raise CheckFailed(f"the transfer was to be brought until {day(said.deadline)}", remedy="prepare it again")
    return said.proofs(contract(session, VERIFIER).signers_needed())
