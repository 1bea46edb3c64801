"""StorageMarket.prove: five leaves of everything that a provider stores, once an epoch, for its pay."""

from __future__ import annotations

import ape
import pytest
from ape.exceptions import ContractLogicError

from keifu.spec.storage import DRAWS, LEAF_BYTES, draw
from tests.unit.storage_market.conftest import PRICE, WINDOW, stream

# What a proof with one changed or missing word breaks.
REFUSALS = {
    f"storage: {reason}"
    for reason in (
        "no such leaf",
        "not in the sequence",
        "not the leaf that was drawn",
        "words are missing",
        "words left over",
    )
}


@pytest.fixture
def sizes():
    return (3, 1, 8, 5, 64)


@pytest.fixture
def several(open_deal, accept, provider, sizes):
    """A provider with shards of several sizes, each of a deal of its own."""
    made = []
    for at, size in enumerate(sizes):
        deal = open_deal((provider, stream(f"shard {at}", size)), salt=bytes([at]) * 32, restitution=10**9)
        accept(deal)
        made.append(deal)
    return made


def test_a_proof_is_paid(market, several, to_epoch, seed, prove, provider, sizes, stranger):
    """STO-4, STO-5: anybody may send it; the pay is the provider's."""
    to_epoch(2)
    seed()
    receipt = prove(provider, sender=stranger)
    ledger = market.ledger(provider)
    assert (ledger.epoch, ledger.earned, ledger.rate, ledger.pending) == (2, 5 * PRICE, 5 * PRICE, 0)
    assert (ledger.drawn_from, ledger.stored, ledger.misses) == (sum(sizes), sum(sizes), 0)
    assert market.proven(provider, 1, 10) == market.proven(provider, 2, 3) == 1
    assert market.proven(provider, 3, 10) == market.proven(provider, 1, 2) == 0
    (event,) = receipt.events.filter(market.Proven)
    assert (event.event_arguments["provider"], event.epoch, event.earned) == (provider, 2, 5 * PRICE)


def test_every_seed_can_be_answered(market, several, proven_epoch, provider):
    """Ten epochs, ten draws."""
    for epoch in range(2, 12):
        proven_epoch(epoch, provider)
    assert market.ledger(provider).earned == 50 * PRICE
    assert market.proven(provider, 0, 300) == 10


def test_once_an_epoch(market, stored, to_epoch, seed, prove, provider):
    """STO-5"""
    to_epoch(2)
    seed()
    prove(provider)
    with ape.reverts("storage: already proven"):
        prove(provider)
    assert market.ledger(provider).earned == PRICE


def test_not_in_the_epoch_of_acceptance(stored, seed, prove, provider):
    seed()
    with ape.reverts("storage: nothing to prove"):
        prove(provider)


def test_a_stale_seed_opens_other_leaves(market, several, to_epoch, seed, disks, provider, sizes):
    """A proof of yesterday's draws."""
    to_epoch(2)
    old = seed()
    to_epoch(3)
    seed()
    drawn = [draw(old, 2, str(provider), number, sum(sizes)) for number in range(DRAWS)]
    data, words = disks[str(provider)].opened(drawn)
    with ape.reverts("storage: not the leaf that was drawn"):
        market.prove(provider, 3, data, words, sender=provider)
    with ape.reverts("storage: no proofs are taken"):
        market.prove(provider, 2, data, words, sender=provider)


def test_another_provider_s_draws(market, several, to_epoch, seed, disks, other_provider, provider, sizes):
    to_epoch(2)
    value = seed()
    drawn = [draw(value, 2, str(other_provider), number, sum(sizes)) for number in range(DRAWS)]
    data, words = disks[str(provider)].opened(drawn)
    with ape.reverts("storage: not the leaf that was drawn"):
        market.prove(provider, 2, data, words, sender=provider)


def test_another_provider_s_sequence(market, stored, to_epoch, seed, drawn, disks, provider, other_provider):
    """Who stores nothing and copies another one's proof."""
    to_epoch(2)
    seed()
    data, words = disks[str(other_provider)].opened(drawn(other_provider, 5))
    with ape.reverts("storage: not in the sequence"):
        market.prove(provider, 2, data, words, sender=provider)


