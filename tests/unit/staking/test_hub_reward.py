"""StakingHub.reward: a fee goes to those who were there for the whole epoch in which it came."""

from __future__ import annotations

import ape

from keifu.units import COIN, DAY
from tests.unit.staking.conftest import BOUND, COMMISSION_BPS, FEE_DUST, LOCK

STAKE = 1_000 * COIN  # as much as is bound: half of the weight


def of_delegators(amount, own=BOUND, pool=STAKE):
    """The pool's part of a fee after commission."""
    return amount * pool // (own + pool) * (10_000 - COMMISSION_BPS) // 10_000


def near(value, wanted):
    return abs(value - wanted) <= FEE_DUST


def test_a_fee_is_paid_once_the_epoch_is_over(hub, token, operator, delegator, stranger, next_epoch):
    hub.stake(operator, STAKE, 0, 0, sender=delegator)
    next_epoch()
    before = token.balanceOf(stranger)
    receipt = hub.reward(operator, 100 * COIN, sender=stranger)
    assert receipt.events[0] == hub.Rewarded(operator=operator, payer=stranger, amount=100 * COIN)
    assert token.balanceOf(stranger) == before - 100 * COIN
    assert hub.pending_rewards(operator, delegator) == 0
    next_epoch()
    assert near(hub.pending_rewards(operator, delegator), of_delegators(100 * COIN))
    hub.poke(operator, operator, sender=stranger)
    assert near(hub.credit(operator), 100 * COIN - of_delegators(100 * COIN))
    next_epoch(5)
    assert near(hub.pending_rewards(operator, delegator), of_delegators(100 * COIN))


def test_late_stake_gets_nothing_of_the_epoch_in_which_it_comes(hub, operator, delegator, other_delegator, next_epoch):
    """Attack 10."""
    hub.stake(operator, 100 * COIN, 0, 0, sender=delegator)
    next_epoch()
    hub.reward(operator, 100 * COIN, sender=operator)
    hub.stake(operator, 900 * COIN, 0, 0, sender=other_delegator)
    next_epoch()
    assert hub.pending_rewards(operator, other_delegator) == 0
    assert near(hub.pending_rewards(operator, delegator), of_delegators(100 * COIN, pool=100 * COIN))


def test_a_top_up_earns_from_the_next_epoch_and_loses_nothing(hub, operator, delegator, other_delegator, next_epoch):
    """Attack 21 and its neighbours: adding, adding again, and taking back in one epoch or over several."""
    for account in (delegator, other_delegator):
        hub.stake(operator, 100 * COIN, 0, 0, sender=account)
    next_epoch()
    for amount in (30 * COIN, 10 * COIN):
        hub.reward(operator, 100 * COIN, sender=operator)
        hub.stake(operator, amount, 0, 0, sender=delegator)
        hub.stake(operator, 5 * COIN, 0, 0, sender=delegator)
        hub.unstake(operator, 5 * COIN, 0, 0, sender=delegator)
        next_epoch()
    hub.reward(operator, 100 * COIN, sender=operator)
    next_epoch()
    both = [of_delegators(100 * COIN, pool=pool * COIN) for pool in (200, 230, 240)]
    mine = both[0] * 100 // 200 + both[1] * 130 // 230 + both[2] * 140 // 240
    other = both[0] * 100 // 200 + both[1] * 100 // 230 + both[2] * 100 // 240
    assert near(hub.pending_rewards(operator, delegator), mine)
    assert near(hub.pending_rewards(operator, other_delegator), other)


def test_who_leaves_leaves_the_epochs_fees_to_the_others(hub, operator, delegator, other_delegator, next_epoch):
    for account in (delegator, other_delegator):
        hub.stake(operator, 500 * COIN, 0, 0, sender=account)
    next_epoch()
    hub.reward(operator, 100 * COIN, sender=operator)
    hub.unstake(operator, 500 * COIN, 0, 0, sender=delegator)
    next_epoch()
    assert hub.pending_rewards(operator, delegator) == 0
    assert near(hub.pending_rewards(operator, other_delegator), of_delegators(100 * COIN))


