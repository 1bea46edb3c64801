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
from keifu.accounts import NO_SALT, Intent, account_of
from keifu.chain import Deployment
from keifu.errors import InputError
from keifu.inft import DataFolder, pack, token_id_of
from keifu.inft.folder import write_items
from keifu.keys import Account
from keifu.keys.private_file import write_private

__all__ = ["DATA", "FILE", "STORED", "Plan", "load_plan", "make_plan", "plan_around", "session_key"]

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
    addresses: list[str] = msgspec.field(default_factory=list)  # of each item that `deploy` stored by itself
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
    _require_new(place)
    folder, salt = pack(files, kinds, private=True), secrets.token_bytes(SALT_BYTES)
    folder.token_id = f"{token_id_of(owner, int.from_bytes(salt, 'big')):064x}"
    plan = plan_around(place, suite, chain_id, owner, folder, registry, salt)
    (place / STORED).mkdir()
    write_items(place / STORED, folder.stored)
    return plan


def plan_around(
    place: Path, suite: Deployment, chain_id: int, owner: str, folder: DataFolder, registry: str = "",
    salt: bytes = NO_SALT,
) -> Plan:  # fmt: skip
    """A new folder with an agent's data, and a key for its sessions. Raises InputError when the folder has an agent."""
    _require_new(place)
    key, number = Account.random(), int(folder.token_id, 16)
    folder.save(place / DATA)
    content = json.dumps({"key": key.secret().hex()}).encode() + b"\n"
    write_private(place / SESSION, content, remedy="choose a new folder")
    account = account_of(suite, chain_id, number, registry)
    plan = Plan(chain_id, owner, salt.hex(), folder.token_id, account, key.address)
    plan.keep(place)
    return plan


def _require_new(place: Path) -> None:
    if place.exists() and any(place.iterdir()):
        raise InputError(f"{place} is not empty", remedy="choose a new folder: keys are never overwritten")


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
    """The key that acts for the agent, and signs its vouchers. Raises InputError for none."""
    path = place / SESSION
    try:
        document = msgspec.json.decode(read_bounded(path, LARGEST_KEY, "a key"), type=dict[str, str])
        return Account(bytes.fromhex(document["key"]))
    except (ValueError, KeyError) as error:
        raise InputError(f"{path} is no key of a session", remedy="restore it") from error
