"""StakingHub.poke: anybody brings an operator's rewards up to date."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.units import DAY
from tests.unit.staking.conftest import BOUND, EXPOSURE, LOCK, RAISE


def test_the_rollover(hub, operator, stranger, next_epoch):
    next_epoch(3)
    assert hub.operator_state(operator).epoch == hub.epoch() - 3
    hub.poke(operator, ZERO_ADDRESS, sender=stranger)
    assert hub.operator_state(operator).epoch == hub.epoch()


def test_nothing_else_changes(staked, service, operator, delegator, stranger):
    before = staked.operator_state(operator), staked.get_lock(service, operator)
    for at in (service, ZERO_ADDRESS, stranger):
        assert staked.poke(operator, at, sender=stranger).events == []
    assert (staked.operator_state(operator), staked.get_lock(service, operator)) == before


def test_a_raise_before_its_date_and_after(hub, service, operator, stranger, wait):
    hub.set_multiple(service, 4, sender=operator)
    hub.poke(operator, service, sender=stranger)
    assert hub.operator_state(operator).exposure == EXPOSURE
    wait(RAISE + DAY)
    hub.poke(operator, service, sender=stranger)
    assert hub.operator_state(operator).exposure == 4 * BOUND


@pytest.mark.parametrize("times", [1, 2])
def test_a_removed_service_binds_nothing(hub, service, owner, operator, stranger, times):
    hub.remove_service(service, sender=owner)
    assert hub.operator_state(operator).bound == BOUND  # until somebody says so
    for _ in range(times):
        hub.poke(operator, service, sender=stranger)
    state = hub.operator_state(operator)
    assert (state.bound, state.exposure) == (0, 0)
    assert hub.lock_of(service, operator) == LOCK


def test_nobody_known(hub, stranger, service):
    with ape.reverts("hub: unknown operator"):
        hub.poke(stranger, service, sender=stranger)
