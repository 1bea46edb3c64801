"""StakingHub.stake, stake_for: coins become shares of an operator's pool."""

from __future__ import annotations

import ape

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.staking.conftest import EPOCH, EVIDENCE, UNBONDING


def test_first_stake_gets_a_share_a_wei(hub, token, operator, delegator):
    before = token.balanceOf(delegator)
    receipt = hub.stake(operator, 100 * COIN, 100 * COIN, sender=delegator)
    assert receipt.events[0] == hub.Staked(operator=operator, owner=delegator, amount=100 * COIN, shares=100 * COIN)
    assert hub.position(operator, delegator) == (100 * COIN, 100 * COIN)
    assert token.balanceOf(delegator) == before - 100 * COIN
    assert hub.totals().stake == 4_100 * COIN


def test_after_a_slash_a_coin_buys_more_shares(hub, operator, service, delegator, other_delegator, wait):
    hub.stake(operator, 1_000 * COIN, 0, sender=delegator)
    delegated = hub.operator_state(operator).delegated
    hub.unbond(2_000 * COIN, sender=operator)
    wait(UNBONDING)
    hub.slash(operator, delegated // 2, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    hub.bond(2_000 * COIN, sender=operator)
    wait(2 * EPOCH)
    hub.unjail(sender=operator)
    hub.stake(operator, 10 * COIN, 0, sender=other_delegator)
    assert hub.position(operator, other_delegator) == (20 * COIN, 10 * COIN)


def test_below_the_minimum(hub, operator, delegator):
    for amount in (0, COIN - 1):
        with ape.reverts("hub: below minimum stake"):
            hub.stake(operator, amount, 0, sender=delegator)


def test_unknown_operator(hub, stranger, delegator):
    with ape.reverts("hub: unknown operator"):
        hub.stake(stranger, COIN, 0, sender=delegator)


def test_operator_without_its_bond(hub, stranger, delegator):
    hub.register_operator(0, "", sender=stranger)
    with ape.reverts("hub: bond below minimum"):
        hub.stake(stranger, COIN, 0, sender=delegator)


def test_jailed_operator(hub, operator, service, delegator):
    hub.slash(operator, COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    with ape.reverts("hub: operator jailed"):
        hub.stake(operator, COIN, 0, sender=delegator)


def test_slippage_guard(hub, operator, delegator):
    with ape.reverts("hub: too few shares"):
        hub.stake(operator, COIN, COIN + 1, sender=delegator)


def test_without_coins(hub, token, operator, delegator, stranger):
    token.transfer(delegator, token.balanceOf(stranger), sender=stranger)
    with ape.reverts("token: insufficient balance"):
        hub.stake(operator, COIN, 0, sender=stranger)


def test_sub_accounts_are_kept_apart(hub, operator, delegator, sub_key):
    hub.stake(operator, 2 * COIN, 0, 7, sender=delegator)
    key = hub.owner_key(delegator, 7)
    assert bytes.fromhex(key[2:]) == sub_key(delegator, 7)
    assert hub.position(operator, key) == (2 * COIN, 2 * COIN)


def test_stake_for_credits_another_owner(hub, token, operator, delegator, stranger):
    before, held = token.balanceOf(stranger), hub.position(operator, delegator)[0]
    hub.stake_for(operator, delegator, 3 * COIN, 0, sender=stranger)
    assert hub.position(operator, delegator)[0] == held + 3 * COIN
    assert hub.position(operator, stranger) == (0, 0)
    assert token.balanceOf(stranger) == before - 3 * COIN


def test_stake_for_nobody(hub, operator, stranger):
    with ape.reverts("hub: no owner key"):
        hub.stake_for(operator, ZERO_ADDRESS, COIN, 0, sender=stranger)
