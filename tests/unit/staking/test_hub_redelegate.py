"""StakingHub.redelegate, complete_redelegation: no shortcut round the unbonding period."""

from __future__ import annotations

import ape

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.staking.conftest import EVIDENCE, UNBONDING, ticket_of


def test_stakes_at_the_other_once_matured(staked, operator, other_operator, delegator, wait):
    ticket = ticket_of(staked.redelegate(operator, other_operator, 40 * COIN, sender=delegator))
    with ape.reverts("hub: not matured"):
        staked.complete_redelegation(ticket, other_operator, 0, sender=delegator)
    wait(UNBONDING * 3 // 2)
    staked.complete_redelegation(ticket, other_operator, 40 * COIN, sender=delegator)
    assert staked.position(other_operator, delegator) == (40 * COIN, 40 * COIN)


def test_only_where_it_was_meant_to_go(staked, operator, other_operator, delegator, wait):
    ticket = ticket_of(staked.redelegate(operator, other_operator, 40 * COIN, sender=delegator))
    wait(2 * UNBONDING)
    with ape.reverts("hub: no ticket"):
        staked.complete_redelegation(ticket, operator, 0, sender=delegator)


def test_leaves_when_the_other_takes_no_stake(staked, token, operator, other_operator, delegator, wait):
    ticket = ticket_of(staked.redelegate(operator, other_operator, 40 * COIN, sender=delegator))
    staked.unbond(2_000 * COIN, sender=other_operator)
    wait(2 * UNBONDING)
    with ape.reverts("hub: bond below minimum"):
        staked.complete_redelegation(ticket, other_operator, 0, sender=delegator)
    before = token.balanceOf(delegator)
    staked.withdraw(ticket, int(other_operator.address, 16), sender=delegator)
    assert token.balanceOf(delegator) == before + 40 * COIN


def test_unknown_target(staked, operator, delegator, stranger):
    with ape.reverts("hub: unknown operator"):
        staked.redelegate(operator, stranger, COIN, sender=delegator)


def test_sub_account_out_of_range(staked, operator, other_operator, delegator):
    with ape.reverts("hub: sub-account too large"):
        staked.redelegate(operator, other_operator, COIN, 0, 2**96, sender=delegator)


def test_moving_stake_is_slashed_at_the_old_operator(staked, operator, other_operator, delegator, service, wait):
    ticket = ticket_of(staked.redelegate(operator, other_operator, 100 * COIN, sender=delegator))
    staked.unbond(2_000 * COIN, sender=operator)
    wait(UNBONDING)
    staked.slash(operator, 50 * COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    wait(UNBONDING)
    staked.complete_redelegation(ticket, other_operator, 0, sender=delegator)
    assert staked.position(other_operator, delegator)[0] == 50 * COIN
