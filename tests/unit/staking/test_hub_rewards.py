"""StakingHub.reward, fund_emission, claim_rewards, claim_many, collect, poke."""

from __future__ import annotations

import ape

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.staking.conftest import EPOCH


def test_a_fee_is_earned_over_the_next_epoch(staked, token, operator, delegator, stranger, chain, wait):
    receipt = staked.reward(operator, 210 * COIN, sender=stranger)
    assert receipt.events[0] == staked.Rewarded(operator=operator, payer=stranger, amount=210 * COIN)
    assert staked.pending_rewards(operator, delegator) == 0
    chain.pending_timestamp = staked.epoch_start(2) + EPOCH // 2
    chain.mine()
    # 10 % commission; 189 coins are divided by 2,000 of bond and 100 of delegation; half an epoch is over.
    half = staked.pending_rewards(operator, delegator)
    assert abs(half - 9 * COIN // 2) < COIN // 1_000
    wait(EPOCH)
    before = token.balanceOf(stranger)
    receipt = staked.claim_rewards(operator, stranger, sender=delegator)
    paid = receipt.return_value
    assert abs(paid - 9 * COIN) < 1_000
    assert receipt.events[0] == staked.RewardsClaimed(
        operator=operator, owner=delegator, receiver=stranger, amount=paid
    )
    assert token.balanceOf(stranger) == before + paid
    assert staked.claim_rewards(operator, stranger, sender=delegator).return_value == 0
    assert abs(staked.credit(operator) - 201 * COIN) < 1_000


def test_a_newcomer_earns_nothing_of_the_running_epoch(staked, operator, delegator, other_delegator, stranger, chain):
    staked.reward(operator, 210 * COIN, sender=stranger)
    chain.pending_timestamp = staked.epoch_start(2) + 100
    staked.stake(operator, 10_000 * COIN, 0, sender=other_delegator)
    chain.pending_timestamp = staked.epoch_start(3)
    chain.mine()
    assert staked.pending_rewards(operator, other_delegator) == 0
    assert abs(staked.pending_rewards(operator, delegator) - 9 * COIN) < 1_000


def test_emission_follows_stake(staked, operator, other_operator, owner, chain):
    receipt = staked.fund_emission(4_100 * COIN, sender=owner)
    assert receipt.events[0] == staked.EmissionFunded(payer=owner, amount=4_100 * COIN)
    for epoch in (2, 3):
        chain.pending_timestamp = staked.epoch_start(epoch) + 10
        for name in (operator, other_operator):
            staked.poke(name, sender=owner)
    assert abs(staked.credit(other_operator) - 2_000 * COIN) < 1_000


def test_nothing_to_pay(hub, operator, stranger):
    with ape.reverts("hub: zero amount"):
        hub.reward(operator, 0, sender=stranger)
    with ape.reverts("hub: zero amount"):
        hub.fund_emission(0, sender=stranger)
    with ape.reverts("hub: unknown operator"):
        hub.reward(stranger, 1, sender=stranger)
    with ape.reverts("hub: unknown operator"):
        hub.poke(stranger, sender=stranger)


def test_claim_many(staked, token, operator, other_operator, delegator, stranger, wait):
    staked.stake(other_operator, 50 * COIN, 0, sender=delegator)
    for name in (operator, other_operator):
        staked.reward(name, 210 * COIN, sender=stranger)
    wait(2 * EPOCH)
    due = sum(staked.pending_rewards(name, delegator) for name in (operator, other_operator))
    before = token.balanceOf(delegator)
    staked.claim_many([operator, other_operator], delegator, sender=delegator)
    assert token.balanceOf(delegator) - before == due > 0


def test_claims_need_a_receiver(staked, operator, delegator):
    with ape.reverts("hub: no receiver"):
        staked.claim_rewards(operator, ZERO_ADDRESS, sender=delegator)
    with ape.reverts("hub: no receiver"):
        staked.claim_many([operator], ZERO_ADDRESS, sender=delegator)
    with ape.reverts("hub: no receiver"):
        staked.collect(ZERO_ADDRESS, sender=delegator)


def test_collect_pays_a_credit_once(staked, token, operator, stranger, wait):
    staked.reward(operator, 210 * COIN, sender=stranger)
    wait(EPOCH)
    staked.poke(operator, sender=stranger)
    due = staked.credit(operator)
    before = token.balanceOf(stranger)
    receipt = staked.collect(stranger, sender=operator)
    assert receipt.events[0] == staked.Collected(owner=operator, receiver=stranger, amount=due)
    assert token.balanceOf(stranger) == before + due
    assert staked.collect(stranger, sender=operator).return_value == 0
