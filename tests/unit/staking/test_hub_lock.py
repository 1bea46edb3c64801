"""StakingHub.lock: coins go behind an operator's promises at a service."""

from __future__ import annotations

import ape

from keifu.units import COIN
from tests.unit.staking.conftest import LOCK

MAX_AMOUNT = 2**96 - 1


def test_a_lock_grows_at_once(hub, token, service, operator):
    before, bound = token.balanceOf(operator), hub.operator_state(operator).bound
    receipt = hub.lock(service, operator, 5 * COIN, sender=operator)
    assert receipt.events[0] == hub.Locked(service=service, operator=operator, payer=operator, amount=5 * COIN)
    assert hub.lock_of(service, operator) == LOCK + 5 * COIN
    assert token.balanceOf(operator) == before - 5 * COIN
    assert hub.operator_state(operator).bound == bound  # only the service binds


def test_anybody_may_add(hub, token, service, operator, stranger):
    before = token.balanceOf(stranger)
    receipt = hub.lock(service, operator, 1, sender=stranger)
    assert receipt.events[0] == hub.Locked(service=service, operator=operator, payer=stranger, amount=1)
    assert hub.lock_of(service, operator) == LOCK + 1
    assert token.balanceOf(stranger) == before - 1


def test_dust_of_strangers_delays_nobody(hub, service, operator, other_operator, stranger):
    """What others add is the operator's, and changes neither multiples nor dates."""
    hub.set_multiple(service, 0, sender=operator)
    before = hub.get_lock(service, operator)
    hub.lock(service, operator, 1, sender=stranger)
    after = hub.get_lock(service, operator)
    assert (after.multiple, after.lowered, after.lowered_from) == (2, 0, before.lowered_from)
    hub.unlock(operator, LOCK + 1, 0, sender=service)
    assert hub.credit(operator) == LOCK + 1


def test_zero(hub, service, operator):
    with ape.reverts("hub: zero amount"):
        hub.lock(service, operator, 0, sender=operator)


def test_at_a_service_that_is_not_listed(hub, service, owner, operator, stranger):
    with ape.reverts("hub: service not listed"):
        hub.lock(stranger, operator, COIN, sender=operator)
    hub.remove_service(service, sender=owner)
    with ape.reverts("hub: service not listed"):
        hub.lock(service, operator, COIN, sender=operator)


def test_for_nobody_known(hub, service, stranger):
    with ape.reverts("hub: unknown operator"):
        hub.lock(service, stranger, COIN, sender=stranger)


def test_more_than_fits(hub, service, operator):
    with ape.reverts("hub: amount too large"):
        hub.lock(service, operator, MAX_AMOUNT - LOCK + 1, sender=operator)
    with ape.reverts("token: insufficient balance"):
        hub.lock(service, operator, MAX_AMOUNT - LOCK, sender=operator)
