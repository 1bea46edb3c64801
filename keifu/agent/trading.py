"""An agent sold, cloned or leased. A sale and a clone wait for their buyer in between: called the first time, the data
is encrypted anew by attestors and the order is signed; called again, what the buyer has agreed to is settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keifu.accounts import account_of
from keifu.agent.faults import ChoreFault
from keifu.agent.making import data_of
from keifu.agent.scene import Scene
from keifu.chain.suite import ACCOUNT, MARKET, NFT, TOKEN, VERIFIER
from keifu.errors import InputError
from keifu.inft import DataFolder, LeaseOffer, SignedOrder, Transfer, read_token
from keifu.inft import actions as inft
from keifu.inft.requesting import Owner, Wanted, request_transfer
from keifu.inft.selling import Offer, offer
from keifu.inft.stores import Store
from keifu.inft.transfer import OFFER_FILE, TRANSFER_FILE

__all__ = ["ORDER_FILE", "Asking", "Traded", "clone", "lease", "sell", "token_of"]

ORDER_FILE = "order.json"


@dataclass(frozen=True)
class Asking:
    """Which attestors are asked (as many as have to sign, if none is named), and where data is stored for them."""

    urls: Sequence[str]
    store: Store


@dataclass(frozen=True)
class Traded:
    """How far a sale or a clone is: "offered", "waiting" for what `missing` names, or "settled" as `number`."""

    state: str
    missing: tuple[str, ...] = ()
    number: str = ""


def sell(
    scene: Scene, place: Path, wanted: Wanted, price: int, asking: Asking, out: Path, *, with_account: bool = False
) -> Traded:
    """Sell the agent of a folder to `wanted.receiver`, or go on with the sale in `out`. The token and the price stay
    where they are until both sides have signed; then they change hands at once. An order `with_account` counts only
    while nothing is done through the agent's account. Raises ChoreFault."""
    number = token_of(place)
    if not (out / ORDER_FILE).exists():
        # What would refuse the order is found before anybody is asked.
        terms = Offer(price, wanted.receiver, wanted.backing, wanted.seconds)
        _ask(scene, place, number, wanted, asking, out)
        _said(scene, out, number, wanted)  # of an earlier call that was ended here
        where = account_of(scene.suite, scene.client.chain_id, number, scene.registry)
        account = scene.client.at(where, ACCOUNT) if with_account else None
        offer(scene.client, scene.chain, scene.suite, scene.sign, number, terms, out / ORDER_FILE, account)
        return Traded("offered", (OFFER_FILE, ORDER_FILE))
    signed = SignedOrder.load(out / ORDER_FILE)
    _require_same(signed, wanted, price)
    said = _said(scene, out, number, wanted)
    order = signed.terms
    if int(scene.suite.at(scene.client, MARKET).sale_of(order.hash)[0], 16):
        return Traded("settled", (), order.hash.hex())
    if missing := _missing(said, signed):
        return Traded("waiting", missing)
    signatures = (bytes.fromhex(signed.seller_signature), bytes.fromhex(signed.buyer_signature))
    inft.settle(scene.chain, scene.suite, order, *signatures, _proofs(scene, said))
    return Traded("settled", (), order.hash.hex())


def clone(scene: Scene, place: Path, wanted: Wanted, asking: Asking, out: Path) -> Traded:
    """Make a clone of the agent of a folder for `wanted.receiver`, or go on with the one in `out`; the agent itself
    stays as it is, and has a part of each price of its clone. Raises ChoreFault."""
    number = token_of(place)
    if not (out / TRANSFER_FILE).exists():
        found = read_token(scene.suite.at(scene.client, NFT), number)
        if found.clones >= found.clone_cap:
            raise ChoreFault(
                "no_clones", f"{found.clones} of {found.clone_cap} clones of this agent are made",
                "its creator fixed how many there are when it was minted",
            )  # fmt: skip
        _ask(scene, place, number, wanted, asking, out)
        return Traded("offered", (OFFER_FILE,))
    said = _said(scene, out, number, wanted)
    if scene.suite.at(scene.client, NFT).parent_of(int(said.clone_id, 16)) == number:
        return Traded("settled", (), said.clone_id)
    if not said.access:
        return Traded("waiting", (OFFER_FILE,))
    made = inft.clone(scene.chain, scene.suite, number, said.receiver, _proofs(scene, said))
    return Traded("settled", (), f"{made:064x}")


def lease(scene: Scene, place: Path, price: int, seconds: int, uses: int, opened: int, scope: int = 0) -> LeaseOffer:
    """Let anybody lease the agent's data on these terms, `opened` seconds long; all items, unless `scope` has a bit
    for each. Raises Revert."""
    number = token_of(place)
    items, until = len(DataFolder.load(data_of(place)).items), scene.client.now + opened
    terms = LeaseOffer.of(price, scene.suite[TOKEN], seconds, uses, until, items, scope)
    inft.offer_lease(scene.chain, scene.suite, number, terms)
    return terms


def _ask(scene: Scene, place: Path, number: int, wanted: Wanted, asking: Asking, out: Path) -> None:
    """Raises ChoreFault, before anybody is asked, for a token that is not the owner's."""
    owner = read_token(scene.suite.at(scene.client, NFT), number).owner
    if owner != scene.chain.sender:
        raise ChoreFault("not_owner", f"{owner} owns the agent, not {scene.chain.sender}", "sign as its owner")
    if not (out / TRANSFER_FILE).exists():
        asks = Owner(scene.client, scene.suite, owner, scene.sign, scene.first_block)
        request_transfer(asks, number, data_of(place), wanted, asking.urls, asking.store, out)


def _said(scene: Scene, out: Path, number: int, wanted: Wanted) -> Transfer:
    """The transfer in a folder. Raises ChoreFault for another agent's, for somebody else, or of another chain."""
    said = Transfer.agreed(out / TRANSFER_FILE)
    here = (scene.client.chain_id, scene.suite[VERIFIER], f"{number:064x}")
    if (said.chain_id, said.verifier, said.token_id) != here:
        raise ChoreFault("other_transfer", f"{out} is of another agent, or another chain", "name a new folder")
    to = (said.receiver.lower(), int(said.backing), bool(said.clone_id), {item.public_key for item in said.items})
    if to != (wanted.receiver.lower(), wanted.backing, wanted.is_clone, {wanted.public_key.hex()}):
        raise ChoreFault("other_terms", f"{out} is for {said.receiver}, on other terms", "name a new folder")
    return said


def _require_same(signed: SignedOrder, wanted: Wanted, price: int) -> None:
    """A folder has one sale: other terms are not silently dropped."""
    order = signed.terms
    if (order.buyer, order.price, order.backing) != (wanted.receiver, price, wanted.backing):
        raise ChoreFault(
            "other_terms", "the order in this folder is for another buyer or price",
            "keifu inft cancel takes it back; a sale on other terms has a folder of its own",
        )  # fmt: skip


def _missing(said: Transfer, signed: SignedOrder) -> tuple[str, ...]:
    wants = ((OFFER_FILE, said.access), (ORDER_FILE, signed.buyer_signature))
    return tuple(name for name, has in wants if not has)


def _proofs(scene: Scene, said: Transfer) -> inft.Proofs:
    return said.proofs(scene.suite.at(scene.client, VERIFIER).signers_needed())


def token_of(place: Path) -> int:
    """The number of the token of a folder's data. Raises InputError for data that no token has yet."""
    number = DataFolder.load(data_of(place)).token_id
    if not number:
        raise InputError(f"{place} is no agent's yet", remedy="keifu agent create")
    return int(number, 16)
