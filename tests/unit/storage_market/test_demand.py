"""StorageRepairs.demand, answer and end_demand: one named leaf on the chain, or the shard is lost."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.spec.storage import LEAF_BYTES, leaves_of, path
from tests.unit.storage_market.conftest import (
    DAMAGES,
    EPOCH,
    FEE,
    GWEI,
    HORIZON,
    LOCKED,
    RESTITUTION,
    WINDOW,
    stream,
)

LEAF = 5


@pytest.fixture
def ask(repairs, stored, stranger):
    """Demands a leaf of the provider's shard."""

    def ask(deal=stored, index=0, leaf=LEAF, sender=stranger):
        return repairs.demand(deal.id, index, deal.shown(index), leaf, sender=sender)

    return ask


def shown(deal, leaf=LEAF, index=0):
    """Data and path of a leaf."""
    data = deal.shards[index][1]
    words = [int.from_bytes(node, "big") for node in path(leaves_of(data), leaf)]
    return data[leaf * LEAF_BYTES : (leaf + 1) * LEAF_BYTES], words


def test_a_demand_is_answered(repairs, token, stored, ask, provider, stranger):
    """STO-14: the fee is the provider's, the bytes are in the log."""
    before = token.balanceOf(stranger)
    receipt = ask()
    until = receipt.timestamp + WINDOW
    assert before - token.balanceOf(stranger) == FEE == token.balanceOf(repairs)
    assert tuple(repairs.demand_of(stored.id, 0)) == (stranger, provider, LEAF, until)
    (event,) = receipt.events.filter(repairs.Demanded)
    assert (bytes(event.deal), event.index, event.caller) == (stored.id, 0, stranger)
    assert (event.leaf, event.until) == (LEAF, until)
    data, words = shown(stored)
    receipt = repairs.answer(stored.id, 0, stored.shown(0), data, words, sender=provider)
    (event,) = receipt.events.filter(repairs.Answered)
    assert bytes(event.data) == data
    assert repairs.credits(provider) == FEE
    assert tuple(repairs.demand_of(stored.id, 0)) == (ZERO_ADDRESS, ZERO_ADDRESS, 0, 0)
    repairs.withdraw(provider, sender=provider)
    with ape.reverts("repairs: no demand"):
        repairs.answer(stored.id, 0, stored.shown(0), data, words, sender=provider)


def test_who_does_not_answer_loses_the_shard(market, hub, deals, repairs, stored, ask, chain, provider, client):
    """STO-14: restitution to the client, a reward to whoever says so, the fee back."""
    receipt = ask()
    chain.pending_timestamp = receipt.timestamp + WINDOW + 1
    ended = repairs.end_demand(stored.id, 0, sender=client)
    assert deals.shard(stored.id, 0).state == 2
    assert LOCKED - hub.lock_of(market, provider) == DAMAGES * GWEI
    assert market.credits(client) == RESTITUTION * GWEI * 11 // 10
    (event,) = ended.events.filter(repairs.DemandEnded)
    assert (bytes(event.deal), event.index, event.lost) == (stored.id, 0, True)


def test_the_fee_goes_back(repairs, stored, ask, chain, stranger, client):
    receipt = ask()
    chain.pending_timestamp = receipt.timestamp + WINDOW + 1
    repairs.end_demand(stored.id, 0, sender=client)
    assert repairs.credits(stranger) == FEE
    with ape.reverts("repairs: no demand"):
        repairs.end_demand(stored.id, 0, sender=client)


def test_in_the_window_nobody_loses(repairs, stored, ask, chain, provider, client):
    """STO-7: to the second; a late answer counts until somebody ends the demand."""
    receipt = ask()
    chain.pending_timestamp = receipt.timestamp + WINDOW
    with chain.isolate(), ape.reverts("repairs: may still be answered"):
        repairs.end_demand(stored.id, 0, sender=client)
    chain.pending_timestamp = receipt.timestamp + WINDOW + 60
    repairs.answer(stored.id, 0, stored.shown(0), *shown(stored), sender=provider)