def test_an_operator_cannot_take_the_days_fees_from_its_delegators(hub, service, operator, delegator, next_epoch):
    """Lowering the multiple or unbinding just before the epoch ends changes no division of that epoch's fees."""
    hub.stake(operator, STAKE, 0, 0, sender=delegator)
    next_epoch()
    hub.reward(operator, 100 * COIN, sender=operator)
    hub.set_multiple(service, 0, sender=operator)
    next_epoch()
    assert near(hub.pending_rewards(operator, delegator), of_delegators(100 * COIN))


def test_nor_by_letting_its_promises_end(hub, service, other_service, owner, operator, delegator, next_epoch):
    hub.stake(operator, STAKE, 0, 0, sender=delegator)
    hub.list_service(other_service, DAY, 0, sender=owner)
    hub.lock(other_service, operator, BOUND, sender=operator)
    hub.bind(operator, BOUND, sender=other_service)
    next_epoch()
    hub.reward(operator, 100 * COIN, sender=operator)
    hub.bind(operator, 0, sender=service)
    next_epoch()
    assert near(hub.pending_rewards(operator, delegator), of_delegators(100 * COIN, own=2 * BOUND))


def test_without_weight_fees_wait(hub, service, stranger, next_epoch):
    """Fees of an operator that has nothing at risk go to whatever is at risk later, for a whole epoch."""
    hub.register_operator(0, "", sender=stranger)
    hub.lock(service, stranger, LOCK, sender=stranger)
    hub.reward(stranger, 10 * COIN, sender=stranger)
    next_epoch(3)
    hub.reward(stranger, COIN, sender=stranger)
    hub.bind(stranger, BOUND, sender=service)
    next_epoch()
    hub.poke(stranger, service, sender=stranger)
    assert hub.credit(stranger) == 0
    next_epoch()
    hub.poke(stranger, service, sender=stranger)
    assert near(hub.credit(stranger), 11 * COIN)


def test_fees_that_wait_are_paid_after_idle_epochs_too(hub, service, stranger, next_epoch):
    """Bound in the epoch in which they came, and nobody called for a month of whole epochs."""
    hub.register_operator(0, "", sender=stranger)
    hub.lock(service, stranger, LOCK, sender=stranger)
    hub.bind(stranger, BOUND, sender=service)
    hub.reward(stranger, COIN, sender=stranger)
    next_epoch(30)
    hub.poke(stranger, service, sender=stranger)
    assert near(hub.credit(stranger), COIN)


def test_fees_wait_when_everybody_left_whom_they_belonged_to(hub, operator, delegator, next_epoch):
    hub.stake(operator, STAKE, 0, 0, sender=delegator)
    next_epoch()
    hub.reward(operator, 100 * COIN, sender=operator)
    hub.unstake(operator, STAKE, 0, 0, sender=delegator)
    next_epoch()
    hub.poke(operator, operator, sender=operator)
    assert near(hub.credit(operator), 50 * COIN)
    next_epoch()
    hub.poke(operator, operator, sender=operator)
    assert near(hub.credit(operator), 100 * COIN)


def test_zero(hub, operator):
    with ape.reverts("hub: zero amount"):
        hub.reward(operator, 0, sender=operator)


def test_nobody_known(hub, stranger):
    with ape.reverts("hub: unknown operator"):
        hub.reward(stranger, COIN, sender=stranger)


def test_more_than_fits(hub, operator, stranger):
    hub.reward(operator, COIN, sender=stranger)
    with ape.reverts("hub: amount too large"):
        hub.reward(operator, 2**96 - COIN, sender=stranger)
    with ape.reverts("token: insufficient balance"):
        hub.reward(operator, 2**96 - 1 - COIN, sender=stranger)
