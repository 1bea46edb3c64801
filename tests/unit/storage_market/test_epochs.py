"""StorageMarket.open_epoch and see_seed: which seed an epoch has, and until when proofs are taken."""

from __future__ import annotations

import ape
import pytest

from keifu.units import COIN
from tests.unit.storage_market.conftest import EPOCH, TIP, WINDOW

SEED = b"\x01" * 32


@pytest.fixture
def pot(market, deals, stranger):
    """Tips for three calls."""
    market.fund_tips(3 * TIP, sender=stranger)


def test_the_first_to_open_names_the_next_seed(market, deals, randomness, pot, stranger, client, to_epoch):
    """STO-6"""
    randomness.put(41, SEED, sender=stranger)
    to_epoch(2)
    receipt = market.open_epoch(2, sender=client)
    assert receipt.return_value == 42 == market.seed_number(2)
    assert (market.credits(client), market.pot(), market.proofs_until(2)) == (TIP, 2 * TIP, 0)
    (event,) = receipt.events.filter(market.EpochOpened)
    assert (event.epoch, event.seed_number) == (2, 42)
    randomness.put(42, SEED, sender=stranger)
    receipt = market.see_seed(2, sender=stranger)
    last = receipt.timestamp + WINDOW
    assert bytes(receipt.return_value) == SEED == bytes(market.seed_of(2))
    assert (market.proofs_until(2), market.credits(stranger), market.pot()) == (last, TIP, TIP)
    (event,) = receipt.events.filter(market.SeedSeen)
    assert (event.epoch, bytes(event.seed), event.last) == (2, SEED, last)


def test_epochs_are_counted_from_one(market, to_epoch, chain):
    assert market.epoch() == 1
    to_epoch(2, 0)
    assert market.epoch() == 2
    to_epoch(9, EPOCH - 1)
    assert market.epoch() == 9


def test_only_the_epoch_under_way(market, deals, to_epoch, client):
    to_epoch(3)
    for epoch in (2, 4):
        with ape.reverts("storage: not this epoch"):
            market.open_epoch(epoch, sender=client)
    market.open_epoch(3, sender=client)
    with ape.reverts("storage: already open"):
        market.open_epoch(3, sender=client)
    to_epoch(4)
    with ape.reverts("storage: not this epoch"):
        market.see_seed(3, sender=client)
    with ape.reverts("storage: epoch is not open"):
        market.see_seed(4, sender=client)
    with ape.reverts("storage: epoch is not open"):
        market.seed_number(4)


def test_a_seed_is_seen_once_and_not_before_it_is_there(market, deals, randomness, client):
    """STO-6: a seed that was known when the epoch was opened is never its seed."""
    randomness.put(0, SEED, sender=client)
    number = market.open_epoch(1, sender=client).return_value
    assert number == 1
    with ape.reverts("storage: no seed yet"):
        market.see_seed(1, sender=client)
    randomness.put(number, SEED, sender=client)
    market.see_seed(1, sender=client)
    with ape.reverts("storage: seed was seen"):
        market.see_seed(1, sender=client)


def test_the_window_ends_inside_the_epoch(market, deals, randomness, client, to_epoch, chain):
    """STO-6: a seed that comes too late asks for nothing."""
    to_epoch(2)
    randomness.put(market.open_epoch(2, sender=client).return_value, SEED, sender=client)
    end = market.start() + 2 * EPOCH
    chain.pending_timestamp = end - WINDOW
    with chain.isolate(), ape.reverts("storage: too late for a window"):
        market.see_seed(2, sender=client)


def test_the_last_second_for_a_seed(market, deals, randomness, client, to_epoch, chain):
    to_epoch(2)
    randomness.put(market.open_epoch(2, sender=client).return_value, SEED, sender=client)
    end = market.start() + 2 * EPOCH
    chain.pending_timestamp = end - WINDOW - 1
    market.see_seed(2, sender=client)
    assert market.proofs_until(2) == end - 1


def test_without_a_pot_nobody_is_paid(market, deals, client):
    market.open_epoch(1, sender=client)
    assert market.credits(client) == 0


def test_tips_that_anybody_gives(market, deals, token, pot, stranger):
    assert (market.pot(), token.balanceOf(market)) == (3 * TIP, 3 * TIP)
    token.approve(market, COIN - 1, sender=stranger)
    with ape.reverts("token: insufficient allowance"):
        market.fund_tips(COIN, sender=stranger)
