"""`keifu inft mint`, `list`, `show` and `key`. The work is done in keifu/inft."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._agents import NFT, account_place, contract, first_block, require_new, token_argument, token_number
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, FOLDER, IN_FILE, OUT_PATH, Id
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import UsageError
from keifu.spec.inft_limits import DATA_KINDS, MAX_CLONES, MAX_GENERATIONS, MAX_ITEMS, MAX_ROYALTY_BPS
from keifu.units import coins, counted, day, duration

if TYPE_CHECKING:
    from keifu.cli.session import Session
    from keifu.inft.status import TokenStatus

__all__ = ["breed_options", "make_key", "mint", "show", "tokens"]

SALT_BYTES = 32
SHOWN = 16  # digits of a number in a list


def breed_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """What a mint fixes for ever."""
    for option in (
        click.option(
            "--generations", type=click.IntRange(0, MAX_GENERATIONS), default=0, help="Clones of clones, so many deep."
        ),
        click.option(
            "--clones", type=click.IntRange(0, MAX_CLONES), default=0, help="Clones that may be made of one token."
        ),
        click.option(
            "--royalty", type=click.IntRange(0, MAX_ROYALTY_BPS), default=0, help="Basis points of each price for you."
        ),
    ):
        body = option(body)
    return body


@verb("mint", example="keifu inft mint prompt.txt --kind prompt --out mine --role author", access=Access.SEND)
@click.argument("files", type=IN_FILE, nargs=-1, required=True)
@click.option("--out", "folder", type=FOLDER, required=True, help="New folder for the encrypted files and their keys.")
@click.option("--kind", "kinds", type=click.Choice(DATA_KINDS), multiple=True, help="What each file is, in order.")
@click.option(
    "--public", is_flag=True, help="Leave the data as it is: anybody may read it, and it moves without proofs."
)
@breed_options
@json_option
def mint(
    session: Session,
    files: tuple[Path, ...],
    folder: Path,
    kinds: tuple[str, ...],
    public: bool,
    royalty: int,
    clones: int,
    generations: int,
    json_out: bool,
) -> None:
    """Make a token of files: each is encrypted under a key of its own, which stays in the folder."""
    if len(files) > MAX_ITEMS:
        raise UsageError(f"{len(files)} files", remedy=f"a token has 1 to {MAX_ITEMS} data items")
    if len(kinds) > len(files):
        raise UsageError(
            f"{len(kinds)} kinds of {counted(len(files), 'file')}", remedy="give at most one --kind a file"
        )
    require_new(folder, "choose a new folder: keys are never overwritten")
    import secrets

    from keifu.inft import actions
    from keifu.inft.folder import pack
    from keifu.inft.statements import token_id_of

    suite, chain = session.suite(NFT), session.deployer
    data = pack(files, kinds, private=not public)
    salt = int.from_bytes(secrets.token_bytes(SALT_BYTES), "big")
    data.token_id = f"{token_id_of(chain.sender, salt):064x}"
    data.save(folder)  # before the mint: a token without its keys is worth nothing
    actions.mint(chain, suite, data, salt, royalty_bps=royalty, clones=clones, generations=generations)
    what = "public" if public else "private"
    message = f"{data.token_id}\n{counted(len(files), what + ' item')} of data; keep {folder}"
    emit({"token": data.token_id, "owner": chain.sender, "folder": str(folder)}, message, json_out)


@verb("list", example="keifu inft list --json", access=Access.READ)
@click.option("--owner", type=ADDRESS, help="Only those of this account.")
@json_option
def tokens(session: Session, owner: str | None, json_out: bool) -> None:
    """List every token, its owner, its data and how often it moved."""
    from keifu.inft.status import find_tokens, read_token
    from keifu.keys import checksum

    nft, found = contract(session, NFT), []
    for number in find_tokens(session.client, nft, first_block(session, NFT)):
        try:
            found.append(read_token(nft, number))
        except UsageError:  # it was burned
            continue
    found = [token for token in found if owner in (None, token.owner)]
    if json_out:
        emit({"tokens": [token.data() for token in found]}, "", json_out)
        return
    rows = [(token.number[:SHOWN] + "…", checksum(token.owner), _items(token), str(token.transfers)) for token in found]
    table(("token", "owner", "data", "moves"), rows, empty="no token has been made")


@verb("show", example="keifu inft show 3fa1", access=Access.READ)
@token_argument
@click.option("--user", type=ADDRESS, help="Say also whether this account may use the data now.")
@json_option
def show(session: Session, token: Id, user: str | None, json_out: bool) -> None:
    """Show a token: owner, data, what its creator fixed, who may use it, and where its account is."""
    from keifu.inft.status import read_token

    nft = contract(session, NFT)
    found = read_token(nft, token_number(session, token))
    account = account_place(session, found.token_id)
    made = bool(session.client.code(account))
    document = {**found.data(), "account": account, "account_made": made}
    lines = [f"{name:<10} {value}" for name, value in _fields(found).items()]
    lines.append(f"account    {account}{'' if made else ', not made yet'}")
    if user is not None:
        document["may_use"] = nft.may_use(found.token_id, user)
        lines.append(f"{user} {'may' if document['may_use'] else 'may not'} use the data now")
    emit(document, "\n".join(lines), json_out)


def _fields(token: TokenStatus) -> dict[str, str]:
    offer = token.offer
    fields = {"token": token.number, "owner": token.owner, "moves": str(token.transfers), "data": _items(token)}
    fields |= {f"item {place}": f"{kind} 0x{digest.hex()}" for place, (kind, digest) in enumerate(token.items)}
    if int(token.creator, 16):
        fields["creator"] = f"{token.creator}, {token.royalty_bps / 100:g} % of each price"
        fields["clones"] = f"{token.clones} of {token.clone_cap}, {token.generations} generations"
    if token.parent:
        fields["made of"] = f"{token.parent:064x}"
    fields["users"] = ", ".join(token.users) or "nobody for nothing"
    if offer.open_until:
        terms = f"{counted(offer.quota, 'use')} in {duration(offer.duration)} for {coins(offer.price)} coins"
        fields["lease"] = f"{terms}, offered until {day(offer.open_until)}"
    if token.leased_until:
        fields["leased"] = f"until {day(token.leased_until)}"
    return fields


def _items(token: TokenStatus) -> str:
    if not token.items:
        return "none"
    return f"{counted(len(token.items), 'item')}, {'private' if token.private else 'public'}"


@verb("key", example="keifu inft key --out transfer.key")
@click.option("--out", "path", type=OUT_PATH, required=True, help="New file for the key; only you can read it.")
@json_option
def make_key(path: Path, json_out: bool) -> None:
    """Make a key that the data of one transfer is sealed to. Give its public part to the seller, keep the file.

    It is no account: whoever proves a wrong key shows this one to everybody.
    """
    from keifu.keys import Account
    from keifu.keys.private_file import write_private

    key = Account.random()
    public = key.public_key.hex()
    content = json.dumps({"key": key.secret().hex(), "public_key": public}, indent=2).encode() + b"\n"
    write_private(path, content, remedy="a key is never overwritten; choose another file")
    emit({"public_key": public, "file": str(path)}, public, json_out)
