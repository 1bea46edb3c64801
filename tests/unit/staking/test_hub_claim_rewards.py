"""StakingHub.claim_rewards: what shares have earned is paid out, once."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.staking.conftest import BOUND, FEE_DUST, MULTIPLE

STAKE = 1_000 * COIN
EARNED = 45 * COIN  # of a fee of 100: half of the weight, less a tenth of commission


@pytest.fixture
def earned(hub, operator, delegator, next_epoch):
    """A delegator has earned 45 coins, and its operator has not been touched since."""
    assert STAKE == BOUND
    hub.stake(operator, STAKE, 0, 0, sender=delegator)
    next_epoch()
    hub.reward(operator, 100 * COIN, sender=operator)
    next_epoch()
    return hub


def near(value, wanted):
    return 0 <= wanted - value <= FEE_DUST


def test_claiming(earned, token, operator, delegator, stranger):
    pending = earned.pending_rewards(operator, delegator)
    assert near(pending, EARNED)
    before = token.balanceOf(stranger)
    receipt = earned.claim_rewards(operator, stranger, 0, sender=delegator)
    assert receipt.return_value == pending
    assert (
        earned.RewardsClaimed(operator=operator, owner=delegator, receiver=stranger, amount=pending) in receipt.events
    )
    assert token.balanceOf(stranger) == before + pending
    assert earned.pending_rewards(operator, delegator) == 0
    again = earned.claim_rewards(operator, stranger, 0, sender=delegator)
    assert again.return_value == 0
    assert token.balanceOf(stranger) == before + pending


def test_without_a_receiver(earned, operator, delegator):
    with ape.reverts("hub: no receiver"):
        earned.claim_rewards(operator, ZERO_ADDRESS, 0, sender=delegator)


def test_nobody_known(hub, stranger, delegator):
    for call in (hub.claim_rewards.call, hub.pending_rewards):
        arguments = (stranger, delegator, 0) if call is not hub.pending_rewards else (stranger, delegator)
        with ape.reverts("hub: unknown operator"):
            call(*arguments)


def test_of_nobody(earned, operator, stranger):
    assert earned.claim_rewards(operator, stranger, 0, sender=stranger).return_value == 0


def test_sub_account(hub, operator, delegator, next_epoch):
    hub.stake(operator, STAKE, 0, 5, sender=delegator)
    next_epoch()
    hub.reward(operator, 100 * COIN, sender=operator)
    next_epoch()
    assert hub.claim_rewards(operator, delegator, 0, sender=delegator).return_value == 0
    assert near(hub.claim_rewards(operator, delegator, 5, sender=delegator).return_value, EARNED)


def test_a_claim_in_the_epoch_of_a_top_up(earned, operator, delegator, next_epoch):
    """The added shares go on waiting; what is claimed is not lost to the mean index, nor counted twice."""
    earned.stake(operator, STAKE // 2, 0, 0, sender=delegator)
    assert near(earned.claim_rewards(operator, delegator, 0, sender=delegator).return_value, EARNED)
    next_epoch()
    assert earned.pending_rewards(operator, delegator) == 0
    earned.reward(operator, 100 * COIN, sender=operator)
    next_epoch()
    # 1,500 of 2,500 coins of weight now.
    assert near(earned.pending_rewards(operator, delegator), 54 * COIN)


@pytest.mark.parametrize("stored", [False, True])
def test_shares_of_a_wiped_pool_keep_what_they_earned(earned, operator, service, delegator, next_epoch, stored):
    """What was earned before the slash is paid whenever; the epoch of the slash earns nothing."""
    if stored:
        earned.poke(operator, service, sender=operator)
    earned.reward(operator, 100 * COIN, sender=operator)
    earned.slash(operator, 0, STAKE // MULTIPLE, sender=service)
    assert earned.operator_state(operator).generation == 1
    next_epoch(4)
    assert near(earned.pending_rewards(operator, delegator), EARNED)
    assert near(earned.claim_rewards(operator, delegator, 0, sender=delegator).return_value, EARNED)
    assert earned.claim_rewards(operator, delegator, 0, sender=delegator).return_value == 0


def test_a_top_up_that_waited_in_a_wiped_pool(earned, operator, service, delegator, other_delegator, next_epoch):
    """The second word of an old generation earns nothing and spoils nothing, whoever joins and earns after it."""
    earned.stake(operator, STAKE // 2, 0, 0, sender=delegator)
    earned.slash(operator, 0, 3 * STAKE // 4, sender=service)
    earned.stake(operator, 10 * COIN, 0, 0, sender=other_delegator)
    next_epoch()
    earned.reward(operator, 100 * COIN, sender=operator)
    next_epoch()
    assert near(earned.pending_rewards(operator, delegator), EARNED)
    earned.stake(operator, 10 * COIN, 0, 0, sender=delegator)
    assert near(earned.credit(delegator), EARNED)
    assert earned.position(operator, delegator) == (10 * COIN, 10 * COIN)
    assert earned.pending_rewards(operator, delegator) == 0
    next_epoch()
    assert earned.pending_rewards(operator, delegator) == 0


def test_a_first_stake_that_waited_in_a_wiped_pool(hub, operator, service, delegator, other_delegator, next_epoch):
    hub.stake(operator, STAKE, 0, 0, sender=delegator)
    hub.slash(operator, 0, STAKE // MULTIPLE, sender=service)
    hub.stake(operator, 10 * COIN, 0, 0, sender=other_delegator)
    next_epoch()
    hub.reward(operator, 100 * COIN, sender=operator)
    next_epoch(2)
    assert hub.pending_rewards(operator, delegator) == 0
    assert hub.claim_rewards(operator, delegator, 0, sender=delegator).return_value == 0
    assert hub.pending_rewards(operator, other_delegator) > 0


def test_a_stranger_who_stakes_for_another_takes_nothing_from_it(earned, operator, delegator, stranger, next_epoch):
    earned.stake_for(operator, delegator, COIN, 0, sender=stranger)
    assert near(earned.pending_rewards(operator, delegator), EARNED)
    next_epoch()
    earned.stake_for(operator, delegator, COIN, 0, sender=stranger)
    assert near(earned.pending_rewards(operator, delegator), EARNED)
    earned.unstake(operator, STAKE + 2 * COIN, 0, 0, sender=delegator)
    assert near(earned.credit(delegator), EARNED)