def test_answers_that_are_none(repairs, stored, ask, provider):
    ask()
    data, words = shown(stored)
    who, shard, leaves, beside = stored.shown(0)
    for named, given, reason in (
        (stored.shown(0), (data[1:], words), "repairs: not a leaf"),
        (stored.shown(0), (bytes([data[0] ^ 1]) + data[1:], words), "repairs: not in the shard"),
        (stored.shown(0), shown(stored, 6), "repairs: not in the shard"),
        (stored.shown(0), (data, words[:-1]), "repairs: not in the shard"),
        (stored.shown(0), (data, [*words, 0]), "repairs: words left over"),
        ((who, shard, leaves + 1, beside), (data, words), "repairs: not in the deal"),
        (stored.shown(1), shown(stored, 1, 1), "repairs: not in the deal"),
    ):
        with ape.reverts(reason):
            repairs.answer(stored.id, 0, named, *given, sender=provider)


def test_demands_that_are_none(repairs, deals, stored, ask, open_deal, provider, stranger, to_epoch):
    with ape.reverts("repairs: no such leaf"):
        ask(leaf=8)
    with ape.reverts("repairs: not in the deal"):
        repairs.demand(stored.id, 1, stored.shown(0), 0, sender=stranger)
    fresh = open_deal((provider, stream("fresh", 2)))
    with ape.reverts("repairs: shard is not stored"):
        ask(fresh, leaf=0)
    ask()
    with ape.reverts("repairs: demand is open"):
        ask()
    to_epoch(stored.end)
    with ape.reverts("repairs: shard is not stored"):
        ask(index=1, leaf=0)


def test_coins_that_are_not_there(repairs, token, stored, ask, stranger):
    token.approve(repairs, FEE - 1, sender=stranger)
    with ape.reverts("token: insufficient allowance"):
        ask()


def test_eight_in_an_epoch(repairs, market, open_deal, accept, ask, provider, to_epoch):
    """STO-7: a provider is not buried in demands; further ones wait for the next epoch."""
    made = [open_deal((provider, stream("many", 2)), salt=bytes([at + 1]) * 32, restitution=0) for at in range(9)]
    for deal in made:
        accept(deal)
    for deal in made[:8]:
        ask(deal, leaf=1)
    assert repairs.demanded(provider, market.epoch()) == 8
    with ape.reverts("repairs: too many demands"):
        ask(made[8], leaf=1)
    to_epoch(2)
    ask(made[8], leaf=1)


def test_a_shard_that_was_lost_otherwise(repairs, deals, stored, ask, missed_epoch, to_epoch, stranger, client):
    """Whoever demanded has its fee back at once, and nothing is taken twice."""
    for epoch in (2, 3, 4):
        missed_epoch(epoch)
    to_epoch(5)
    ask()
    deals.declare_lost(stored.id, 0, sender=client)
    receipt = repairs.end_demand(stored.id, 0, sender=client)
    (event,) = receipt.events.filter(repairs.DemandEnded)
    assert not event.lost
    assert repairs.credits(stranger) == FEE


def test_after_the_evidence_window(repairs, hub, market, deals, stored, ask, to_epoch, stranger, client, provider):
    """A demand that nobody ended in time takes nothing: its fee goes back."""
    to_epoch(stored.end - 1)
    ask()
    to_epoch(stored.end + 3)
    repairs.end_demand(stored.id, 0, sender=client)
    assert repairs.credits(stranger) == FEE
    assert (hub.lock_of(market, provider), deals.shard(stored.id, 0).state) == (LOCKED, 1)


def test_in_the_last_epoch_of_the_window(repairs, deals, stored, ask, to_epoch, client):
    to_epoch(stored.end - 1)
    ask()
    to_epoch(stored.end + 2)
    repairs.end_demand(stored.id, 0, sender=client)
    assert deals.shard(stored.id, 0).state == 2


def test_after_the_horizon_of_a_removed_market(
    repairs, hub, owner, market, deals, stored, ask, to_epoch, stranger, client, provider
):
    """STO-10: the hub takes nothing any more; shard and fee are free all the same."""
    ask()
    hub.remove_service(market, sender=owner)
    to_epoch(3 + HORIZON // EPOCH)
    repairs.end_demand(stored.id, 0, sender=client)
    assert (repairs.credits(stranger), market.credits(client)) == (FEE, 0)
    assert (hub.lock_of(market, provider), deals.shard(stored.id, 0).state) == (LOCKED, 2)
