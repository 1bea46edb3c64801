"""HeartbeatService.report: a heartbeat of another digest than the promoted one's costs one reserve, once."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from keifu.keys import Account
from keifu.provenance import Heartbeat
from keifu.units import COIN
from tests.unit.heartbeats.conftest import LOCKED, PENALTY, RESERVE, RESTITUTION, REWARD, WINDOW, sha
from tests.wallet_forms import FORMS


def test_a_lie_pays_restitution_and_prover(
    hub, heartbeats, lie, commit, weights, operator, prover, restituted, production
):
    """HBT-1"""
    signature = commit(lie, prover)
    receipt = heartbeats.report(lie.args, signature, weights.args, sender=prover)
    assert (heartbeats.credits(restituted), heartbeats.credits(prover)) == (RESTITUTION, REWARD)
    assert hub.credit(heartbeats) == RESTITUTION + REWARD
    assert hub.lock_of(heartbeats, operator) == LOCKED - RESERVE
    assert heartbeats.binding(operator, production).reserve == heartbeats.reserved(operator) == 0
    (event,) = receipt.events.filter(heartbeats.Reported)
    assert (event.operator, event.prover, event.node.lower()) == (operator, prover, lie.node)
    assert (event.promotion_seq, bytes(event.digest), event.environment) == (1, lie.digest, production)
    assert (event.restitution, event.reward) == (RESTITUTION, REWARD)


def test_gas(heartbeats, lie, commit, weights, prover):
    """The bar is 200,000 with the slash, in an epoch whose first call has been made."""
    receipt = heartbeats.report(lie.args, commit(lie, prover), weights.args, sender=prover)
    assert receipt.gas_used <= 200_000


def test_the_truth_costs_nothing(heartbeats, bound, beat, commit, weights, prover):
    """HBT-1: an honest operator is never slashed."""
    true = beat()
    signature = commit(true, prover)
    with ape.reverts("heartbeats: heartbeat is not false"):
        heartbeats.report(true.args, signature, weights.args, sender=prover)


def test_each_fault_once(heartbeats, lie, commit, weights, prover, other_prover):
    """HBT-3"""
    first, second = commit(lie, prover), commit(lie, other_prover)
    heartbeats.report(lie.args, first, weights.args, sender=prover)
    for signature, who in ((first, prover), (second, other_prover)):
        with ape.reverts("heartbeats: no binding"):
            heartbeats.report(lie.args, signature, weights.args, sender=who)


@pytest.mark.parametrize("form", FORMS)
def test_a_new_binding_is_not_slashed_for_an_old_lie(
    heartbeats, lie, sign, commit, weights, operator, prover, production, chain, form
):
    """HBT-3: not even in another form of the same signature, nor bound again in the second of the slash."""
    heartbeats.report(lie.args, commit(lie, prover), weights.args, sender=prover)
    heartbeats.bind(production, chain.pending_timestamp + 1_000, sender=operator)
    chain.pending_timestamp += 5
    signature = commit(lie, prover, form(sign(lie)))
    with ape.reverts("heartbeats: time is outside the binding"):
        heartbeats.report(lie.args, signature, weights.args, sender=prover)


def test_a_copied_report_pays_nobody_but_its_prover(heartbeats, lie, sign, commit, weights, prover, stranger):
    """HBT-5: who sees the evidence first in a pending report has not committed to it."""
    signature = commit(lie, prover)
    with ape.reverts("heartbeats: not committed"):
        heartbeats.report(lie.args, signature, weights.args, sender=stranger)
    heartbeats.report(lie.args, signature, weights.args, sender=prover)


def test_commit_and_report_in_one_block_is_too_early(heartbeats, lie, sign, weights, prover, chain):
    """HBT-5"""
    signature = sign(lie)
    evidence = heartbeats.evidence_of(lie.args, signature, prover)
    with chain.isolate():
        chain.provider.auto_mine = False
        heartbeats.commit(evidence, sender=prover, required_confirmations=0, gas=200_000)
        failed = heartbeats.report(
            lie.args, signature, weights.args, sender=prover, required_confirmations=0, gas=400_000,
            raise_on_revert=False,
        )  # fmt: skip
        chain.provider.auto_mine = True
        chain.mine()
        assert failed.failed


def test_committing_twice_keeps_the_first(heartbeats, lie, commit, weights, prover):
    signature = commit(lie, prover)
    commit(lie, prover)
    heartbeats.report(lie.args, signature, weights.args, sender=prover)


def test_times_outside_the_binding(heartbeats, lie, commit, weights, operator, prover, production, chain):
    """HBT-4"""
    binding = heartbeats.binding(operator, production)
    for time in (binding.since - 1, binding.last + 1, chain.pending_timestamp + 10_000, 2**64 - 1):
        odd = replace(lie, time=time)
        signature = commit(odd, prover)
        with ape.reverts("heartbeats: time is outside the binding"):
            heartbeats.report(odd.args, signature, weights.args, sender=prover)


def test_the_window_to_the_second(heartbeats, bound, beat, commit, weights, operator, prover, production, chain):
    """HBT-4"""
    lie = beat(digest=sha("swapped weights"), time=bound)
    signature = commit(lie, prover)
    with chain.isolate():
        chain.pending_timestamp = bound + WINDOW
        heartbeats.report(lie.args, signature, weights.args, sender=prover)
    chain.pending_timestamp = bound + WINDOW + 1
    with ape.reverts("heartbeats: evidence window is over"):
        heartbeats.report(lie.args, signature, weights.args, sender=prover)


def test_another_operator_s_binding_is_safe(heartbeats, lie, commit, weights, production, prover):
    """HBT-1: a key that nobody named speaks for its own account, which promised nothing."""
    other = Account.from_role("other node")
    framed = replace(lie, node=other.address)
    signature = commit(framed, prover, b"\x01" * 65)
    with ape.reverts("heartbeats: no binding"):
        heartbeats.report(framed.args, signature, weights.args, sender=prover)


def test_an_operator_may_sign_with_its_own_key(
    heartbeats, hub, token, deployer, weights, sign, commit, prover, production, restituted, chain, accounts
):
    """The account that is bound needs no key beside its own."""
    holder = accounts[11]
    key = Account(bytes.fromhex(holder.private_key.removeprefix("0x")))
    token.transfer(holder, RESERVE, sender=deployer)
    token.approve(hub, RESERVE, sender=holder)
    hub.register_operator(0, "", sender=holder)
    hub.lock(heartbeats, holder, RESERVE, sender=holder)
    heartbeats.bind(production, chain.pending_timestamp + 1_000, sender=holder)
    chain.pending_timestamp += 5
    lie = Heartbeat(key.address, production, 1, sha("other"), chain.pending_timestamp - 1)
    heartbeats.report(lie.args, commit(lie, prover, sign(lie, key)), weights.args, sender=prover)
    assert hub.lock_of(heartbeats, holder) == 0


def test_restitution_follows_the_announcement_after_its_notice(
    heartbeats, environments, lie, commit, weights, author, prover, restituted, stranger, production, chain
):
    """HBT-6: whom the environment named before the fault; a change counts after notice."""
    environments.announce_restitution(production, stranger, sender=author)
    signature = commit(lie, prover)
    with chain.isolate():
        heartbeats.report(lie.args, signature, weights.args, sender=prover)
        assert (heartbeats.credits(restituted), heartbeats.credits(stranger)) == (RESTITUTION, 0)
    chain.pending_timestamp += environments.NOTICE()
    heartbeats.report(lie.args, signature, weights.args, sender=prover)
    assert (heartbeats.credits(restituted), heartbeats.credits(stranger)) == (0, RESTITUTION)


def test_who_reports_itself_loses(heartbeats, hub, token, lie, commit, weights, operator, restituted):
    """The operator as its own prover and victim gets four fifths of the damages back, and loses the rest."""
    before = token.balanceOf(operator) + hub.lock_of(heartbeats, operator)
    heartbeats.report(lie.args, commit(lie, operator), weights.args, sender=operator)
    heartbeats.withdraw(operator, sender=operator)
    heartbeats.withdraw(operator, sender=restituted)
    after = token.balanceOf(operator) + hub.lock_of(heartbeats, operator)
    assert before - after == RESERVE - RESTITUTION - REWARD > PENALTY >= 100 * COIN


def test_removed_service_still_pays(heartbeats, hub, lie, commit, weights, owner, prover, restituted):
    hub.remove_service(heartbeats, sender=owner)
    heartbeats.report(lie.args, commit(lie, prover), weights.args, sender=prover)
    assert heartbeats.pay(restituted, sender=prover).return_value == RESTITUTION
