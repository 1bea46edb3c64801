"""RewardStream: equal parts a second into the hub, until it is dry. RWD-4"""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN

DURATION = 1_000_000
AMOUNT = 10_000 * COIN


@pytest.fixture(scope="module")
def stream(project, hub, token, deployer, owner):
    stream = project.RewardStream.deploy(token, hub, DURATION, sender=deployer)
    token.approve(stream, 2**256 - 1, sender=owner)
    return stream


def test_rwd_4_hands_over_equal_parts_a_second(stream, hub, token, owner, stranger, chain):
    receipt = stream.fund(AMOUNT, sender=owner)
    begun = chain.blocks.head.timestamp
    assert receipt.events[0] == stream.Funded(payer=owner, amount=AMOUNT)
    left = stream.end() - begun
    chain.pending_timestamp = begun + 1_000
    due = AMOUNT * 1_000 // left
    receipt = stream.release(sender=stranger)
    assert stream.Released(amount=due, until=begun + 1_000) in receipt.events
    assert hub.EmissionFunded(payer=stream, amount=due) in receipt.events
    assert token.balanceOf(stream) == AMOUNT - due


def test_rwd_4_is_dry_at_its_end(stream, token, owner, stranger, chain):
    stream.fund(AMOUNT, sender=owner)
    chain.pending_timestamp = stream.end()
    stream.release(sender=stranger)
    assert token.balanceOf(stream) == 0
    assert stream.releasable() == 0
    assert stream.release(sender=stranger).return_value == 0


def test_money_that_comes_later_is_spread_over_what_is_left(stream, token, owner, chain):
    chain.pending_timestamp = stream.end() - 1_000
    stream.fund(AMOUNT, sender=owner)
    assert stream.releasable() == 0
    chain.pending_timestamp = stream.end() - 500
    chain.mine()
    assert stream.releasable() == AMOUNT // 2


def test_funding_nothing(stream, owner):
    with ape.reverts("stream: zero amount"):
        stream.fund(0, sender=owner)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({0: ZERO_ADDRESS}, "stream: token is no contract"),
        ({1: ZERO_ADDRESS}, "stream: hub is no contract"),
        ({2: 0}, "stream: no duration"),
    ],
)
def test_constructor_refusals(project, token, hub, deployer, change, reason):
    args = [token, hub, DURATION]
    for index, value in change.items():
        args[index] = value
    with ape.reverts(reason):
        project.RewardStream.deploy(*args, sender=deployer)
