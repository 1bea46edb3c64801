"""StakingHub.slash: what a service takes, from whom, and where it goes."""

from __future__ import annotations

import ape
import pytest

from keifu.units import COIN, DAY
from tests.unit.staking.conftest import BOUND, EXPOSURE, FEE_DUST, HORIZON, LOCK, MULTIPLE, RAISE, UNBONDING, ticket_of

STAKE = 1_500 * COIN


@pytest.fixture
def crowd(hub, operator, delegator, other_delegator, next_epoch):
    """1,500 coins are delegated, a third of them on the way out, since the epoch before."""
    hub.stake(operator, STAKE // 2, 0, 0, sender=delegator)
    hub.stake(operator, STAKE // 2, 0, 0, sender=other_delegator)
    ticket = ticket_of(hub.unstake(operator, STAKE // 3, 0, 0, sender=other_delegator))
    next_epoch()
    return ticket


def test_damages_cost_the_lock_alone(hub, crowd, service, operator, sink, other_delegator):
    receipt = hub.slash(operator, 100 * COIN + 4, 0, sender=service)
    assert receipt.return_value == (100 * COIN + 4, 0, 0)
    assert receipt.events == [
        hub.Slashed(service=service, operator=operator, damages=100 * COIN + 4, penalty=0, delegated=0)
    ]
    assert hub.lock_of(service, operator) == LOCK - 100 * COIN - 4
    assert hub.credit(service) == 80 * COIN + 3  # four fifths, rounded down
    assert hub.credit(sink) == 20 * COIN + 1
    state = hub.operator_state(operator)
    assert state.delegated + state.unbonding == STAKE
    assert (state.bound, state.exposure) == (BOUND, EXPOSURE)


def test_a_penalty_reaches_delegators_by_the_multiple(hub, crowd, service, operator, sink, other_delegator):
    penalty = 150 * COIN
    receipt = hub.slash(operator, 0, penalty, sender=service)
    assert receipt.return_value == (0, penalty, MULTIPLE * penalty)
    assert hub.credit(service) == 0
    assert hub.credit(sink) == (1 + MULTIPLE) * penalty
    # Pool and open tickets lose the same part.
    state = hub.operator_state(operator)
    assert state.delegated == STAKE * 2 // 3 * 4 // 5
    assert state.unbonding == STAKE // 3 * 4 // 5
    assert hub.ticket(other_delegator, crowd)[0] == STAKE // 3 * 4 // 5


def test_damages_first_and_as_much_as_is_there(hub, crowd, service, operator, sink):
    before = hub.operator_state(operator)
    receipt = hub.slash(operator, LOCK - 10 * COIN, 2**256 - 1, sender=service)
    assert receipt.return_value == (LOCK - 10 * COIN, 10 * COIN, MULTIPLE * 10 * COIN)
    assert hub.lock_of(service, operator) == 0
    state = hub.operator_state(operator)
    assert (state.bound, state.exposure) == (0, 0)
    assert state.delegated + state.unbonding == before.delegated + before.unbonding - MULTIPLE * 10 * COIN
    assert hub.slash(operator, 2**256 - 1, 2**256 - 1, sender=service).return_value == (0, 0, 0)


def test_nothing_asked(hub, service, operator):
    assert hub.slash(operator, 0, 0, sender=service).return_value == (0, 0, 0)


def test_what_is_bound_never_exceeds_the_lock(hub, service, operator):
    hub.slash(operator, LOCK - BOUND + 100 * COIN, 0, sender=service)
    state = hub.operator_state(operator)
    assert (state.bound, state.exposure) == (BOUND - 100 * COIN, MULTIPLE * (BOUND - 100 * COIN))
    assert hub.get_lock(service, operator).bound == BOUND - 100 * COIN


def test_services_do_not_reach_each_others_locks(hub, service, other_service, owner, operator, stranger):
    """Attack 3: a slash through a friend's service leaves what stands behind another."""
    hub.list_service(other_service, HORIZON, 0, sender=owner)
    hub.lock(other_service, operator, 500 * COIN, sender=operator)
    assert hub.slash(operator, LOCK, LOCK, sender=other_service).return_value == (500 * COIN, 0, 0)
    assert hub.slash(operator, LOCK, 0, sender=service).return_value == (LOCK, 0, 0)
    assert hub.credit(service) == LOCK * 4 // 5


def test_by_whoever_is_no_service(hub, operator, stranger, owner):
    for account in (stranger, operator, owner):
        with ape.reverts("hub: not a slasher"):
            hub.slash(operator, 1, 0, sender=account)


def test_a_removed_service_takes_own_coins_until_its_horizon_has_passed(hub, crowd, service, owner, operator, chain):
    removed = hub.remove_service(service, sender=owner).timestamp
    assert hub.slash(operator, COIN, COIN, sender=service).return_value == (COIN, COIN, 0)
    chain.pending_timestamp = removed + HORIZON - 1
    assert hub.slash(operator, COIN, COIN, sender=service).return_value == (COIN, COIN, 0)
    chain.pending_timestamp = removed + HORIZON
    with ape.reverts("hub: not a slasher"):
        hub.slash(operator, COIN, COIN, sender=service)


def test_an_operator_nobody_knows(hub, service, stranger):
    with ape.reverts("hub: unknown operator"):
        hub.slash(stranger, 1, 0, sender=service)


def test_a_raise_counts_by_its_date_whoever_pokes(hub, crowd, service, operator, chain, next_epoch):
    hub.set_multiple(service, 4, sender=operator)
    next_epoch(RAISE // DAY)
    assert hub.slash(operator, 0, COIN, sender=service).return_value == (0, COIN, MULTIPLE * COIN)
    next_epoch()
    assert hub.slash(operator, 0, COIN, sender=service).return_value == (0, COIN, 4 * COIN)
    assert hub.operator_state(operator).exposure == EXPOSURE


def test_a_lowering_counts_after_the_horizon(hub, crowd, service, operator, next_epoch):
    hub.set_multiple(service, 0, sender=operator)
    next_epoch(HORIZON // DAY)
    assert hub.slash(operator, 0, COIN, sender=service).return_value == (0, COIN, MULTIPLE * COIN)
    next_epoch()
    assert hub.slash(operator, 0, COIN, sender=service).return_value == (0, COIN, 0)


def test_a_matured_ticket_is_never_touched(hub, crowd, service, operator, delegator, other_delegator, wait):
    wait(UNBONDING + UNBONDING // 2)
    assert hub.slash(operator, 0, LOCK, sender=service).return_value[2] == STAKE * 2 // 3
    assert hub.ticket(other_delegator, crowd)[0] == STAKE // 3
    hub.withdraw(crowd, 0, sender=other_delegator)


def test_a_pool_slashed_to_nothing_starts_over(hub, crowd, service, operator, delegator, other_delegator):
    assert hub.slash(operator, 0, STAKE // MULTIPLE, sender=service).return_value[2] == STAKE
    state = hub.operator_state(operator)
    assert (state.delegated, state.shares, state.unbonding, state.generation) == (0, 0, 0, 1)
    assert hub.position(operator, delegator) == (0, 0)
    assert hub.ticket(other_delegator, crowd)[0] == 0
    hub.stake(operator, COIN, COIN, 0, sender=delegator)
    assert hub.position(operator, delegator) == (COIN, COIN)


def test_dust_of_what_is_emptied_is_taken_too(hub, service, operator, delegator, sink):
    """Less than a wei for 2**32 shares: nobody is left with shares that cost nothing to dilute."""
    hub.stake(operator, STAKE, 0, 0, sender=delegator)
    dust = STAKE // 2**32
    penalty = (STAKE - dust) // MULTIPLE
    taken = hub.slash(operator, 0, penalty, sender=service).return_value[2]
    assert 0 < taken - MULTIPLE * penalty <= dust + 1
    assert taken == STAKE
    assert hub.credit(sink) == penalty + STAKE
    assert hub.operator_state(operator).generation == 1


def test_what_a_service_took_stands_in_its_terms(hub, crowd, service, operator):
    hub.slash(operator, 3 * COIN, 2 * COIN, sender=service)
    hub.slash(operator, COIN, 0, sender=service)
    assert hub.service(service).taken == 3 * COIN + 2 * COIN + MULTIPLE * 2 * COIN + COIN


def test_in_the_first_call_of_an_epoch(hub, crowd, service, operator, delegator, next_epoch):
    """The epochs before are paid by what was there in them, this one by what is left."""
    hub.reward(operator, 200 * COIN, sender=operator)
    next_epoch(2)
    hub.slash(operator, LOCK, 0, sender=service)
    # 1,000 own and 1,000 delegated coins, three quarters of these the delegator's; a tenth is commission.
    assert abs(hub.pending_rewards(operator, delegator) - 100 * COIN * 3 // 4 * 9 // 10) <= FEE_DUST
    hub.reward(operator, 200 * COIN, sender=operator)
    next_epoch()
    assert hub.operator_state(operator).bound == 0
