"""StakingHub.fund_emission: a schedule for all operators and delegators by weight."""

from __future__ import annotations

import ape
import pytest

from keifu.units import COIN
from tests.unit.staking.conftest import BOUND, EMISSION_EPOCHS, EMISSION_START, EPOCH

CAPPED = BOUND // 2_000  # what a thousand coins earn in a day at most


@pytest.fixture
def funded(hub, stranger):
    """A coin an epoch from EMISSION_START on; 2,000 coins are bound, half of them by each operator."""
    hub.fund_emission(EMISSION_EPOCHS * COIN, sender=stranger)
    return hub


@pytest.fixture
def at_epoch(bare_hub, next_epoch):
    return lambda epoch: next_epoch(epoch - bare_hub.epoch())


def credits_of(hub, *accounts):
    for account in accounts:
        hub.poke(account, account, sender=account)
    return [hub.credit(account) for account in accounts]


def test_takes_what_can_be_spread_and_leaves_the_rest(hub, token, stranger):
    before = token.balanceOf(stranger)
    receipt = hub.fund_emission(3 * EMISSION_EPOCHS + EMISSION_EPOCHS - 1, sender=stranger)
    assert receipt.return_value == 3 * EMISSION_EPOCHS
    assert receipt.events[0] == hub.EmissionFunded(payer=stranger, amount=3 * EMISSION_EPOCHS)
    assert token.balanceOf(stranger) == before - 3 * EMISSION_EPOCHS


def test_too_little_to_spread(hub, stranger):
    for amount in (0, EMISSION_EPOCHS - 1):
        with ape.reverts("hub: zero amount"):
            hub.fund_emission(amount, sender=stranger)


def test_none_before_its_first_epoch(funded, operator, other_operator, treasury, at_epoch):
    at_epoch(EMISSION_START)
    assert credits_of(funded, operator, other_operator) == [0, 0]
    assert funded.credit(treasury) == 0
    at_epoch(EMISSION_START + 1)
    assert credits_of(funded, operator, other_operator) == [CAPPED - 1, CAPPED - 1]


def test_by_weight_and_at_most_a_two_thousandth_a_day(funded, operator, other_operator, treasury, at_epoch):
    """2,000 coins of weight earn a coin a day, which is the cap; a second coin a day is the treasury's."""
    at_epoch(EMISSION_START + 1)
    credits_of(funded, operator, other_operator)
    funded.fund_emission((EMISSION_EPOCHS - 1) * COIN, sender=operator)
    at_epoch(EMISSION_START + 2)
    mine, other = credits_of(funded, operator, other_operator)
    assert mine == other
    assert abs(mine - 2 * CAPPED) <= 2
    assert abs(funded.credit(treasury) - COIN) <= 2


def test_idle_epochs_are_paid_to_the_weight_that_was_there(funded, operator, other_operator, treasury, at_epoch):
    at_epoch(EMISSION_START + 30)
    mine, other = credits_of(funded, operator, other_operator)
    assert mine == other
    assert abs(mine - 30 * CAPPED) <= 30
    assert funded.credit(treasury) <= 2


def test_the_same_whoever_pokes(funded, operator, other_operator, at_epoch):
    """Neutrality: one operator is touched every epoch, the other once."""
    at_epoch(EMISSION_START)
    for _ in range(6):
        at_epoch(funded.epoch() + 1)
        funded.poke(operator, operator, sender=operator)
    mine, other = credits_of(funded, operator, other_operator)
    assert abs(mine - other) <= 6


def test_idle_and_without_weight_it_goes_to_the_treasury(funded, service, operator, other_operator, treasury, at_epoch):
    """Attack 19: nobody is there for 30 days; whoever comes then gets nothing of them."""
    for account in (operator, other_operator):
        funded.bind(account, 0, sender=service)
    at_epoch(EMISSION_START + 30)
    funded.bind(operator, BOUND, sender=service)
    assert funded.credit(treasury) == 30 * COIN
    at_epoch(EMISSION_START + 31)
    assert credits_of(funded, operator) == [0]
    assert funded.credit(treasury) == 31 * COIN
    at_epoch(EMISSION_START + 32)
    assert abs(credits_of(funded, operator)[0] - CAPPED) <= 1


