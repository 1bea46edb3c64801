"""StakingHub.collect, pay_insurance, pay_treasury: what the hub owes is paid out, once."""

from __future__ import annotations

import ape

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN
from tests.unit.staking.conftest import BOUND, EMISSION_EPOCHS, EMISSION_START, FEE_DUST


def test_collecting(hub, token, service, operator, stranger):
    hub.unlock(operator, 7 * COIN, BOUND, sender=service)
    before = token.balanceOf(stranger)
    receipt = hub.collect(stranger, 0, sender=operator)
    assert receipt.return_value == 7 * COIN
    assert receipt.events[0] == hub.Collected(owner=operator, receiver=stranger, amount=7 * COIN)
    assert token.balanceOf(stranger) == before + 7 * COIN
    assert hub.credit(operator) == 0
    again = hub.collect(stranger, 0, sender=operator)
    assert again.return_value == 0
    assert [event.event_name for event in again.events] == ["Collected"]


def test_without_a_receiver(hub, operator):
    with ape.reverts("hub: no receiver"):
        hub.collect(ZERO_ADDRESS, 0, sender=operator)


def test_of_a_sub_account(hub, token, service, operator, delegator, stranger, next_epoch):
    key = hub.owner_key(delegator, 9)
    hub.stake(operator, 100 * COIN, 0, 9, sender=delegator)
    next_epoch()
    hub.reward(operator, 110 * COIN, sender=stranger)
    next_epoch()
    hub.unstake(operator, 100 * COIN, 0, 9, sender=delegator)
    earned = hub.credit(key)
    assert abs(earned - 9 * COIN) <= FEE_DUST
    assert hub.collect(stranger, 0, sender=delegator).return_value == 0
    assert hub.collect(stranger, 9, sender=delegator).return_value == earned


def test_the_insurance_is_paid_by_anybody(hub, token, service, operator, sink, stranger):
    hub.slash(operator, 10 * COIN, COIN, sender=service)
    before = token.balanceOf(sink)
    receipt = hub.pay_insurance(sender=stranger)
    assert receipt.return_value == 3 * COIN
    assert receipt.events[0] == hub.Collected(owner=sink, receiver=sink, amount=3 * COIN)
    assert token.balanceOf(sink) == before + 3 * COIN
    assert hub.pay_insurance(sender=stranger).return_value == 0


def test_the_treasury_gets_emission_that_nobody_earned(
    hub, token, service, operator, other_operator, treasury, stranger, next_epoch
):
    hub.fund_emission(EMISSION_EPOCHS * COIN, sender=stranger)
    for account in (operator, other_operator):
        hub.bind(account, 0, sender=service)
    next_epoch(EMISSION_START + 3 - hub.epoch())
    before = token.balanceOf(treasury)
    receipt = hub.pay_treasury(sender=stranger)
    assert receipt.return_value == 3 * COIN
    assert receipt.events[0] == hub.Collected(owner=treasury, receiver=treasury, amount=3 * COIN)
    assert token.balanceOf(treasury) == before + 3 * COIN
    assert hub.pay_treasury(sender=stranger).return_value == 0