def test_one_raw_copy_does_not_answer_for_two_shards(market, open_deal, accept, to_epoch, seed, drawn, disks, provider):
    """A provider that stores one of two shards and answers with it for both: wrong data, or another place."""
    kept, lost = stream("kept", 8), stream("lost", 8)
    accept(open_deal((provider, kept), (provider, lost)))
    deal = open_deal((provider, lost), salt=b"\x01" * 32)
    accept(deal)
    to_epoch(2)
    seed()
    asked = drawn(provider, 16)
    assert any(leaf >= 8 for leaf in asked)
    disk = disks[str(provider)]
    data, words = disk.opened(asked)
    wrong = b"".join(kept[leaf % 8 * LEAF_BYTES : (leaf % 8 + 1) * LEAF_BYTES] for leaf in asked)
    assert wrong != data
    with ape.reverts("storage: not in the sequence"):
        market.prove(provider, 2, wrong, words, sender=provider)
    with ape.reverts("storage: not the leaf that was drawn"):
        market.prove(provider, 2, *disk.opened([leaf % 8 for leaf in asked]), sender=provider)
    market.prove(provider, 2, data, words, sender=provider)


def test_in_the_window(market, stored, to_epoch, seed, prove, provider, chain):
    """STO-6: not before the seed was seen, and not after the window."""
    to_epoch(2)
    with ape.reverts("storage: no proofs are taken"):
        market.prove(provider, 2, b"", [], sender=provider)
    seed()
    chain.pending_timestamp = market.proofs_until(2) + 1
    with chain.isolate(), ape.reverts("storage: no proofs are taken"):
        prove(provider)


def test_the_last_second_of_the_window(market, stored, to_epoch, seed, prove, provider, chain):
    to_epoch(2)
    seed()
    chain.pending_timestamp = market.proofs_until(2)
    prove(provider)
    assert market.ledger(provider).earned == PRICE
    assert WINDOW > 0


def test_proofs_that_are_none(market, several, to_epoch, seed, drawn, disks, provider, sizes):
    """Each part of a proof counts: one bit of data, header, paths; too few and too many words."""
    to_epoch(2)
    seed()
    total = sum(sizes)
    asked = drawn(provider, total)
    disk = disks[str(provider)]
    data, words = disk.opened(asked)
    sequence = disk.sequence
    ordinal, index = sequence.locate(asked[0])

    def changed(at: int, by: int) -> list[int]:
        return [*words[:at], words[at] ^ by, *words[at + 1 :]]

    def header(ordinal: int, leaves: int, index: int) -> list[int]:
        return [ordinal | leaves << 32 | index << 72, *words[1:]]

    for proof, reason in (
        ((data[:-1], words), "storage: not five leaves"),
        ((b"", words), "storage: not five leaves"),
        ((bytes([data[0] ^ 1]) + data[1:], words), "storage: not in the sequence"),
        ((data, changed(-1 % len(words), 1)), "storage: not in the sequence"),
        ((data, [*words, 0]), "storage: words left over"),
        ((data, []), "storage: words are missing"),
        ((data, header(len(sizes), sizes[ordinal], index)), "storage: no such leaf"),
        ((data, header(ordinal, sizes[ordinal], sizes[ordinal])), "storage: no such leaf"),
        ((data, header(2**32 - 1, sizes[ordinal], index)), "storage: no such leaf"),
        ((data, header(ordinal, sizes[ordinal], 2**184 - 1)), "storage: no such leaf"),
    ):
        with ape.reverts(reason):
            market.prove(provider, 2, *proof, sender=provider)
    for at in range(len(words)):
        for broken in (changed(at, 1), words[:at]):
            with pytest.raises(ContractLogicError) as refused:
                market.prove(provider, 2, data, broken, sender=provider)
            assert refused.value.revert_message in REFUSALS
    market.prove(provider, 2, data, words, sender=provider)


def test_padding_does_not_hide_a_shard(market, open_deal, accept, to_epoch, seed, drawn, provider, disks):
    """A sum that lies: the leaves of a shard are in its entry, so a place cannot be moved."""
    accept(open_deal((provider, stream("small", 2)), (provider, stream("x", 1))))
    accept(open_deal((provider, stream("big", 16)), salt=b"\x01" * 32))
    to_epoch(2)
    seed()
    asked = drawn(provider, 18)
    data, words = disks[str(provider)].opened(asked)
    (beside,) = words[-1:]
    with ape.reverts("storage: not in the sequence"):
        market.prove(provider, 2, data, [*words[:-1], beside + 1], sender=provider)


def test_an_acceptance_moves_the_peaks(market, stored, open_deal, accept, to_epoch, seed, drawn, disks, provider):
    """A proof of the sequence before is made anew; the leaves that are asked for stay."""
    fresh = open_deal((provider, stream("new", 3)), accept_by=3, salt=b"\x05" * 32)
    to_epoch(2)
    seed()
    asked = drawn(provider, 8)
    old = disks[str(provider)].opened(asked)
    accept(fresh)
    with ape.reverts("storage: not in the sequence"):
        market.prove(provider, 2, *old, sender=provider)
    market.prove(provider, 2, *disks[str(provider)].opened(asked), sender=provider)
