"""StakingHub.bind: a service says what its promises need of a lock."""

from __future__ import annotations

import ape

from keifu.units import COIN, DAY
from tests.unit.staking.conftest import BOUND, EXPOSURE, HORIZON, LOCK, MULTIPLE, RAISE


def test_binding_carries_delegation(hub, service, operator):
    receipt = hub.bind(operator, BOUND + 500 * COIN, sender=service)
    assert receipt.return_value == BOUND + 500 * COIN
    assert receipt.events == [hub.Bound(service=service, operator=operator, amount=BOUND + 500 * COIN)]
    state = hub.operator_state(operator)
    assert (state.bound, state.exposure) == (BOUND + 500 * COIN, EXPOSURE + MULTIPLE * 500 * COIN)
    assert hub.get_lock(service, operator).bound == BOUND + 500 * COIN


def test_unbinding(hub, service, operator):
    assert hub.bind(operator, 0, sender=service).return_value == 0
    state = hub.operator_state(operator)
    assert (state.bound, state.exposure) == (0, 0)
    assert hub.lock_of(service, operator) == LOCK


def test_the_same_again_says_nothing(hub, service, operator):
    assert hub.bind(operator, BOUND, sender=service).events == []


def test_at_most_the_lock(hub, service, operator):
    assert hub.bind(operator, 2**256 - 1, sender=service).return_value == LOCK
    assert hub.operator_state(operator).bound == LOCK


def test_services_add_up(hub, service, other_service, owner, operator):
    hub.list_service(other_service, HORIZON, 0, sender=owner)
    hub.lock(other_service, operator, 300 * COIN, sender=operator)
    hub.bind(operator, 200 * COIN, sender=other_service)
    state = hub.operator_state(operator)
    assert (state.bound, state.exposure) == (BOUND + 200 * COIN, EXPOSURE)


def test_a_raise_that_is_due_earns_only_when_poked(hub, service, operator, wait):
    hub.set_multiple(service, 4, sender=operator)
    wait(RAISE + DAY)
    hub.bind(operator, BOUND + COIN, sender=service)
    assert hub.operator_state(operator).exposure == MULTIPLE * (BOUND + COIN)
    hub.poke(operator, service, sender=operator)
    assert hub.operator_state(operator).exposure == 4 * (BOUND + COIN)


def test_nothing_at_a_removed_service(hub, service, owner, operator):
    hub.remove_service(service, sender=owner)
    assert hub.bind(operator, BOUND, sender=service).return_value == 0
    assert hub.operator_state(operator).bound == 0


def test_whoever_is_no_service_binds_nothing(hub, operator, stranger):
    assert hub.bind(operator, COIN, sender=stranger).return_value == 0
    assert hub.operator_state(operator).bound == BOUND


def test_nobody_known(hub, service, stranger):
    with ape.reverts("hub: unknown operator"):
        hub.bind(stranger, COIN, sender=service)
