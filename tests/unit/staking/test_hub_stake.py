"""StakingHub.stake, stake_for: coins become shares of an operator's pool."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.staking.conftest import BOUND, EXPOSURE, MULTIPLE


def test_first_stake_gets_a_share_a_wei(hub, token, operator, delegator):
    before = token.balanceOf(delegator)
    receipt = hub.stake(operator, 100 * COIN, 100 * COIN, 0, sender=delegator)
    assert receipt.return_value == 100 * COIN
    assert receipt.events[0] == hub.Staked(operator=operator, owner=delegator, amount=100 * COIN, shares=100 * COIN)
    assert hub.position(operator, delegator) == (100 * COIN, 100 * COIN)
    assert token.balanceOf(delegator) == before - 100 * COIN


def test_after_a_slash_a_coin_buys_more_shares(hub, operator, service, delegator, other_delegator):
    hub.stake(operator, 1_000 * COIN, 0, 0, sender=delegator)
    hub.slash(operator, 0, 500 * COIN // MULTIPLE, sender=service)
    hub.stake(operator, 10 * COIN, 0, 0, sender=other_delegator)
    assert hub.position(operator, other_delegator) == (20 * COIN, 10 * COIN)


def test_below_the_minimum(hub, operator, delegator):
    for amount in (0, COIN - 1):
        with ape.reverts("hub: below minimum stake"):
            hub.stake(operator, amount, 0, 0, sender=delegator)
    hub.stake(operator, hub.MIN_STAKE(), 0, 0, sender=delegator)


def test_unknown_operator(hub, stranger, delegator):
    with ape.reverts("hub: unknown operator"):
        hub.stake(stranger, COIN, 0, 0, sender=delegator)


def test_no_more_than_what_is_bound_carries(hub, operator, service, delegator, other_delegator):
    hub.stake(operator, EXPOSURE - COIN, 0, 0, sender=delegator)
    with ape.reverts("hub: pool is full"):
        hub.stake(operator, COIN + 1, 0, 0, sender=other_delegator)
    hub.stake(operator, COIN, 0, 0, sender=other_delegator)
    with ape.reverts("hub: pool is full"):
        hub.stake(operator, COIN, 0, 0, sender=other_delegator)
    hub.bind(operator, BOUND + COIN, sender=service)
    hub.stake(operator, MULTIPLE * COIN, 0, 0, sender=other_delegator)


def test_a_lowering_closes_the_pool_at_once(hub, operator, service, delegator):
    hub.stake(operator, COIN, 0, 0, sender=delegator)
    hub.set_multiple(service, 0, sender=operator)
    with ape.reverts("hub: pool is full"):
        hub.stake(operator, COIN, 0, 0, sender=delegator)
    hub.unstake(operator, COIN, 0, 0, sender=delegator)


def test_slippage_guard(hub, operator, delegator):
    with ape.reverts("hub: too little"):
        hub.stake(operator, COIN, COIN + 1, 0, sender=delegator)


def test_without_coins(hub, token, operator, delegator, stranger):
    token.transfer(delegator, token.balanceOf(stranger), sender=stranger)
    with ape.reverts("token: insufficient balance"):
        hub.stake(operator, COIN, 0, 0, sender=stranger)


def test_sub_accounts_are_kept_apart(hub, operator, delegator, sub_key):
    hub.stake(operator, 2 * COIN, 0, 7, sender=delegator)
    key = hub.owner_key(delegator, 7)
    assert bytes.fromhex(key[2:]) == sub_key(delegator, 7)
    assert hub.position(operator, key) == (2 * COIN, 2 * COIN)
    assert hub.position(operator, delegator) == (0, 0)


def test_stake_for_credits_another_owner(hub, token, operator, delegator, stranger):
    before = token.balanceOf(stranger)
    receipt = hub.stake_for(operator, delegator, 3 * COIN, 0, sender=stranger)
    assert receipt.events[0] == hub.Staked(operator=operator, owner=delegator, amount=3 * COIN, shares=3 * COIN)
    assert hub.position(operator, delegator)[0] == 3 * COIN
    assert hub.position(operator, stranger) == (0, 0)
    assert token.balanceOf(stranger) == before - 3 * COIN


def test_stake_for_nobody(hub, operator, stranger):
    with ape.reverts("hub: no owner key"):
        hub.stake_for(operator, ZERO_ADDRESS, COIN, 0, sender=stranger)


@pytest.mark.parametrize("generation", [1, 2])
def test_after_a_pool_was_wiped(hub, operator, service, delegator, generation):
    for _ in range(generation):
        hub.stake(operator, COIN, 0, 0, sender=delegator)
        hub.slash(operator, 0, COIN, sender=service)
    assert hub.operator_state(operator).generation == generation
    hub.stake(operator, 3 * COIN, 3 * COIN, 0, sender=delegator)
    assert hub.position(operator, delegator) == (3 * COIN, 3 * COIN)
