"""StakingHub.commit, uncommit, settle_commitment."""

from __future__ import annotations

import ape

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.staking.conftest import EPOCH, EVIDENCE, HORIZON, UNBONDING


def test_counts_at_once_without_delegators(hub, other_operator, service, chain):
    receipt = hub.commit(service, 300 * COIN, sender=other_operator)
    now = chain.blocks.head.timestamp
    assert receipt.events == [
        hub.CommitmentChanged(service=service, operator=other_operator, current=0, next=300 * COIN, since=now)
    ]
    assert hub.effective(service, other_operator) == 300 * COIN


def test_waits_until_delegators_can_have_left(hub, other_operator, service, delegator, wait):
    hub.stake(other_operator, COIN, 0, sender=delegator)
    hub.commit(service, 300 * COIN, sender=other_operator)
    assert hub.effective(service, other_operator) == 0
    wait(UNBONDING * 3 // 2)
    assert hub.effective(service, other_operator) == 300 * COIN


def test_not_more_than_the_stake(hub, operator, service, wait):
    wait(2 * EPOCH)
    with ape.reverts("hub: more than the stake"):
        hub.commit(service, 500 * COIN + 1, sender=operator)
    hub.commit(service, 500 * COIN, sender=operator)


def test_not_more_than_a_multiple_of_the_bond(hub, other_operator, service, delegator):
    hub.stake(other_operator, 100_000 * COIN, 0, sender=delegator)
    with ape.reverts("hub: more than the bond allows"):
        hub.commit(service, 20_000 * COIN + 1, sender=other_operator)
    hub.commit(service, 20_000 * COIN, sender=other_operator)


def test_one_change_at_a_time(hub, operator, service):
    with ape.reverts("hub: change pending"):
        hub.commit(service, COIN, sender=operator)
    with ape.reverts("hub: change pending"):
        hub.uncommit(service, COIN, sender=operator)


def test_refusals(hub, operator, other_operator, service, stranger, owner):
    with ape.reverts("hub: zero amount"):
        hub.commit(service, 0, sender=other_operator)
    with ape.reverts("hub: unknown service"):
        hub.commit(stranger, COIN, sender=other_operator)
    with ape.reverts("hub: unknown operator"):
        hub.commit(service, COIN, sender=stranger)
    hub.slash(operator, COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    hub.remove_service(service, sender=owner)
    with ape.reverts("hub: service removed"):
        hub.commit(service, COIN, sender=other_operator)


def test_jailed(hub, operator, service, wait):
    wait(2 * EPOCH)
    hub.slash(operator, COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    with ape.reverts("hub: operator jailed"):
        hub.commit(service, COIN, sender=operator)


def test_uncommit_counts_after_the_horizon(hub, operator, service, chain, wait):
    wait(2 * EPOCH)
    receipt = hub.uncommit(service, 1_000 * COIN, sender=operator)
    since = chain.blocks.head.timestamp + HORIZON
    assert receipt.events == [
        hub.CommitmentChanged(service=service, operator=operator, current=1_500 * COIN, next=500 * COIN, since=since)
    ]
    assert hub.effective(service, operator) == 1_500 * COIN
    wait(HORIZON)
    assert hub.effective(service, operator) == 500 * COIN
    assert hub.operator_state(operator).committed == 1_500 * COIN  # until it is settled


def test_uncommit_refusals(hub, operator, service, stranger, wait):
    wait(2 * EPOCH)
    with ape.reverts("hub: zero amount"):
        hub.uncommit(service, 0, sender=operator)
    with ape.reverts("hub: unknown service"):
        hub.uncommit(stranger, 1, sender=operator)
    with ape.reverts("hub: more than committed"):
        hub.uncommit(service, 1_500 * COIN + 1, sender=operator)


def test_anyone_settles_a_decrease(hub, operator, service, stranger, wait):
    wait(2 * EPOCH)
    hub.uncommit(service, 1_000 * COIN, sender=operator)
    wait(HORIZON)
    with ape.reverts("hub: change pending"):
        hub.settle_commitment(service, operator, sender=stranger)
    wait(2 * EPOCH)
    hub.settle_commitment(service, operator, sender=stranger)
    assert hub.operator_state(operator).committed == 500 * COIN
