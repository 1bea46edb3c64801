"""An agent made and given money: its token, the token's account, coins for it and ether for its key.

Each function looks at the chain first: the same call goes on where another one ended.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keifu.accounts import Token
from keifu.accounts import actions as accounts
from keifu.agent.faults import ChoreFault
from keifu.agent.plan import DATA, FILE, Plan, load_plan, make_plan, plan_around
from keifu.agent.scene import Scene
from keifu.chain.suite import NFT, TOKEN
from keifu.errors import InputError, UsageError
from keifu.inft import DataFolder, read_token
from keifu.inft import actions as inft
from keifu.inft.folder import DATA_FILE
from keifu.units import coins

__all__ = ["Breed", "create", "data_of", "fund", "is_minted", "make_account", "mint", "read_plan", "take"]


@dataclass(frozen=True)
class Breed:
    """What a mint fixes for ever: basis points of each price, and how many clones there may be, how deep."""

    royalty_bps: int = 0
    clones: int = 0
    generations: int = 0


def create(
    scene: Scene, place: Path, files: Sequence[Path] = (), kinds: Sequence[str] = (), breed: Breed | None = None
) -> Plan:
    """Encrypt files into a new folder, mint the token of them and make its account. With a folder that has an agent
    already, go on with it. Raises ChoreFault when the token is another's by now."""
    if not (place / FILE).exists():
        if not files:
            raise UsageError(f"{place} has no agent", remedy="name the files that it is made of")
        make_plan(place, scene.suite, scene.client.chain_id, scene.chain.sender, files, kinds, scene.registry)
    plan = read_plan(scene, place)
    mint(scene, place, plan, breed or Breed())
    make_account(scene, plan)
    return plan


def take(scene: Scene, bought: Path, place: Path) -> Plan:
    """Make a folder of an agent that was bought or cloned: its data as `keifu inft receive` opened it, and a new key
    for its sessions. Raises ChoreFault when the token is not the owner's."""
    folder = DataFolder.load(bought)
    number = int(folder.token_id or "0", 16)
    owner = read_token(scene.suite.at(scene.client, NFT), number).owner
    if owner != scene.chain.sender:
        raise ChoreFault("not_owner", f"{owner} owns the agent, not {scene.chain.sender}", "sign as its owner")
    plan = plan_around(place, scene.suite, scene.client.chain_id, owner, folder, scene.registry)
    for number in range(len(folder.items)):
        shutil.copyfile(bought / f"item-{number}", place / DATA / f"item-{number}")
    make_account(scene, plan)
    return plan


def fund(scene: Scene, plan: Plan, amount: int, ether: int = 0) -> None:
    """Pay coins of the owner's into the agent's account, and ether to its key, which pays for its transactions. Raises
    ChoreFault, before anything is sent, when the owner has less, and for an agent that is somebody else's by now."""
    is_minted(scene, plan)
    suite, client, owner = scene.suite, scene.client, scene.chain.sender
    for what, has, wanted in (
        ("coins", suite.at(client, TOKEN).balanceOf(owner), amount),
        ("ether", client.balance(owner), ether),
    ):
        if has < wanted:
            raise ChoreFault(
                "too_few_coins", f"{owner} has {coins(has)} {what}, {coins(wanted)} are needed", "give less"
            )
    if amount:
        scene.chain.call(suite[TOKEN], TOKEN, "transfer", plan.account, amount)
    if ether:
        scene.chain.pay(plan.session, ether)


def mint(scene: Scene, place: Path, plan: Plan, breed: Breed) -> None:
    """The token of a plan, unless it is there. Raises ChoreFault when it is another's by now."""
    if not is_minted(scene, plan):
        folder = DataFolder.load(place / DATA)
        inft.mint(
            scene.chain, scene.suite, folder, int(plan.salt, 16), royalty_bps=breed.royalty_bps, clones=breed.clones,
            generations=breed.generations,
        )  # fmt: skip


def is_minted(scene: Scene, plan: Plan) -> bool:
    """Raises ChoreFault when the token is another's by now."""
    try:
        owner = read_token(scene.suite.at(scene.client, NFT), plan.token_id).owner
    except UsageError:
        return False
    if owner != plan.owner:
        raise ChoreFault("sold", f"the agent is {owner}'s by now", "its new owner begins anew")
    return True


def make_account(scene: Scene, plan: Plan) -> None:
    """The account of a plan's token, unless it is there."""
    if not scene.client.code(plan.account):
        token = Token(plan.chain_id, scene.suite[NFT], plan.token_id)
        accounts.create(scene.chain, scene.suite, token, scene.registry)


def read_plan(scene: Scene, place: Path) -> Plan:
    """The plan in a folder. Raises InputError for none, and for one of another chain or owner."""
    return load_plan(place, scene.client.chain_id, scene.chain.sender)


def data_of(place: Path) -> Path:
    """Where the data is in an agent's folder, or in one that `keifu inft receive` has opened. Raises InputError."""
    for found in (place / DATA, place):
        if (found / DATA_FILE).exists():
            return found
    raise InputError(f"{place} has no data of an agent", remedy="name the folder of `keifu agent create`")
