"""StakingHub.redelegate, complete_redelegation: no shortcut round the unbonding period."""

from __future__ import annotations

import ape
import pytest
from eth_abi.abi import encode
from eth_utils import keccak

from keifu.units import COIN
from tests.unit.staking.conftest import EXPOSURE, MULTIPLE, UNBONDING, ticket_of


def ticket_sub(to, sub=0):
    """The sub-account that holds tickets on their way to `to`."""
    return int.from_bytes(keccak(encode(["address", "uint256"], [to.address, sub])), "big")


@pytest.mark.parametrize("sub", [0, 7, 2**256 - 1])
def test_stakes_at_the_other_once_matured(hub, operator, other_operator, delegator, wait, sub):
    key = hub.owner_key(delegator, sub)
    hub.stake(operator, 50 * COIN, 0, sub, sender=delegator)
    ticket = ticket_of(hub.redelegate(operator, other_operator, 40 * COIN, 0, sub, sender=delegator))
    with ape.reverts("hub: not matured"):
        hub.complete_redelegation(ticket, other_operator, 0, sub, sender=delegator)
    wait(UNBONDING * 3 // 2)
    hub.complete_redelegation(ticket, other_operator, 40 * COIN, sub, sender=delegator)
    assert hub.position(other_operator, key) == (40 * COIN, 40 * COIN)
    assert hub.position(operator, key) == (10 * COIN, 10 * COIN)


@pytest.mark.parametrize("sub", [0, 7])
def test_the_log_names_whose_shares_left_and_whose_ticket_it_is(hub, operator, other_operator, delegator, sub):
    hub.stake(operator, 50 * COIN, 0, sub, sender=delegator)
    receipt = hub.redelegate(operator, other_operator, 40 * COIN, 0, sub, sender=delegator)
    assert receipt.events == [
        hub.Unstaked(
            operator=operator,
            owner=hub.owner_key(delegator, sub),
            ticket=receipt.return_value,
            ticket_owner=hub.owner_key(delegator, ticket_sub(other_operator, sub)),
            amount=40 * COIN,
            shares=40 * COIN,
        )
    ]


def test_only_where_it_was_meant_to_go(staked, operator, other_operator, delegator, wait):
    ticket = ticket_of(staked.redelegate(operator, other_operator, 40 * COIN, 0, 0, sender=delegator))
    wait(2 * UNBONDING)
    with ape.reverts("hub: no ticket"):
        staked.complete_redelegation(ticket, operator, 0, 0, sender=delegator)
    with ape.reverts("hub: no ticket"):
        staked.withdraw(ticket, 0, sender=delegator)


def test_leaves_when_the_other_takes_no_stake(
    staked, token, operator, other_operator, delegator, other_delegator, wait
):
    """Whatever fills the other pool meanwhile, the coins are not stuck between the two."""
    ticket = ticket_of(staked.redelegate(operator, other_operator, 40 * COIN, 0, 0, sender=delegator))
    staked.stake(other_operator, EXPOSURE - 40 * COIN + 1, 0, 0, sender=other_delegator)
    wait(2 * UNBONDING)
    with ape.reverts("hub: pool is full"):
        staked.complete_redelegation(ticket, other_operator, 0, 0, sender=delegator)
    before = token.balanceOf(delegator)
    staked.withdraw(ticket, ticket_sub(other_operator), sender=delegator)
    assert token.balanceOf(delegator) == before + 40 * COIN


def test_slippage_is_guarded_on_both_ways(staked, operator, other_operator, delegator, wait):
    with ape.reverts("hub: too little"):
        staked.redelegate(operator, other_operator, 40 * COIN, 40 * COIN + 1, 0, sender=delegator)
    ticket = ticket_of(staked.redelegate(operator, other_operator, 40 * COIN, 40 * COIN, 0, sender=delegator))
    wait(2 * UNBONDING)
    with ape.reverts("hub: too little"):
        staked.complete_redelegation(ticket, other_operator, 40 * COIN + 1, 0, sender=delegator)
    staked.complete_redelegation(ticket, other_operator, 40 * COIN, 0, sender=delegator)


def test_a_ticket_that_was_slashed_below_the_minimum(staked, operator, other_operator, delegator, service, wait):
    ticket = ticket_of(staked.redelegate(operator, other_operator, 100 * COIN, 0, 0, sender=delegator))
    staked.slash(operator, 0, 99 * COIN // MULTIPLE + 1, sender=service)
    wait(2 * UNBONDING)
    with ape.reverts("hub: below minimum stake"):
        staked.complete_redelegation(ticket, other_operator, 0, 0, sender=delegator)
    assert staked.withdraw(ticket, ticket_sub(other_operator), sender=delegator).return_value == COIN - 2


def test_unknown_target(staked, operator, delegator, stranger):
    with ape.reverts("hub: unknown operator"):
        staked.redelegate(operator, stranger, COIN, 0, 0, sender=delegator)


def test_moving_stake_is_slashed_at_the_old_operator(staked, operator, other_operator, delegator, service, wait):
    ticket = ticket_of(staked.redelegate(operator, other_operator, 100 * COIN, 0, 0, sender=delegator))
    staked.slash(operator, 0, 25 * COIN, sender=service)
    wait(2 * UNBONDING)
    staked.complete_redelegation(ticket, other_operator, 0, 0, sender=delegator)
    assert staked.position(other_operator, delegator)[0] == 50 * COIN
