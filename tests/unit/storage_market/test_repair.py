"""StorageRepairs.reserve_repair, complete_repair and end_repair: who rebuilds a lost shard gets its bounty."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.spec.storage import DRAWS, LEAF_BYTES, leaves_of, path, repair_draw
from keifu.units import COIN
from tests.unit.storage_market.conftest import DAMAGES, GWEI, LEAF_BUFFER, PRICE, RESTITUTION, TERM

BOUNTY = RESTITUTION * GWEI // 4
BOND = BOUNTY // 4
ESCROW = PRICE * TERM * GWEI


@pytest.fixture
def lost(deals, stored, missed_epoch, to_epoch, stranger):
    """The first shard is lost in epoch 5."""
    for epoch in (2, 3, 4):
        missed_epoch(epoch)
    to_epoch(5)
    deals.declare_lost(stored.id, 0, sender=stranger)
    return stored


@pytest.fixture
def rebuilt(market, repairs):
    """Data and words of the five leaves that an epoch's seed asks of a repairer."""

    def rebuilt(deal, who, epoch, index=0, data=None):
        data = data or deal.shards[index][1]
        hashes = leaves_of(data)
        seed = bytes(market.seed_of(epoch))
        pieces, words = [], []
        for number in range(DRAWS):
            leaf = repair_draw(seed, deal.id, index, str(who), number, len(hashes))
            pieces.append(data[leaf * LEAF_BYTES : (leaf + 1) * LEAF_BYTES])
            words += [int.from_bytes(node, "big") for node in path(hashes, leaf)]
        return b"".join(pieces), words

    return rebuilt


@pytest.fixture
def healthy(hub, market, token, deployer, stranger):
    """A third provider, which has missed nothing: the stranger."""
    hub.register_operator(0, "", sender=stranger)
    hub.lock(market, stranger, 1_000 * COIN, sender=stranger)
    return stranger


def test_a_shard_is_repaired(market, deals, repairs, lost, healthy, rebuilt, to_epoch, seed, token, client, disks):
    """STO-1, STO-13: the bounty and the bond are the repairer's, and it is paid from the next epoch on."""
    before = token.balanceOf(healthy)
    receipt = repairs.reserve_repair(lost.id, 0, sender=healthy)
    assert before - token.balanceOf(healthy) == BOND == token.balanceOf(repairs)
    assert tuple(repairs.repair_of(lost.id, 0)) == (healthy, 5, BOND)
    (event,) = receipt.events.filter(repairs.RepairReserved)
    assert (bytes(event.deal), event.index, event.repairer, event.bond) == (lost.id, 0, healthy, BOND)
    assert deals.shard(lost.id, 0).state == 4
    to_epoch(6)
    seed()
    credit = market.credits(healthy)
    receipt = repairs.complete_repair(lost.id, 0, lost.shown(0), 6, *rebuilt(lost, healthy, 6), sender=healthy)
    (event,) = receipt.events.filter(repairs.RepairEnded)
    assert (event.repairer, event.done) == (healthy, True)
    assert market.credits(healthy) - credit == BOUNTY
    assert (repairs.credits(healthy), deals.bounties(lost.id, 0)) == (BOND, 0)
    assert tuple(deals.shard(lost.id, 0)) == (healthy, 0, 7, lost.end, 1)
    assert market.reserved(healthy) == DAMAGES * GWEI + 8 * LEAF_BUFFER
    assert tuple(repairs.repair_of(lost.id, 0)) == (ZERO_ADDRESS, 0, 0)
    repairs.withdraw(healthy, sender=healthy)
    assert token.balanceOf(repairs) == 0
    disks[str(healthy)].data.append(lost.shards[0][1])


def test_and_paid_from_then_on(
    market, deals, repairs, lost, healthy, rebuilt, to_epoch, seed, proven_epoch, client, disks, provider
):
    """STO-1: what all of its providers proved, and the rest to the client."""
    repairs.reserve_repair(lost.id, 0, sender=healthy)
    to_epoch(6)
    seed()
    repairs.complete_repair(lost.id, 0, lost.shown(0), 6, *rebuilt(lost, healthy, 6), sender=healthy)
    disks[str(healthy)].data.append(lost.shards[0][1])
    for epoch in (7, 8):
        proven_epoch(epoch, healthy)
    to_epoch(lost.end)
    credit = market.credits(client)
    deals.refund(lost.id, [0], sender=client)
    assert market.credits(client) - credit == ESCROW - 2 * PRICE * GWEI
    deals.clear([disks[str(provider)].gone(lost.id, 0, 0)], sender=provider)


def test_the_old_one_may_not_cure_it_any_more(market, deals, repairs, lost, proven_epoch, provider, healthy):
    repairs.reserve_repair(lost.id, 0, sender=healthy)
    proven_epoch(6, provider)
    assert deals.shard(lost.id, 0).state == 4


def test_another_s_five_leaves(repairs, lost, healthy, rebuilt, to_epoch, seed, other_provider):
    """STO-13: what one repairer shows is of no use to another."""
    repairs.reserve_repair(lost.id, 0, sender=healthy)
    to_epoch(6)
    seed()
    copied = rebuilt(lost, other_provider, 6)
    assert copied != rebuilt(lost, healthy, 6)
    with ape.reverts("repairs: not in the shard"):
        repairs.complete_repair(lost.id, 0, lost.shown(0), 6, *copied, sender=healthy)
    with ape.reverts("repairs: no reservation"):
        repairs.complete_repair(lost.id, 0, lost.shown(0), 6, *copied, sender=other_provider)


