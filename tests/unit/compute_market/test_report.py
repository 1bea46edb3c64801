"""ComputeMarket.report: what a receipt breaks costs the reserves that answer at its time, each once."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from keifu.compute.promises import commitment, shown
from keifu.keys import Account
from keifu.units import COIN
from tests.unit.compute_market.conftest import (
    COVER_RESERVE,
    LOCKED,
    RECORDLESS,
    RESTITUTION,
    REWARD,
    SERVICE_RESERVE,
    WINDOW,
    sha,
)
from tests.wallet_forms import FORMS, high_s


def test_a_false_digest_pays_payer_and_prover(
    market, hub, token, covered, lie, report, operator, prover, payer, production, channel_id, key
):
    """CMP-1"""
    receipt = report(prover, lie())
    assert (market.credits(payer), market.credits(prover)) == (RESTITUTION, REWARD + RESTITUTION // 10)
    assert token.balanceOf(market) == market.credits(payer) + market.credits(prover)
    assert hub.lock_of(market, operator) == LOCKED - SERVICE_RESERVE - COVER_RESERVE
    assert market.reserved(operator) == market.service(operator, production).reserve == 0
    assert market.cover_of(channel_id, operator).reserve == market.cap(operator, key.address)[1] == 0
    (event,) = receipt.events.filter(market.Reported)
    assert (event.operator, bytes(event.channel), event.prover) == (operator, channel_id, prover)
    assert (bytes(event.environment), event.number) == (production, 1)
    assert (event.restitution, event.reward) == (RESTITUTION, REWARD + RESTITUTION // 10)


def test_equivocation_pays_the_same(market, hub, covered, receipt, report, operator, prover, payer):
    """CMP-1: two receipts of one number, whatever they differ in."""
    report(prover, receipt(), receipt(output_units=31))
    assert (market.credits(payer), market.credits(prover)) == (RESTITUTION, REWARD + RESTITUTION // 10)
    assert hub.lock_of(market, operator) == LOCKED - SERVICE_RESERVE - COVER_RESERVE


def test_the_truth_costs_nothing(covered, receipt, report, prover):
    """CMP-1: an honest provider is never slashed."""
    with ape.reverts("compute: receipt is not false"):
        report(prover, receipt())


@pytest.mark.parametrize("seq", [0, 2])
def test_a_number_that_was_never_given_is_no_fault(covered, lie, report, prover, seq):
    """CMP-1"""
    with ape.reverts("compute: not the record"):
        report(prover, lie(promotion_seq=seq))


def test_another_record(covered, lie, report, prover, weights):
    """CMP-1: the record is the promoted one's, or nothing is shown."""
    for other in (replace(weights, digest=sha("other")), replace(weights, licence="MIT")):
        with ape.reverts("compute: not the record"):
            report(prover, lie(), record=other)


def test_one_receipt_is_no_equivocation(covered, receipt, report, commit, prover, market):
    """CMP-1: the same one twice, in whatever form or batch."""
    one = receipt()
    with ape.reverts("compute: no equivocation"):
        report(prover, one, one)
    alone, batched = commit(prover, one)[0], commit(prover, one, receipt(number=2))[0]
    for form in FORMS:
        with ape.reverts("compute: no equivocation"):
            market.report([alone, (*batched[:2], form(batched[2]))], RECORDLESS, sender=prover)


@pytest.mark.parametrize("changes", [{"number": 2}, {"channel_id": sha("another channel")}])
def test_two_receipts_that_may_stand_together(covered, receipt, report, prover, changes):
    """CMP-1"""
    with ape.reverts("compute: no equivocation"):
        report(prover, receipt(), receipt(**changes))


def test_equivocation_through_two_keys(
    market, covered, receipt, report, receipts, commit, operator, prover, name_key, second_key
):
    """CMP-1: keys of one operator are one signer."""
    name_key(second_key, operator)
    first = commit(prover, receipt(time=receipt().time + 4))
    second = shown(receipts.sign(second_key, [receipt(output_units=31, time=receipt().time + 4)])[0])
    market.report([*first, second], RECORDLESS, sender=prover)


def test_two_operators_do_not_equivocate(
    market, covered, receipt, receipts, commit, other_operator, prover, name_key, second_key
):
    """CMP-1: nobody is framed by another's receipt."""
    name_key(second_key, other_operator)
    first = commit(prover, receipt())
    second = shown(receipts.sign(second_key, [receipt(output_units=31, time=receipt().time + 4)])[0])
    with ape.reverts("compute: two operators"):
        market.report([*first, second], RECORDLESS, sender=prover)


