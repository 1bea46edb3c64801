"""Accounts of tokens beside the reference of ERC-6551, from its npm package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import tge
from benchmarks._lab import GENESIS, Lab
from benchmarks._rows import Measure, Row
from keifu.abi import Contract
from keifu.accounts import Grant, Limit, Target
from keifu.units import COIN, DAY

__all__ = ["ROWS"]

FIRST, SECOND = 1, 2  # tokens
PAYMENT = 5  # wei of the payout token
TRANSFER = "transfer(address,uint256)"


@dataclass(frozen=True)
class Place:
    """A token's account with coins, that has paid somebody before."""

    registry: Contract
    implementation: Contract
    nft: Contract
    token: Contract
    account: Contract

    def pay(self, lab: Lab) -> tuple[Contract, int, bytes]:
        return self.token, 0, self.token.transfer.encode(lab.account("bench payee"), PAYMENT)


def _place(lab: Lab, nft: Contract, token: Contract, registry: str, implementation: str) -> Place:
    owner = lab.deployer
    made, code = lab.deploy(registry), lab.deploy(implementation)
    for number in (FIRST, SECOND):
        nft.mint(owner, number, sender=owner)
    args = (code, bytes(32), lab.client.chain_id, nft, FIRST)
    made.createAccount(*args, sender=owner)
    place = Place(made, code, nft, token, lab.client.at(made.account(*args), implementation))
    token.transfer(place.account, COIN, sender=owner)
    place.account.execute(*place.pay(lab), 0, sender=owner)
    return place


def _ours(lab: Lab) -> Place:
    """A token that keeps owner and count of transfers in one word, as ours do."""
    place = _place(lab, lab.deploy("PlainNft", True), lab.shared(tge.our_token), "AccountRegistry", "AgentAccount")
    grant = Grant(
        lab.account("bench session key").address,
        until=GENESIS + 1_000 * DAY,
        uses=1_000,
        period=DAY,
        targets=(Target.of(place.token.address, TRANSFER),),
        limits=(Limit(place.token.address, COIN),),
    )
    place.account.grant_session(grant.args, sender=lab.deployer)
    _within(lab, place)
    return place


def _reference(lab: Lab) -> Place:
    return _place(lab, lab.deploy("PeerNft"), lab.shared(tge.peer_token), "ERC6551Registry", "ERC6551Account")


def _create(build: Callable[[Lab], Place]) -> Measure:
    def take(lab: Lab) -> int:
        place = lab.shared(build)
        args = (place.implementation, bytes(32), lab.client.chain_id, place.nft, SECOND)
        with lab.undo():
            return lab.gas(place.registry.createAccount(*args, sender=lab.deployer))

    return take


def _execute(build: Callable[[Lab], Place]) -> Measure:
    def take(lab: Lab) -> int:
        place = lab.shared(build)
        with lab.undo():
            return lab.gas(place.account.execute(*place.pay(lab), 0, sender=lab.deployer))

    return take


def _within(lab: Lab, place: Place) -> int:
    key = lab.account("bench session key")
    return lab.gas(place.account.execute_session(*place.pay(lab), sender=key))


def _session(lab: Lab) -> int:
    place = lab.shared(_ours)
    with lab.undo():
        return _within(lab, place)


ROWS = (
    Row("gas.account_create", _create(_ours), "an account by the registry; ERC-6551 reference", _create(_reference)),
    Row(
        "gas.account_execute",
        _execute(_ours),
        "the owner pays with an ERC-20, steady; ERC-6551 reference with OpenZeppelin's tokens",
        _execute(_reference),
    ),
    Row("gas.session_execute", _session, "a key pays with an ERC-20 within one limit, steady; no peer"),
)