def test_a_seed_from_before(repairs, lost, healthy, rebuilt, to_epoch, seed):
    """STO-13: leaves that were known when the repair was reserved."""
    seed()
    repairs.reserve_repair(lost.id, 0, sender=healthy)
    for epoch in (4, 5, 6):
        with ape.reverts("repairs: no seed yet"):
            repairs.complete_repair(lost.id, 0, lost.shown(0), epoch, *rebuilt(lost, healthy, epoch), sender=healthy)


def test_a_wrong_repair(repairs, lost, healthy, rebuilt, to_epoch, seed, other_data):
    repairs.reserve_repair(lost.id, 0, sender=healthy)
    to_epoch(6)
    seed()
    data, words = rebuilt(lost, healthy, 6)
    who, shard, leaves, beside = lost.shown(0)

    def complete(named, data, words):
        repairs.complete_repair(lost.id, 0, named, 6, data, words, sender=healthy)

    for named, given, reason in (
        (lost.shown(0), (data[1:], words), "repairs: not five leaves"),
        (lost.shown(0), (bytes([data[0] ^ 1]) + data[1:], words), "repairs: not in the shard"),
        (lost.shown(0), (data, [*words, 0]), "repairs: words left over"),
        (lost.shown(0), (data, words[:-1]), "repairs: not in the shard"),
        ((who, shard, 0, beside), (data, words), "repairs: no such leaf"),
        ((ZERO_ADDRESS, shard, leaves, beside), (data, words), "deals: not in the deal"),
    ):
        with ape.reverts(reason):
            complete(named, *given)
    complete(lost.shown(0), data, words)


def test_one_repairer_at_a_time(deals, repairs, lost, healthy, client, other_client):
    repairs.reserve_repair(lost.id, 0, sender=healthy)
    with ape.reverts("repairs: shard is reserved"):
        repairs.reserve_repair(lost.id, 0, sender=other_client)
    with ape.reverts("repairs: shard is reserved"):
        repairs.end_repair(lost.id, 0, sender=client)
    with ape.reverts("deals: shard is under repair"):
        deals.refund(lost.id, [0], sender=client)


def test_a_turn_that_was_not_used(market, deals, repairs, lost, healthy, client, other_client, missed_epoch, to_epoch):
    """STO-13: its bond is the client's, and the next one may."""
    repairs.reserve_repair(lost.id, 0, sender=healthy)
    missed_epoch(6)
    to_epoch(7)
    with ape.reverts("repairs: shard is reserved"):
        repairs.end_repair(lost.id, 0, sender=client)
    to_epoch(8)
    receipt = repairs.end_repair(lost.id, 0, sender=client)
    (event,) = receipt.events.filter(repairs.RepairEnded)
    assert (event.repairer, event.done) == (healthy, False)
    assert (repairs.credits(client), deals.shard(lost.id, 0).state) == (BOND, 2)
    with ape.reverts("repairs: no reservation"):
        repairs.end_repair(lost.id, 0, sender=client)
    repairs.reserve_repair(lost.id, 0, sender=other_client)


def test_the_next_one_ends_it(repairs, lost, healthy, client, other_client, missed_epoch, to_epoch):
    repairs.reserve_repair(lost.id, 0, sender=healthy)
    missed_epoch(6)
    to_epoch(8)
    repairs.reserve_repair(lost.id, 0, sender=other_client)
    assert tuple(repairs.repair_of(lost.id, 0)) == (other_client, 8, BOND)
    assert repairs.credits(client) == BOND


def test_epochs_without_a_seed_do_not_count(repairs, lost, healthy, client, to_epoch):
    """Up to twice its time."""
    repairs.reserve_repair(lost.id, 0, sender=healthy)
    to_epoch(9)
    with ape.reverts("repairs: shard is reserved"):
        repairs.end_repair(lost.id, 0, sender=client)
    to_epoch(10)
    repairs.end_repair(lost.id, 0, sender=client)


def test_only_what_is_lost(repairs, deals, stored, healthy):
    with ape.reverts("deals: shard is not lost"):
        repairs.reserve_repair(stored.id, 0, sender=healthy)


def test_only_what_goes_on(repairs, deals, lost, healthy, rebuilt, to_epoch, seed):
    """A deal that has ended is not repaired; its client gets the rest."""
    to_epoch(lost.end - 2)
    repairs.reserve_repair(lost.id, 0, sender=healthy)
    to_epoch(lost.end - 1)
    seed()
    with ape.reverts("deals: deal has ended"):
        repairs.complete_repair(
            lost.id, 0, lost.shown(0), lost.end - 1, *rebuilt(lost, healthy, lost.end - 1), sender=healthy
        )


def test_who_was_repaired_for_nothing_pays_no_bounty_twice(
    market, deals, repairs, lost, healthy, rebuilt, to_epoch, seed, client
):
    repairs.reserve_repair(lost.id, 0, sender=healthy)
    to_epoch(6)
    seed()
    repairs.complete_repair(lost.id, 0, lost.shown(0), 6, *rebuilt(lost, healthy, 6), sender=healthy)
    with ape.reverts("deals: shard is not lost"):
        repairs.reserve_repair(lost.id, 0, sender=healthy)
    with ape.reverts("deals: shard has not ended"):
        deals.refund(lost.id, [0], sender=client)
