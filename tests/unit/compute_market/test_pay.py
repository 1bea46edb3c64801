"""ComputeMarket.withdraw and pay: credits are paid once; the coins for all of them, and for bonds, are there."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from tests.unit.compute_market.conftest import BOND, RESTITUTION, REWARD


@pytest.fixture
def reported(covered, asked, lie, report, prover):
    """A cover was taken while a demand is open."""
    asked()
    return report(prover, lie())


def test_withdraw_to_a_place_of_one_s_choice(market, token, reported, prover, stranger, payer):
    """CMP-11"""
    before, reward = token.balanceOf(stranger), REWARD + RESTITUTION // 10
    assert token.balanceOf(market) == RESTITUTION + reward + BOND
    assert market.withdraw(stranger, sender=prover).return_value == reward
    assert token.balanceOf(stranger) - before == reward
    assert market.withdraw(payer, sender=payer).return_value == RESTITUTION
    assert token.balanceOf(market) == BOND


def test_pay_goes_to_the_account_alone(market, token, reported, stranger, payer):
    """CMP-11: anybody may ask, nobody can choose another receiver."""
    before = token.balanceOf(payer)
    receipt = market.pay(payer, sender=stranger)
    assert market.Paid(account=payer, receiver=payer, amount=RESTITUTION) in receipt.events
    assert token.balanceOf(payer) - before == RESTITUTION


def test_nothing_twice(market, reported, prover, stranger):
    market.withdraw(prover, sender=prover)
    for call in (lambda: market.withdraw(prover, sender=prover), lambda: market.pay(prover, sender=stranger)):
        with ape.reverts("payouts: nothing to pay"):
            call()


def test_receivers(market, reported, prover):
    for receiver in (ZERO_ADDRESS, market):
        with ape.reverts("payouts: no receiver"):
            market.withdraw(receiver, sender=prover)
