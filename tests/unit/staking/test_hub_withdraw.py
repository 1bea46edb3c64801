"""StakingHub.withdraw: a matured ticket is paid out once."""

from __future__ import annotations

import ape

from keifu.units import COIN
from tests.unit.staking.conftest import MULTIPLE, UNBONDING, ticket_of


def test_pays_a_matured_ticket(staked, token, operator, delegator, wait):
    ticket = ticket_of(staked.unstake(operator, 40 * COIN, 0, 0, sender=delegator))
    wait(UNBONDING * 3 // 2)
    before = token.balanceOf(delegator)
    receipt = staked.withdraw(ticket, 0, sender=delegator)
    assert receipt.return_value == 40 * COIN
    assert receipt.events[0] == staked.Withdrawn(operator=operator, owner=delegator, ticket=ticket, amount=40 * COIN)
    assert token.balanceOf(delegator) == before + 40 * COIN


def test_not_before_it_matures(staked, operator, delegator, chain):
    ticket = ticket_of(staked.unstake(operator, 40 * COIN, 0, 0, sender=delegator))
    maturity = staked.ticket(delegator, ticket)[1]
    chain.pending_timestamp = maturity - 1
    with ape.reverts("hub: not matured"):
        staked.withdraw(ticket, 0, sender=delegator)
    chain.pending_timestamp = maturity
    staked.withdraw(ticket, 0, sender=delegator)


def test_once(staked, operator, delegator, stranger, wait):
    ticket = ticket_of(staked.unstake(operator, 40 * COIN, 0, 0, sender=delegator))
    wait(2 * UNBONDING)
    with ape.reverts("hub: no ticket"):
        staked.withdraw(ticket, 0, sender=stranger)
    with ape.reverts("hub: no ticket"):
        staked.withdraw(ticket, 1, sender=delegator)
    staked.withdraw(ticket, 0, sender=delegator)
    with ape.reverts("hub: no ticket"):
        staked.withdraw(ticket, 0, sender=delegator)


def test_a_ticket_that_was_slashed_to_nothing_pays_nothing(hub, other_operator, delegator, service, wait):
    hub.stake(other_operator, 500 * COIN, 0, 0, sender=delegator)
    ticket = ticket_of(hub.unstake(other_operator, 500 * COIN, 0, 0, sender=delegator))
    taken = hub.slash(other_operator, 0, 500 * COIN // MULTIPLE, sender=service)
    assert taken.return_value[2] == 500 * COIN
    wait(UNBONDING * 3 // 2)
    receipt = hub.withdraw(ticket, 0, sender=delegator)
    assert [event.event_name for event in receipt.events] == ["Withdrawn"]
    assert receipt.events[0].amount == 0
