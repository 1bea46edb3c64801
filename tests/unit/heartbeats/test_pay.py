"""HeartbeatService.withdraw and pay: credits are paid once, from what the hub credited."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from tests.unit.heartbeats.conftest import RESTITUTION, REWARD


@pytest.fixture
def reported(heartbeats, lie, commit, weights, prover):
    return heartbeats.report(lie.args, commit(lie, prover), weights.args, sender=prover)


def test_withdraw_to_a_place_of_one_s_choice(heartbeats, hub, token, reported, prover, stranger, restituted):
    """HBT-7"""
    before = token.balanceOf(stranger)
    assert heartbeats.withdraw(stranger, sender=prover).return_value == REWARD
    assert token.balanceOf(stranger) - before == REWARD
    assert (token.balanceOf(heartbeats), hub.credit(heartbeats)) == (RESTITUTION, 0)
    assert heartbeats.withdraw(restituted, sender=restituted).return_value == RESTITUTION
    assert token.balanceOf(heartbeats) == 0


def test_pay_goes_to_the_account_alone(heartbeats, token, reported, stranger, restituted):
    """HBT-7: anybody may ask, nobody can choose another receiver."""
    before = token.balanceOf(restituted)
    receipt = heartbeats.pay(restituted, sender=stranger)
    assert heartbeats.Paid(account=restituted, receiver=restituted, amount=RESTITUTION) in receipt.events
    assert token.balanceOf(restituted) - before == RESTITUTION


def test_nothing_twice(heartbeats, reported, prover, stranger):
    heartbeats.withdraw(prover, sender=prover)
    for call in (lambda: heartbeats.withdraw(prover, sender=prover), lambda: heartbeats.pay(prover, sender=stranger)):
        with ape.reverts("heartbeats: nothing to pay"):
            call()


def test_receivers(heartbeats, reported, prover):
    for receiver in (ZERO_ADDRESS, heartbeats):
        with ape.reverts("heartbeats: no receiver"):
            heartbeats.withdraw(receiver, sender=prover)
