"""StakingHub.unstake: shares become a ticket that stays slashable until it matures."""

from __future__ import annotations

import ape

from keifu.units import COIN
from tests.unit.staking.conftest import FEE_DUST, UNBONDING, ticket_of


def test_moves_the_worth_to_a_ticket(staked, operator, delegator, chain):
    receipt = staked.unstake(operator, 40 * COIN, 40 * COIN, 0, sender=delegator)
    ticket = ticket_of(receipt)
    half = chain.blocks.head.timestamp // (UNBONDING // 2)
    assert receipt.return_value == ticket == int(operator.address, 16) << 96 | half
    assert receipt.events == [
        staked.Unstaked(
            operator=operator,
            owner=delegator,
            ticket=ticket,
            ticket_owner=delegator,
            amount=40 * COIN,
            shares=40 * COIN,
        )
    ]
    worth, maturity = staked.ticket(delegator, ticket)
    assert worth == 40 * COIN
    assert chain.blocks.head.timestamp + UNBONDING <= maturity
    assert maturity <= chain.blocks.head.timestamp + UNBONDING * 3 // 2
    assert staked.operator_state(operator).unbonding == 40 * COIN


def test_asking_again_adds_to_the_ticket(staked, operator, delegator):
    ticket = ticket_of(staked.unstake(operator, 40 * COIN, 0, 0, sender=delegator))
    assert ticket_of(staked.unstake(operator, 10 * COIN, 0, 0, sender=delegator)) == ticket
    assert staked.ticket(delegator, ticket)[0] == 50 * COIN


def test_no_shares(staked, operator, delegator):
    with ape.reverts("hub: zero amount"):
        staked.unstake(operator, 0, 0, 0, sender=delegator)


def test_more_than_held(staked, operator, delegator, stranger):
    for account, shares in ((delegator, 100 * COIN + 1), (delegator, 2**256 - 1), (stranger, 1)):
        with ape.reverts("hub: not enough shares"):
            staked.unstake(operator, shares, 0, 0, sender=account)


def test_nobody_known(staked, delegator, stranger):
    with ape.reverts("hub: unknown operator"):
        staked.unstake(stranger, 1, 0, 0, sender=delegator)


def test_slippage_guard(staked, operator, delegator):
    with ape.reverts("hub: too little"):
        staked.unstake(operator, 10 * COIN, 10 * COIN + 1, 0, sender=delegator)


def test_no_dust_stays(staked, operator, delegator):
    with ape.reverts("hub: dust left"):
        staked.unstake(operator, 100 * COIN - 1, 0, 0, sender=delegator)
    staked.unstake(operator, 99 * COIN, 0, 0, sender=delegator)
    staked.unstake(operator, COIN, 0, 0, sender=delegator)
    assert staked.operator_state(operator).shares == 0


def test_shares_that_earn_and_shares_that_do_not_yet_are_one_position(staked, operator, delegator, next_epoch):
    next_epoch()
    staked.stake(operator, 10 * COIN, 0, 0, sender=delegator)
    assert staked.position(operator, delegator) == (110 * COIN, 110 * COIN)
    with ape.reverts("hub: not enough shares"):
        staked.unstake(operator, 110 * COIN + 1, 0, 0, sender=delegator)
    staked.unstake(operator, 105 * COIN, 0, 0, sender=delegator)
    assert staked.position(operator, delegator) == (5 * COIN, 5 * COIN)
    next_epoch()
    staked.unstake(operator, 5 * COIN, 0, 0, sender=delegator)
    assert staked.position(operator, delegator) == (0, 0)


def test_what_was_earned_is_credited(staked, operator, delegator, next_epoch):
    """Attack 21: taking back what was added loses nothing that was earned."""
    next_epoch()
    staked.reward(operator, 110 * COIN, sender=operator)
    next_epoch()
    earned = staked.pending_rewards(operator, delegator) or _after_poke(staked, operator, delegator)
    staked.stake(operator, 1_000 * COIN, 0, 0, sender=delegator)
    staked.unstake(operator, 1_000 * COIN, 0, 0, sender=delegator)
    assert staked.pending_rewards(operator, delegator) == earned
    staked.unstake(operator, 100 * COIN, 0, 0, sender=delegator)
    assert staked.credit(delegator) == earned
    assert abs(earned - 9 * COIN) <= FEE_DUST


def _after_poke(hub, operator, delegator):
    hub.poke(operator, operator, sender=operator)
    return hub.pending_rewards(operator, delegator)


def test_dust_of_the_last_to_leave_is_insured(hub, other_operator, service, delegator, other_delegator, sink):
    hub.stake(other_operator, 10 * COIN, 0, 0, sender=delegator)
    hub.stake(other_operator, 10 * COIN, 0, 0, sender=other_delegator)
    hub.slash(other_operator, 0, 3, sender=service)
    insured = hub.credit(sink)
    for account in (delegator, other_delegator):
        hub.unstake(other_operator, 10 * COIN, 0, 0, sender=account)
    state = hub.operator_state(other_operator)
    assert (state.delegated, state.shares) == (0, 0)
    assert hub.credit(sink) + state.unbonding == insured + 20 * COIN - 6


def test_sub_account(staked, operator, delegator):
    staked.stake(operator, 5 * COIN, 0, 3, sender=delegator)
    ticket = ticket_of(staked.unstake(operator, 5 * COIN, 0, 3, sender=delegator))
    assert staked.ticket(staked.owner_key(delegator, 3), ticket)[0] == 5 * COIN
    assert staked.ticket(delegator, ticket)[0] == 0
