"""StakingHub.unlock: a service gives own coins back."""

from __future__ import annotations

import ape
import pytest

from keifu.units import COIN, DAY
from tests.unit.staking.conftest import BOUND, LOCK, MULTIPLE


def test_unlocked_coins_are_credited(hub, service, operator):
    receipt = hub.unlock(operator, 400 * COIN, BOUND, sender=service)
    assert receipt.events == [hub.Unlocked(service=service, operator=operator, amount=400 * COIN)]
    assert hub.lock_of(service, operator) == LOCK - 400 * COIN
    assert hub.credit(operator) == 400 * COIN
    assert hub.operator_state(operator).bound == BOUND


def test_promises_that_ended_are_unbound_in_the_same_call(hub, service, operator):
    receipt = hub.unlock(operator, LOCK - 300 * COIN, 300 * COIN, sender=service)
    assert receipt.events[1] == hub.Bound(service=service, operator=operator, amount=300 * COIN)
    state = hub.operator_state(operator)
    assert (state.bound, state.exposure) == (300 * COIN, MULTIPLE * 300 * COIN)
    assert hub.get_lock(service, operator).bound == 300 * COIN


def test_an_unlock_never_binds_more(hub, service, operator):
    hub.unlock(operator, COIN, LOCK - COIN, sender=service)
    assert hub.operator_state(operator).bound == BOUND


@pytest.mark.parametrize(("amount", "bound"), [(LOCK - BOUND + 1, BOUND), (LOCK + 1, 0), (2**256 - 1, 1), (1, LOCK)])
def test_never_below_what_promises_need(hub, service, operator, amount, bound):
    with ape.reverts("hub: more than the lock"):
        hub.unlock(operator, amount, bound, sender=service)
    hub.unlock(operator, LOCK - BOUND, BOUND, sender=service)


def test_zero(hub, service, operator):
    with ape.reverts("hub: zero amount"):
        hub.unlock(operator, 0, 0, sender=service)


def test_nobody_else_unlocks(hub, operator, stranger):
    for account in (operator, stranger):
        with ape.reverts("hub: more than the lock"):
            hub.unlock(operator, 1, 0, sender=account)


def test_a_removed_service_still_unlocks(hub, service, owner, operator, wait):
    hub.remove_service(service, sender=owner)
    wait(365 * DAY)
    hub.unlock(operator, LOCK, 0, sender=service)
    assert hub.credit(operator) >= LOCK
    assert hub.operator_state(operator).bound == 0
