"""StakingHub.list_service, remove_service, and what the constructor refuses."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from tests.unit.staking.conftest import EPOCH, HORIZON, UNBONDING


def test_list(hub, owner, stranger, arbiter):
    receipt = hub.list_service(stranger, HORIZON, 4_000, 2_000, arbiter, sender=owner)
    assert receipt.events == [
        hub.ServiceListed(service=stranger, horizon=HORIZON, victim_bps=4_000, prover_bps=2_000, arbiter=arbiter)
    ]
    assert tuple(hub.service(stranger)) == (arbiter, HORIZON, 4_000, 2_000, 0)


@pytest.mark.parametrize(
    ("horizon", "victim", "prover", "reason"),
    [
        (0, 0, 0, "hub: no horizon"),
        (UNBONDING + 1, 0, 0, "hub: horizon beyond unbonding"),
        (HORIZON, 5_000, 3_001, "hub: payout too large"),
    ],
)
def test_bad_terms(hub, owner, stranger, horizon, victim, prover, reason):
    with ape.reverts(reason):
        hub.list_service(stranger, horizon, victim, prover, ZERO_ADDRESS, sender=owner)


def test_list_refusals(hub, owner, non_owner, service, stranger):
    with ape.reverts("hub: not the owner"):
        hub.list_service(stranger, HORIZON, 0, 0, ZERO_ADDRESS, sender=non_owner)
    with ape.reverts("hub: service known"):
        hub.list_service(service, HORIZON, 0, 0, ZERO_ADDRESS, sender=owner)
    with ape.reverts("hub: no service"):
        hub.list_service(ZERO_ADDRESS, HORIZON, 0, 0, ZERO_ADDRESS, sender=owner)


def test_remove(hub, owner, service, chain):
    receipt = hub.remove_service(service, sender=owner)
    until = chain.blocks.head.timestamp + HORIZON
    assert receipt.events == [hub.ServiceRemoved(service=service, slashes_until=until)]
    with ape.reverts("hub: service removed"):
        hub.remove_service(service, sender=owner)


def test_remove_refusals(hub, owner, non_owner, service, stranger):
    with ape.reverts("hub: not the owner"):
        hub.remove_service(service, sender=non_owner)
    with ape.reverts("hub: unknown service"):
        hub.remove_service(stranger, sender=owner)


def test_epochs_out_of_reach(hub, operator):
    with ape.reverts("hub: epoch out of reach"):
        hub.stake_at_epoch(operator, 2)
    with ape.reverts("hub: epochs start at 1"):
        hub.epoch_start(0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({0: ZERO_ADDRESS}, "hub: token is no contract"),
        ({1: ZERO_ADDRESS}, "hub: no owner"),
        ({2: ZERO_ADDRESS}, "hub: no insurance"),
        ({3: 0, 4: 0}, "hub: no epoch length"),
        ({3: UNBONDING + 1}, "hub: bad unbonding period"),
        ({4: UNBONDING + 1}, "hub: epoch beyond unbonding"),
    ],
)
def test_constructor_refusals(project, token, deployer, owner, sink, change, reason):
    args = [token, owner, sink, UNBONDING, EPOCH]
    for index, value in change.items():
        args[index] = value
    with ape.reverts(reason):
        project.StakingHub.deploy(*args, sender=deployer)
