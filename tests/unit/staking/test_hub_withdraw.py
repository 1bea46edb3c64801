"""StakingHub.withdraw, withdraw_many: a matured ticket is paid out once."""

from __future__ import annotations

import ape

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.staking.conftest import EVIDENCE, UNBONDING, ticket_of


def test_pays_a_matured_ticket(staked, token, operator, delegator, wait):
    ticket = ticket_of(staked.unstake(operator, 40 * COIN, sender=delegator))
    wait(UNBONDING * 3 // 2)
    before = token.balanceOf(delegator)
    receipt = staked.withdraw(ticket, sender=delegator)
    assert receipt.events[0] == staked.Withdrawn(operator=operator, owner=delegator, ticket=ticket, amount=40 * COIN)
    assert token.balanceOf(delegator) == before + 40 * COIN


def test_not_before_it_matures(staked, operator, delegator, chain):
    ticket = ticket_of(staked.unstake(operator, 40 * COIN, sender=delegator))
    maturity = staked.ticket(delegator, ticket)[1]
    chain.pending_timestamp = maturity - 1
    with ape.reverts("hub: not matured"):
        staked.withdraw(ticket, sender=delegator)
    chain.pending_timestamp = maturity
    staked.withdraw(ticket, sender=delegator)


def test_once(staked, operator, delegator, stranger, wait):
    ticket = ticket_of(staked.unstake(operator, 40 * COIN, sender=delegator))
    wait(2 * UNBONDING)
    with ape.reverts("hub: no ticket"):
        staked.withdraw(ticket, sender=stranger)
    staked.withdraw(ticket, sender=delegator)
    with ape.reverts("hub: no ticket"):
        staked.withdraw(ticket, sender=delegator)


def test_a_ticket_that_was_slashed_to_nothing_pays_nothing(hub, operator, delegator, service, wait):
    hub.stake(operator, 500 * COIN, 0, sender=delegator)
    delegated = hub.operator_state(operator).delegated
    ticket = ticket_of(hub.unstake(operator, 500 * COIN, sender=delegator))
    hub.unbond(2_000 * COIN, sender=operator)
    wait(UNBONDING)  # the bond is out of reach, the ticket not yet
    taken = hub.slash(operator, 1_500 * COIN, ZERO_ADDRESS, ZERO_ADDRESS, EVIDENCE, sender=service)
    assert taken.events[0].from_delegators == delegated
    wait(UNBONDING)
    receipt = hub.withdraw(ticket, sender=delegator)
    assert [event.event_name for event in receipt.events] == ["Withdrawn"]
    assert receipt.events[0].amount == 0


def test_many_with_one_transfer(staked, token, operator, delegator, wait):
    first = ticket_of(staked.unstake(operator, 40 * COIN, sender=delegator))
    wait(UNBONDING // 2)
    second = ticket_of(staked.unstake(operator, 30 * COIN, sender=delegator))
    wait(2 * UNBONDING)
    before = token.balanceOf(delegator)
    receipt = staked.withdraw_many([first, second], sender=delegator)
    assert [event.event_name for event in receipt.events] == ["Withdrawn", "Withdrawn", "Transfer"]
    assert token.balanceOf(delegator) == before + 70 * COIN
