"""StorageDeals.clear: what has ended leaves a provider's sequence, and no draw is chosen by that."""

from __future__ import annotations

import ape
import pytest

from tests.unit.storage_market.conftest import LEAF_BUFFER, PRICE, UNNAMED, stream


@pytest.fixture
def three(open_deal, accept, provider):
    """Three shards of a provider: the first two end in epoch 4, the third later."""
    made = []
    for at, (size, end) in enumerate(((4, 4), (2, 4), (6, 20))):
        deal = open_deal((provider, stream(f"shard {at}", size)), salt=bytes([at]) * 32, end=end, restitution=0)
        accept(deal)
        made.append(deal)
    return made


@pytest.fixture
def ended(three, proven_epoch, provider):
    """It is epoch 4, and proven."""
    for epoch in (2, 3, 4):
        proven_epoch(epoch, provider)
    return three


def test_it_leaves_the_sequence(market, deals, ended, disks, provider, proven_epoch):
    """STO-4: peaks as the format says, the buffer is free, and the next proof is of what is left."""
    disk = disks[str(provider)]
    gone = [disk.gone(deal.id, 0, at) for at, deal in enumerate(ended[:2])]
    receipt = deals.clear(gone, sender=provider)
    ledger = market.ledger(provider)
    assert (ledger.stored, ledger.shards, ledger.drawn_from) == (6, 3, 12)
    assert market.reserved(provider) == 6 * LEAF_BUFFER
    for (height, _), peak in disk.sequence.kept.items():
        assert market.peak(provider, height) == peak
    found = [
        (event.event_arguments["provider"], event.ordinal, event.leaves)
        for event in receipt.events.filter(market.Cleared)
    ]
    assert found == [(provider, 0, 4), (provider, 1, 2)]
    assert not list(receipt.events.filter(market.GivenUp))
    proven_epoch(5, provider)
    assert market.ledger(provider).earned == (3 + 3 + 1 + 1) * PRICE


def test_before_the_epoch_is_opened(market, deals, three, proven_epoch, to_epoch, disks, seed, prove, provider):
    """Nobody knows which seed it will be: what is cleared is not drawn from."""
    for epoch in (2, 3):
        proven_epoch(epoch, provider)
    to_epoch(4)
    deals.clear([disks[str(provider)].gone(three[0].id, 0, 0)], sender=provider)
    assert (market.ledger(provider).drawn_from, market.ledger(provider).stored) == (8, 8)
    seed()
    prove(provider)


@pytest.mark.parametrize("see", [True, False])
def test_who_owes_a_proof_gives_the_epoch_up(
    market, deals, three, proven_epoch, to_epoch, disks, seed, prove, drawn, provider, see
):
    """STO-6: once an epoch is open its seed may be known, so clearing would choose what is drawn."""
    for epoch in (2, 3):
        proven_epoch(epoch, provider)
    to_epoch(4)
    seed(see=see)
    receipt = deals.clear([disks[str(provider)].gone(three[0].id, 0, 0)], sender=provider)
    (event,) = receipt.events.filter(market.GivenUp)
    assert (event.event_arguments["provider"], event.epoch) == (provider, 4)
    assert market.ledger(provider).given_up
    if not see:
        market.see_seed(4, sender=provider)
    with ape.reverts("storage: epoch was given up"):
        prove(provider, 8)
    to_epoch(5)
    market.settle(provider, sender=provider)
    assert (market.ledger(provider).misses, market.ledger(provider).given_up) == (1, False)
    seed()
    prove(provider)


def test_only_what_has_ended(deals, ended, disks, provider):
    with ape.reverts("deals: shard has not ended"):
        deals.clear([disks[str(provider)].gone(ended[2].id, 0, 2)], sender=provider)


def test_only_one_s_own(deals, ended, disks, other_provider, stranger, provider):
    gone = disks[str(provider)].gone(ended[0].id, 0, 0)
    for who in (other_provider, stranger):
        with ape.reverts("deals: not that shard"):
            deals.clear([gone], sender=who)


def test_only_that_shard(deals, ended, disks, provider):
    """A deal that has ended does not clear the place of another shard."""
    with ape.reverts("deals: not that shard"):
        deals.clear([disks[str(provider)].gone(ended[0].id, 0, 2)], sender=provider)


def test_once(deals, ended, disks, provider):
    disk = disks[str(provider)]
    deals.clear([disk.gone(ended[0].id, 0, 0)], sender=provider)
    with ape.reverts("storage: not in the sequence"):
        deals.clear([disk.gone(ended[0].id, 0, 0)], sender=provider)


def test_words_that_are_none(deals, ended, disks, provider):
    deal, index, ordinal, words = disks[str(provider)].gone(ended[0].id, 0, 0)
    for bad, reason in (
        ([], "storage: no such shard"),
        (words[:1], "storage: no such shard"),
        ([*words, 0], "storage: no such shard"),
        ([words[0] + 1, *words[1:]], "storage: not in the sequence"),
        ([words[0], words[1] ^ 1], "storage: not in the sequence"),
        ([0, words[1]], "storage: not in the sequence"),
    ):
        with ape.reverts(reason):
            deals.clear([(deal, index, ordinal, bad)], sender=provider)
    with ape.reverts(UNNAMED):
        deals.clear([(deal, index, ordinal, [0] * 33)], sender=provider)
    deals.clear([(deal, index, ordinal, words)], sender=provider)


def test_after_it_was_refunded(deals, ended, disks, provider, client):
    deals.refund(ended[0].id, [0], sender=client)
    deals.clear([disks[str(provider)].gone(ended[0].id, 0, 0)], sender=provider)


def test_what_was_lost(market, deals, stored, missed_epoch, to_epoch, disks, provider, stranger):
    """A provider that lost its data gets out of the row of misses: the shard is declared lost, and cleared."""
    for epoch in (2, 3, 4):
        missed_epoch(epoch)
    to_epoch(5)
    deals.declare_lost(stored.id, 0, sender=stranger)
    deals.clear([disks[str(provider)].gone(stored.id, 0, 0)], sender=provider)
    assert (market.ledger(provider).stored, market.reserved(provider)) == (0, 0)
    missed_epoch(5)
    missed_epoch(6)
    to_epoch(7)
    market.settle(provider, sender=stranger)
    assert market.ledger(provider).misses == 3