def test_after_its_end_there_is_none(funded, operator, other_operator, treasury, at_epoch):
    end = EMISSION_START + EMISSION_EPOCHS
    at_epoch(end - 1)
    assert funded.fund_emission(COIN, sender=operator).return_value == COIN  # all of it in the last epoch
    at_epoch(end)
    with ape.reverts("hub: emission is over"):
        funded.fund_emission(COIN, sender=operator)
    mine = credits_of(funded, operator, other_operator)
    at_epoch(end + 1_000)
    assert credits_of(funded, operator, other_operator) == mine
    assert abs(sum(mine) + funded.credit(treasury) - (EMISSION_EPOCHS + 1) * COIN) <= 4


def test_one_jump_over_the_whole_schedule(funded, operator, other_operator, treasury, at_epoch):
    at_epoch(EMISSION_START + EMISSION_EPOCHS + 500)
    mine = credits_of(funded, operator, other_operator)
    assert abs(sum(mine) + funded.credit(treasury) - EMISSION_EPOCHS * COIN) <= 4
    assert abs(mine[0] - EMISSION_EPOCHS * CAPPED) <= 2


def test_what_comes_and_what_leaves_in_an_epoch(funded, service, operator, other_operator, treasury, at_epoch):
    """Neither what was bound after the start nor what was unbound before the end is at risk for the whole of it."""
    at_epoch(EMISSION_START)
    funded.bind(operator, 2 * BOUND, sender=service)
    funded.bind(other_operator, BOUND // 2, sender=service)
    at_epoch(EMISSION_START + 1)
    mine, other = credits_of(funded, operator, other_operator)
    assert abs(mine - CAPPED) <= 1
    assert abs(other - CAPPED // 2) <= 1
    assert abs(funded.credit(treasury) - (COIN - 3 * CAPPED // 2)) <= 2


def test_out_and_in_again_within_an_epoch_is_not_there(funded, service, operator, other_operator, at_epoch):
    at_epoch(EMISSION_START)
    funded.bind(operator, 0, sender=service)
    funded.bind(operator, BOUND, sender=service)
    at_epoch(EMISSION_START + 1)
    assert credits_of(funded, operator) == [0]
    at_epoch(EMISSION_START + 2)
    assert abs(credits_of(funded, operator)[0] - CAPPED) <= 1


def test_delegations_earn_as_far_as_bound_coins_carry_them(
    funded, service, operator, delegator, other_delegator, at_epoch
):
    """2,000 delegated coins, then only 500 of exposure: emission follows, and both delegators share it."""
    at_epoch(EMISSION_START - 1)
    for account in (delegator, other_delegator):
        funded.stake(operator, 1_000 * COIN, 0, 0, sender=account)
    funded.bind(operator, BOUND // 4, sender=service)
    at_epoch(EMISSION_START + 1)
    wanted = 500 * COIN // 2_000 * 9 // 10 // 2
    for account in (delegator, other_delegator):
        assert abs(funded.pending_rewards(operator, account) - wanted) <= 2
    assert funded.epoch_start(2) - funded.epoch_start(1) == EPOCH


def test_many_small_joins_before_a_leave(funded, operator, delegator, other_delegator, treasury, at_epoch):
    """What joined in the epoch does not stand in for what left: the least of the pool alone would say that it does."""
    at_epoch(EMISSION_START - 1)
    funded.stake(operator, 1_000 * COIN, 0, 0, sender=delegator)
    at_epoch(EMISSION_START)
    for sub in range(5):
        funded.stake(operator, 100 * COIN, 0, sub, sender=other_delegator)
    funded.unstake(operator, 500 * COIN, 0, 0, sender=delegator)
    at_epoch(EMISSION_START + 1)
    assert funded.pending_rewards(operator, other_delegator) == 0
    # 2,500 coins of weight stayed: a coin of schedule is 0.4 a thousand.
    assert abs(funded.pending_rewards(operator, delegator) - COIN * 500 // 2_500 * 9 // 10) <= 2
    funded.poke(operator, operator, sender=operator)
    assert funded.credit(treasury) <= 2
