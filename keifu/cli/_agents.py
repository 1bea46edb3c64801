"""What the commands of agents share: which token, files that parties pass on, and keys of one transfer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu._files import read_bounded
from keifu.cli._ids import the_one
from keifu.cli._types import IN_FILE, RECORD, Id
from keifu.errors import InputError

if TYPE_CHECKING:
    from keifu.abi import Contract
    from keifu.cli.session import Session
    from keifu.inft.transfer import Transfer
    from keifu.keys import Account

__all__ = [
    "ACCOUNT", "MARKET", "NFT", "TOKEN", "VERIFIER", "account_place", "contract", "first_block", "key_option",
    "other_registry", "parse_key", "parse_transfer", "require_new", "token_argument", "token_number",
    "transfer_argument",
]  # fmt: skip

NFT, VERIFIER, MARKET, TOKEN = "IntelligentNFT", "DataVerifier", "AgentMarket", "KeifuToken"
ACCOUNT = "AgentAccount"
LARGEST_KEY = 1 << 12  # bytes of its file

token_argument = click.argument("token", type=RECORD)
transfer_argument = click.argument("transfer", type=IN_FILE)
key_option = click.option(
    "--key", "key_path", type=IN_FILE, required=True, help="File of the key that the data was sealed to."
)


def contract(session: Session, name: str) -> Contract:
    """A contract of the suite, to read from."""
    return session.suite(name).at(session.client, name)


def first_block(session: Session, name: str) -> int:
    """No event of this contract is older."""
    return session.record.creations[name].block


def other_registry(session: Session) -> str:
    """The registry of tokens' accounts that this deployment took from outside the suite, or ""."""
    params = session.record.params
    return params.account_registry if params else ""


def account_place(session: Session, number: int) -> str:
    """Where a token's account is, or will be."""
    from keifu.accounts.actions import account_of

    return account_of(session.suite(NFT, ACCOUNT), session.client.chain_id, number, other_registry(session))


def require_new(place: Path, remedy: str = "choose a new folder") -> None:
    """Raises InputError for a folder that has something in it."""
    if place.exists() and any(place.iterdir()):
        raise InputError(f"{place} is not empty", remedy=remedy)


def token_number(session: Session, given: Id) -> int:
    """A token's number, from its first digits. Raises UsageError when none, or several, begin so."""
    if given.whole:
        return int(given, 16)
    from keifu.inft.status import find_tokens

    found = [
        f"{number:064x}" for number in find_tokens(session.client, contract(session, NFT), first_block(session, NFT))
    ]
    return int(the_one(given, [number for number in found if number.startswith(given)], "token"), 16)


def parse_transfer(path: Path) -> Transfer:
    """The transfer in a file, whose signatures are over it; what its receiver has agreed to beside it is agreed to."""
    from keifu.inft.transfer import Transfer

    return Transfer.agreed(path)


def parse_key(path: Path) -> Account:
    """The key that `keifu inft key` wrote. Raises InputError for another file."""
    from keifu.keys import Account

    try:
        document: Any = json.loads(read_bounded(path, LARGEST_KEY, "a key"))
        return Account(bytes.fromhex(document["key"]))
    except (ValueError, KeyError, TypeError, RecursionError, InputError) as error:
        raise InputError(
            f"{path} is no key of a transfer", remedy="take the file that `keifu inft key` wrote"
        ) from error
