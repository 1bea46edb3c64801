"""StakingHub.take_back: an operator frees its lock behind a service that is over."""

from __future__ import annotations

import ape

from keifu.units import COIN
from tests.unit.staking.conftest import HORIZON, LOCK


def test_after_removal_and_horizon(hub, token, service, owner, operator, wait):
    hub.remove_service(service, sender=owner)
    wait(HORIZON)
    receipt = hub.take_back(service, sender=operator)
    assert receipt.return_value == LOCK
    assert receipt.events[0] == hub.Unlocked(service=service, operator=operator, amount=LOCK)
    assert hub.lock_of(service, operator) == 0
    state = hub.operator_state(operator)
    assert (state.bound, state.exposure) == (0, 0)
    before = token.balanceOf(operator)
    hub.collect(operator, 0, sender=operator)
    assert token.balanceOf(operator) == before + LOCK


def test_while_the_service_can_slash(hub, service, owner, operator, chain):
    with ape.reverts("hub: service may still slash"):
        hub.take_back(service, sender=operator)
    removed = hub.remove_service(service, sender=owner).timestamp
    chain.pending_timestamp = removed + HORIZON - 1
    with ape.reverts("hub: service may still slash"):
        hub.take_back(service, sender=operator)
    chain.pending_timestamp = removed + HORIZON
    hub.take_back(service, sender=operator)


def test_the_last_slash_and_the_first_way_out_meet(hub, service, owner, operator, chain):
    """At the second at which the lock can be taken back, and not before it, the service takes nothing any more."""
    removed = hub.remove_service(service, sender=owner).timestamp
    chain.pending_timestamp = removed + HORIZON - 1
    assert hub.slash(operator, COIN, 0, sender=service).return_value == (COIN, 0, 0)
    chain.pending_timestamp = removed + HORIZON
    with ape.reverts("hub: not a slasher"):
        hub.slash(operator, COIN, 0, sender=service)


def test_nothing_there(hub, service, owner, operator, stranger, wait):
    hub.remove_service(service, sender=owner)
    wait(HORIZON)
    hub.take_back(service, sender=operator)
    for account in (operator, stranger):
        with ape.reverts("hub: zero amount"):
            hub.take_back(service, sender=account)


def test_a_service_that_never_was(hub, operator, stranger):
    with ape.reverts("hub: service may still slash"):
        hub.take_back(stranger, sender=operator)
