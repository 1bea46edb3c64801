"""What the chain refuses though nobody did it before is no success: each command ends with the reason."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from keifu.agents.actions import bind, record_data, register
from keifu.chain.suite import COURT, DISTRIBUTOR, HEARTBEATS, NFT, ORDERS, REGISTRY, TOKEN
from keifu.compute.market import orders, services
from keifu.errors import Revert
from keifu.provenance import Kind, Record, RegistryDomain, Status, imports
from keifu.provenance.registry import Provenance
from keifu.staking import KeyKind, court
from keifu.staking.hotkeys import name_key, retire_at
from keifu.tge import chain as tge
from keifu.tge.files import Proof
from keifu.units import COIN, DAY
from tests.beaten import Meanwhile

LOCK = 20_000 * COIN
REFUSED = pytest.raises(Revert, match=r"^reverted: contract: not now$")


def refused(scene: Any, function: str, account: Any = None) -> Meanwhile:
    """`own`, or another, to whom each transaction of this function is refused."""

    def happens() -> None:
        raise Revert("contract: not now")

    return Meanwhile(scene.evm, account or scene.own, function, happens)


def test_an_allocation_is_not_said_to_be_paid_in(scene):
    deployer = scene.evm.account("deployer")
    chain = refused(scene, "transferWithAuthorization", deployer)
    with REFUSED:
        tge.fund(chain, scene.suite, scene.distribution, scene.evm.chain_id, deployer.sign)


def test_a_grant_is_not_said_to_be_paid(scene):
    scene.chain.call(scene.suite[TOKEN], TOKEN, "transfer", scene.suite[DISTRIBUTOR], scene.distribution.allocation)
    scene.evm.warp_to(scene.schedule.end)
    proof = Proof(0, scene.own.address, scene.distribution.allocation, tuple(scene.grants.tree.proof(0)))
    with REFUSED:
        tge.claim(refused(scene, "claim"), scene.suite[DISTRIBUTOR], proof)


def test_a_credit_is_not_said_to_be_paid(scene):
    terms = {"fee": COIN, "deadline": scene.evm.now + DAY}
    number = orders.place(scene.by(scene.own), scene.suite, scene.other.address, bytes(32), b"\x07" * 32, 1, **terms)
    orders.cancel(scene.by(scene.own), scene.suite, number)
    with pytest.raises(Revert, match=r"^reverted: contract: not now"):
        services.withdraw(refused(scene, "withdraw"), scene.suite, contract=ORDERS)


def test_the_key_of_another_operator_is_not_said_to_be_retired(scene):
    scene.locks(HEARTBEATS, LOCK, scene.other)
    key = scene.evm.account("node")
    name_key(scene.by(scene.other), scene.suite, scene.evm.chain_id, key, KeyKind.HEARTBEAT)
    with pytest.raises(Revert, match="keys: not the operator"):
        retire_at(scene.by(scene.own), scene.suite, HEARTBEATS, key.address)


def test_a_juror_s_coins_are_not_said_to_be_released(scene):
    """They are leaving, and their time is not over."""
    scene.locks(COURT, LOCK)
    chain = scene.by(scene.own)
    chain.call(scene.suite[COURT], COURT, "join")
    scene.evm.warp(60 * DAY)
    chain.call(scene.suite[COURT], COURT, "leave", LOCK)
    with pytest.raises(Revert, match="court: "):
        court.release(chain, scene.suite)


def test_a_slot_is_not_said_to_be_free(scene, wound_up):
    with REFUSED:
        wound_up(refused(scene, "free_slot"))


def test_a_record_that_was_withdrawn_elsewhere_is_not_said_to_stand(scene):
    """Its data would be attested to under an id that nobody may rely on."""
    chain = scene.by(scene.own)
    data = (scene.own.address, 1, [b"\x05" * 32], 1, False, 0, 0, 0)
    token = chain.simulate(scene.suite[NFT], NFT, "mint_data", *data)
    chain.call(scene.suite[NFT], NFT, "mint_data", *data)
    agent = register(chain, scene.suite, "https://agent.example")
    bind(chain, scene.suite, agent, token)
    known = record_data(chain, scene.suite, scene.evm.chain_id, agent)
    chain.call(scene.suite[REGISTRY], REGISTRY, "set_status", known, int(Status.REVOKED), "copied")
    with pytest.raises(Revert, match="registry: "):
        record_data(chain, scene.suite, scene.evm.chain_id, agent)


def test_an_import_whose_record_is_refused_ends(scene, monkeypatch):
    class Refusing(Provenance):
        def register(self, record: Record, sender: Any) -> bytes:
            raise Revert("contract: not now")

    made = Record(scene.own.address, Kind.DATASET, b"\x01" * 32)
    found: Any = SimpleNamespace(name="data", record=lambda *_: made, manifest=SimpleNamespace(body=b""), statement=b"")
    monkeypatch.setattr(imports, "made_in", lambda items: set())
    source, documents = Refusing(scene.evm, scene.suite[REGISTRY]), SimpleNamespace(keep=lambda body: None)
    with REFUSED:
        imports.declare([found], source, scene.own, documents)  # type: ignore[arg-type]
    known = RegistryDomain(scene.evm.chain_id, scene.suite[REGISTRY]).record_id(made)
    assert source.registry.status_of(known) == Status.UNKNOWN
