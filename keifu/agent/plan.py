"""What is known of an agent before anything is sent: its token's number, and so its account, to which a grant can be
made out from the start. Kept in a folder with the agent's data and the key of its session, and brought up to date at
each step, so that the chores go on wherever they ended.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec

from keifu._files import read_bounded, write_whole
from keifu._handed import Handed
from keifu.accounts import Intent, account_of
from keifu.chain import Deployment
from keifu.errors import InputError
from keifu.inft import pack, token_id_of
from keifu.inft.folder import write_items
from keifu.keys import Account
from keifu.keys.private_file import write_private

__all__ = ["Plan", "load_plan", "make_plan", "session_key"]

FILE, SESSION, DATA, STORED = "agent.json", "session.json", "data", "stored"
SALT_BYTES = 32
LARGEST_KEY = 1 << 12


class Plan(Handed):
    """`intent` is what the owner has signed; once it is there nothing of it is made anew."""

    NOUN, WRITER = "plan of an agent", "keifu agent plan"

    chain_id: int
    owner: str
    salt: str  # of the token
    token: str  # hex
    account: str
    session: str  # address of the session's key
    intent: Intent | None = None
    session_until: int = 0
    refund: str = "0"  # wei of the coin that the relayer gets, inside the intent
    address: str = ""  # of the data in storage
    seconds: dict[str, float] = msgspec.field(default_factory=dict)  # that each chore took

    @property
    def token_id(self) -> int:
        return int(self.token, 16)

    def require_readable(self) -> None:
        _ = self.token_id, int(self.salt, 16), int(self.refund)

    def keep(self, place: Path) -> None:
        """Whole, or as it was; on the disk, before anything of it leaves."""
        write_whole(place / FILE, self.written)

    @classmethod
    def read(cls, place: Path) -> Self:
        return cls.load(place / FILE)


def make_plan(
    place: Path, suite: Deployment, chain_id: int, owner: str, files: Sequence[Path], kinds: Sequence[str],
    registry: str = "",
) -> Plan:  # fmt: skip
    """Encrypt the agent's files and draw what is to be drawn. Raises InputError when the folder has an agent."""
    if place.exists() and any(place.iterdir()):
        raise InputError(f"{place} is not empty", remedy="choose a new folder: keys are never overwritten")
    folder, salt, key = pack(files, kinds, private=True), secrets.token_bytes(SALT_BYTES), Account.random()
    number = token_id_of(owner, int.from_bytes(salt, "big"))
    folder.token_id = f"{number:064x}"
    folder.save(place / DATA)
    (place / STORED).mkdir()
    write_items(place / STORED, folder.stored)
    content = json.dumps({"key": key.secret().hex()}).encode() + b"\n"
    write_private(place / SESSION, content, remedy="choose a new folder")
    account = account_of(suite, chain_id, number, registry)
    plan = Plan(chain_id, owner, salt.hex(), folder.token_id, account, key.address)
    plan.keep(place)
    return plan


def load_plan(place: Path, chain_id: int, owner: str) -> Plan:
    """Raises InputError for no plan, and for one of another chain or owner."""
    plan = Plan.read(place)
    if (plan.chain_id, plan.owner) != (chain_id, owner):
        raise InputError(
            f"{place} is of {plan.owner} on chain {plan.chain_id}, not of {owner} on {chain_id}",
            remedy="sign as the agent's owner; look at --rpc",
        )
    return plan


def session_key(place: Path) -> Account:
    """The key that acts for the agent, and signs its vouchers."""
    path = place / SESSION
    try:
        document = msgspec.json.decode(read_bounded(path, LARGEST_KEY, "a key"), type=dict[str, str])
        return Account(bytes.fromhex(document["key"]))
    except (ValueError, KeyError) as error:
        raise InputError(f"{path} is no key of a session", remedy="restore it") from error
