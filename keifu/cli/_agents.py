"""What the commands of agents share: which token, files that parties pass on, and keys of one transfer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._ids import the_one
from keifu.cli._types import IN_FILE, RECORD, Id
from keifu.errors import InputError

if TYPE_CHECKING:
    from keifu.abi import Contract
    from keifu.cli.session import Session
    from keifu.inft.transfer import Transfer
    from keifu.keys import Account

__all__ = [
    "MARKET", "NFT", "TOKEN", "VERIFIER", "contract", "first_block", "key_option", "parse_key", "parse_transfer",
    "token_argument", "token_number", "transfer_argument",
]  # fmt: skip

NFT, VERIFIER, MARKET, TOKEN = "IntelligentNFT", "DataVerifier", "AgentMarket", "KeifuToken"

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
    """The transfer in a file, whose signatures are over it."""
    from keifu.inft.transfer import Transfer

    return Transfer.load(path)


def parse_key(path: Path) -> Account:
    """The key that `keifu inft key` wrote. Raises InputError for another file."""
    from keifu.keys import Account

    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        return Account(bytes.fromhex(document["key"]))
    except (OSError, ValueError, KeyError, TypeError, InputError) as error:
        raise InputError(
            f"{path} is no key of a transfer", remedy="take the file that `keifu inft key` wrote"
        ) from error