def test_nothing_is_shown(market, prover):
    with ape.reverts("compute: nothing is shown"):
        market.report([], RECORDLESS, sender=prover)


def test_each_fault_once(market, covered, lie, commit, weights, prover, other_prover):
    """CMP-5"""
    first, second = commit(prover, lie()), commit(other_prover, lie())
    market.report(first, weights.args, sender=prover)
    for given, who in ((first, prover), (second, other_prover)):
        with ape.reverts("compute: nothing answers for it"):
            market.report(given, weights.args, sender=who)


def test_other_channels_keep_their_covers(
    market, covered, cover, channel, channels, lie, report, prover, operator, payer, chain
):
    """CMP-5: the first report takes the service; each channel's payer still gets its own restitution."""
    other = replace(channel, salt=b"\x01" * 32)
    second = bytes(channels.getChannelId(other.values))
    cover(config=other, channel_id=second)
    chain.pending_timestamp += 10
    report(prover, lie())
    assert market.cover_of(second, operator).reserve == COVER_RESERVE
    report(prover, lie(channel_id=second))
    assert market.credits(payer) == 2 * RESTITUTION
    assert market.credits(prover) == REWARD + 2 * (RESTITUTION // 10)
    assert market.reserved(operator) == 0


def test_a_service_without_a_cover(market, served, lie, report, operator, prover, payer, hub):
    """CMP-1: *no cover*: the prover is paid, the payer is not."""
    report(prover, lie())
    assert (market.credits(payer), market.credits(prover)) == (0, REWARD)
    assert hub.lock_of(market, operator) == LOCKED - SERVICE_RESERVE


def test_a_cover_without_a_service(market, covered, lie, report, operator, prover, payer, production, chain):
    """CMP-1: a cover answers alone."""
    market.end(operator, production, sender=operator)
    chain.pending_timestamp += 10
    report(prover, lie())
    assert (market.credits(payer), market.credits(prover)) == (RESTITUTION, RESTITUTION // 10)


def test_a_new_service_is_not_slashed_for_an_old_lie(
    market, served, serve, lie, commit, report, weights, prover, operator, production, chain
):
    """CMP-5: not even when it serves again in the second of the slash."""
    old = lie()
    given = commit(prover, old)
    report(prover, old)
    serve(operator, production, served)
    chain.pending_timestamp += 5
    with ape.reverts("compute: nothing answers for it"):
        market.report(given, weights.args, sender=prover)


def test_times_outside_the_promises(market, covered, lie, report, operator, prover, production):
    """CMP-4: before them, after them."""
    since = min(market.service(operator, production).since, market.cover_of(lie().channel_id, operator).since)
    for time in (0, since - 11):
        with ape.reverts("compute: nothing answers for it"):
            report(prover, lie(time=time))


def test_the_first_receipt_s_time_decides(market, covered, receipt, report, prover, payer, operator, production):
    """CMP-4: the cover's payer is paid for a receipt of its time."""
    since = market.cover_of(receipt().channel_id, operator).since
    before = receipt(time=since - 1)
    report(prover, before, receipt())
    assert (market.credits(payer), market.credits(prover)) == (0, REWARD)


def test_a_time_that_has_not_come(covered, lie, report, prover, chain):
    for time in (chain.pending_timestamp + 1_000, 2**64 - 1):
        with ape.reverts("compute: time has not come"):
            report(prover, lie(time=time))


def test_the_window_to_the_second(market, covered, served, lie, commit, weights, prover, payer, chain):
    """CMP-4"""
    late = lie(time=covered.last)
    chain.pending_timestamp = covered.last
    chain.mine()
    given = commit(prover, late)
    with chain.isolate():
        chain.pending_timestamp = covered.last + WINDOW
        market.report(given, weights.args, sender=prover)
        assert market.credits(payer) == RESTITUTION
    chain.pending_timestamp = covered.last + WINDOW + 1
    with ape.reverts("compute: nothing answers for it"):
        market.report(given, weights.args, sender=prover)


def test_a_key_that_signs_for_another_account(covered, lie, report, prover):
    """CMP-1: what nobody's key signed speaks for an account that promised nothing."""
    with ape.reverts("compute: nothing answers for it"):
        report(prover, lie(), by=Account.from_role("nobody"))


@pytest.mark.parametrize("odd", [b"", b"\x01" * 65])
def test_no_signature(market, covered, lie, commit, weights, prover, odd):
    ((receipt, proof, signature),) = commit(prover, lie())
    for bad in (odd, high_s(signature)):
        with ape.reverts("compute: nothing answers for it"):
            market.report([(receipt, proof, bad)], weights.args, sender=prover)


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_signature(market, covered, lie, commit, weights, prover, form):
    ((receipt, proof, signature),) = commit(prover, lie())
    market.report([(receipt, proof, form(signature))], weights.args, sender=prover)


def test_a_retired_key_answers_for_what_it_said(market, covered, lie, report, operator, prover, key, chain):
    """CMP-1: up to the second of its end, and for nothing later."""
    old = lie()
    market.retire_key(key.address, sender=operator)
    retired = chain.blocks.head.timestamp
    chain.pending_timestamp += 20
    with chain.isolate(), ape.reverts("compute: nothing answers for it"):
        report(prover, lie(time=retired + 1))
    report(prover, old)


def test_a_receipt_of_a_thousand(market, covered, receipt, lie, report, commit, weights, prover, payer):
    """The longest proof: ten siblings."""
    many = [lie(), *(receipt(number=number) for number in range(2, 1_001))]
    given = commit(prover, *many)[0]
    assert len(given[1]) == 10
    used = market.report([given], weights.args, sender=prover).gas_used
    assert market.credits(payer) == RESTITUTION
    assert used <= 330_000


def test_a_proof_of_another_place(market, covered, receipt, lie, commit, weights, prover):
    given = commit(prover, lie(), *(receipt(number=number) for number in range(2, 9)))
    (changed, _, signature), (_, proof, _) = given[0], given[1]
    with ape.reverts("compute: nothing answers for it"):
        market.report([(changed, proof, signature)], weights.args, sender=prover)


def test_a_copied_report_pays_nobody_but_its_prover(market, covered, lie, commit, weights, prover, stranger):
    """CMP-9: who sees the evidence first in a pending report has not committed to it."""
    given = commit(prover, lie())
    with ape.reverts("compute: not committed"):
        market.report(given, weights.args, sender=stranger)
    market.report(given, weights.args, sender=prover)


def test_a_neighbour_s_leaf_is_no_commitment(market, covered, receipts, lie, receipt, key, weights, stranger):
    """CMP-9: a proof shows the leaves of others, and nobody commits to a receipt by its leaf."""
    wrong, own = lie(), receipt(number=2)
    signed = receipts.sign(key, [wrong, own])
    assert signed[1].proof == (wrong.leaf,)
    market.commit_proof(commitment(wrong.leaf, str(stranger)), sender=stranger)
    with ape.reverts("compute: not committed"):
        market.report([shown(signed[0])], weights.args, sender=stranger)


def test_commit_and_report_in_one_block_is_too_early(market, covered, receipts, lie, key, weights, prover, chain):
    """CMP-9"""
    wrong = lie()
    given = [shown(one) for one in receipts.sign(key, [wrong])]
    with chain.isolate():
        chain.provider.auto_mine = False
        hidden = commitment(wrong.struct_hash, str(prover))
        market.commit_proof(hidden, sender=prover, required_confirmations=0, gas=200_000)
        failed = market.report(
            given, weights.args, sender=prover, required_confirmations=0, gas=600_000, raise_on_revert=False
        )
        chain.provider.auto_mine = True
        chain.mine()
        assert failed.failed


def test_who_reports_itself_loses(market, hub, token, covered, lie, report, operator, payer):
    """CMP-10: operator, prover and payer in one hand get four fifths of the damages back."""
    before = token.balanceOf(operator) + token.balanceOf(payer) + hub.lock_of(market, operator)
    report(operator, lie())
    market.withdraw(operator, sender=operator)
    market.withdraw(payer, sender=payer)
    after = token.balanceOf(operator) + token.balanceOf(payer) + hub.lock_of(market, operator)
    assert before - after == SERVICE_RESERVE + COVER_RESERVE - RESTITUTION - RESTITUTION // 10 - REWARD
    assert before - after > 2 * REWARD > 100 * COIN


def test_a_payer_that_reports_its_friend_gains_no_more_than_it_loses(
    market, hub, covered, receipt, report, operator, payer
):
    """CMP-10: a friend's equivocation costs the friend more than both receive."""
    report(payer, receipt(), receipt(fee=1))
    assert market.credits(payer) < SERVICE_RESERVE + COVER_RESERVE


def test_a_removed_market_still_pays(market, hub, covered, lie, report, owner, prover, payer, stranger):
    hub.remove_service(market, sender=owner)
    report(prover, lie())
    assert market.pay(payer, sender=stranger).return_value == RESTITUTION


def test_gas(market, covered, receipt, commit, prover):
    given = commit(prover, receipt(), receipt(fee=1))
    assert market.report(given, RECORDLESS, sender=prover).gas_used <= 300_000
