"""VestingEscrow.stake, unstake, withdraw, write_off and claim_rewards."""

from __future__ import annotations

import ape

from audit.staked_hub import UNBONDING
from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN, DAY
from tests.unit.vesting.conftest import MONTH

STAKED = 600 * COIN
LATER = 2 * UNBONDING  # by then a ticket has matured


def test_a_beneficiary_stakes_what_is_not_vested(staking_escrow, hub, token, plan, holder, operator):
    receipt = staking_escrow.stake(1, operator, STAKED, STAKED, sender=holder)
    assert receipt.return_value == STAKED
    assert hub.position(operator, staking_escrow.stake_key(1)) == (STAKED, STAKED)
    stake = staking_escrow.stake_of(1)
    assert (stake.operator, stake.active, stake.leaving, stake.lost) == (operator, STAKED, 0, 0)
    assert token.balanceOf(staking_escrow) == plan()["total"] - STAKED


def test_a_claim_pays_what_is_here(staking_escrow, plan, holder, stranger, operator, at, start):
    staking_escrow.stake(1, operator, STAKED, 0, sender=holder)
    at(start + 36 * MONTH)
    assert staking_escrow.claim(1, sender=stranger).return_value == plan()["total"] - STAKED
    assert staking_escrow.claimable(1) == 0


def test_what_comes_back_can_be_claimed(staking_escrow, hub, token, plan, holder, stranger, operator, at, start):
    staking_escrow.stake(1, operator, STAKED, 0, sender=holder)
    at(start + 36 * MONTH)
    ticket = staking_escrow.unstake(1, STAKED, STAKED, sender=holder).return_value
    assert staking_escrow.stake_of(1).leaving == STAKED
    with ape.reverts("hub: not matured"):
        staking_escrow.withdraw(1, ticket, sender=stranger)
    at(start + 36 * MONTH + LATER)
    receipt = staking_escrow.withdraw(1, ticket, sender=stranger)
    assert next(iter(receipt.decode_logs(staking_escrow.Returned))) == staking_escrow.Returned(
        id=1, ticket=ticket, amount=STAKED, lost=0
    )
    staking_escrow.claim(1, sender=stranger)
    assert token.balanceOf(holder) == plan()["total"]


def test_a_revoked_grant_is_taken_out_by_anyone_and_paid_back(
    staking_escrow, token, plan, holder, revoker, stranger, operator, at, start
):
    staking_escrow.stake(1, operator, STAKED, 0, sender=holder)
    with ape.reverts("escrow: caller is not the beneficiary"):
        staking_escrow.unstake(1, STAKED, 0, sender=stranger)
    at(start)
    unvested = plan()["total"] - plan()["total"] // 3
    receipt = staking_escrow.revoke(1, sender=revoker)
    now = unvested - STAKED
    assert list(receipt.decode_logs(staking_escrow.Revoked)) == [
        staking_escrow.Revoked(id=1, revoker=revoker, refund=now, owed=STAKED)
    ]
    at(start + 1)
    assert staking_escrow.claim(1, sender=stranger).return_value == plan()["total"] // 3
    ticket = staking_escrow.unstake(1, STAKED, 0, sender=stranger).return_value
    with ape.reverts("escrow: grant was revoked"):
        staking_escrow.stake(1, operator, 0, 0, sender=holder)
    at(start + LATER)
    receipt = staking_escrow.withdraw(1, ticket, sender=stranger)
    assert list(receipt.decode_logs(staking_escrow.Settled)) == [
        staking_escrow.Settled(id=1, revoker=revoker, amount=STAKED)
    ]
    assert (token.balanceOf(revoker), token.balanceOf(staking_escrow)) == (unvested, 0)


def test_only_the_beneficiary_stakes_and_only_what_is_here(staking_escrow, plan, holder, stranger, operator):
    with ape.reverts("escrow: caller is not the beneficiary"):
        staking_escrow.stake(1, operator, STAKED, 0, sender=stranger)
    with ape.reverts("escrow: not enough coins here"):
        staking_escrow.stake(1, operator, plan()["total"] + 1, 0, sender=holder)


def test_a_grant_is_with_one_operator_at_a_time(staking_escrow, holder, operator, stranger):
    staking_escrow.stake(1, operator, STAKED, 0, sender=holder)
    with ape.reverts("escrow: staked with another operator"):
        staking_escrow.stake(1, stranger, COIN, 0, sender=holder)


def test_shares_that_are_not_there_do_not_leave(staking_escrow, holder, operator):
    staking_escrow.stake(1, operator, STAKED, 0, sender=holder)
    for shares in (0, STAKED + 1):
        with ape.reverts("escrow: not enough shares"):
            staking_escrow.unstake(1, shares, 0, sender=holder)


def test_a_ticket_of_another_grant_is_refused(staking_escrow, plan, deployer, holder, operator, at, start):
    staking_escrow.create(plan(), sender=deployer)
    staking_escrow.stake(1, operator, STAKED, 0, sender=holder)
    ticket = staking_escrow.unstake(1, STAKED, 0, sender=holder).return_value
    at(start + LATER)
    with ape.reverts("hub: no ticket"):
        staking_escrow.withdraw(2, ticket, sender=holder)


def test_rewards_go_to_the_beneficiary(staking_escrow, hub, token, holder, stranger, deployer, operator, at, start):
    with ape.reverts("escrow: nothing was staked"):
        staking_escrow.claim_rewards(1, sender=stranger)
    staking_escrow.stake(1, operator, STAKED, 0, sender=holder)
    token.approve(hub, 100 * COIN, sender=deployer)
    at(start + 2 * DAY)
    hub.reward(operator, 100 * COIN, sender=deployer)  # in an epoch that the stake was there for
    at(start + 5 * DAY)
    hub.poke(operator, ZERO_ADDRESS, sender=deployer)
    at(start + 9 * DAY)
    earned = staking_escrow.claim_rewards(1, sender=stranger).return_value
    assert token.balanceOf(holder) == earned
    assert 0 < earned < 100 * COIN
    with ape.reverts("escrow: no such grant"):
        staking_escrow.claim_rewards(2, sender=stranger)


def test_nothing_is_written_off_while_shares_are_held(staking_escrow, holder, operator):
    staking_escrow.stake(1, operator, STAKED, 0, sender=holder)
    assert staking_escrow.write_off(1, sender=holder).return_value == 0
    assert staking_escrow.stake_of(1).active == STAKED


def test_without_a_hub_nothing_is_staked(escrow, plan, deployer, holder, operator):
    number = escrow.create(plan(revoker=ZERO_ADDRESS), sender=deployer).return_value
    with ape.reverts("escrow: no hub"):
        escrow.stake(number, operator, STAKED, 0, sender=holder)
