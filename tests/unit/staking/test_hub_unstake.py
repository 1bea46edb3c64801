"""StakingHub.unstake: shares become a ticket that stays slashable until it matures."""

from __future__ import annotations

import ape

from keifu.units import COIN
from tests.unit.staking.conftest import UNBONDING, ticket_of


def test_moves_the_worth_to_a_ticket(staked, operator, delegator, chain):
    receipt = staked.unstake(operator, 40 * COIN, sender=delegator)
    ticket = ticket_of(receipt)
    half = chain.blocks.head.timestamp // (UNBONDING // 2)
    assert ticket == int(operator.address, 16) << 96 | half
    assert receipt.events[0] == staked.Unstaked(
        operator=operator, owner=delegator, ticket=ticket, amount=40 * COIN, shares=40 * COIN
    )
    worth, maturity = staked.ticket(delegator, ticket)
    assert worth == 40 * COIN
    assert chain.blocks.head.timestamp + UNBONDING <= maturity
    assert maturity <= chain.blocks.head.timestamp + UNBONDING * 3 // 2
    assert staked.operator_state(operator).unbonding == 40 * COIN


def test_asking_again_adds_to_the_ticket(staked, operator, delegator):
    ticket = ticket_of(staked.unstake(operator, 40 * COIN, sender=delegator))
    assert ticket_of(staked.unstake(operator, 10 * COIN, sender=delegator)) == ticket
    assert staked.ticket(delegator, ticket)[0] == 50 * COIN


def test_no_shares(staked, operator, delegator):
    with ape.reverts("hub: zero shares"):
        staked.unstake(operator, 0, sender=delegator)


def test_more_than_held(staked, operator, delegator, stranger):
    with ape.reverts("hub: not enough shares"):
        staked.unstake(operator, 100 * COIN + 1, sender=delegator)
    with ape.reverts("hub: not enough shares"):
        staked.unstake(operator, 1, sender=stranger)


def test_slippage_guard(staked, operator, delegator):
    with ape.reverts("hub: too little"):
        staked.unstake(operator, 10 * COIN, 10 * COIN + 1, sender=delegator)


def test_no_dust_stays(staked, operator, delegator):
    with ape.reverts("hub: dust left"):
        staked.unstake(operator, 100 * COIN - 1, sender=delegator)
    staked.unstake(operator, 100 * COIN, sender=delegator)
    assert staked.operator_state(operator).shares == 0


def test_sub_account(staked, operator, delegator):
    staked.stake(operator, 5 * COIN, 0, 3, sender=delegator)
    ticket = ticket_of(staked.unstake(operator, 5 * COIN, 0, 3, sender=delegator))
    assert staked.ticket(staked.owner_key(delegator, 3), ticket)[0] == 5 * COIN
    assert staked.ticket(delegator, ticket)[0] == 0
