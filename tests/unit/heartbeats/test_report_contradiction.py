"""HeartbeatService.report_contradiction: two heartbeats of one promotion with two digests are a fault of their own."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from keifu.keys import Account
from tests.unit.heartbeats.conftest import RESTITUTION, REWARD, sha


@pytest.fixture
def pair(bound, beat):
    """Two heartbeats for a promotion that nobody has made."""
    first = beat(promotion_seq=2, digest=sha("one"))
    return first, replace(first, digest=sha("two"), time=first.time + 1)


def test_a_contradiction_pays(heartbeats, pair, commit, sign, prover, restituted):
    """HBT-1"""
    signature = commit(pair[0], prover)
    heartbeats.report_contradiction(pair[0].args, signature, pair[1].args, sign(pair[1]), sender=prover)
    assert (heartbeats.credits(restituted), heartbeats.credits(prover)) == (RESTITUTION, REWARD)


def test_it_is_paid_once(heartbeats, pair, commit, sign, prover):
    """HBT-3"""
    for item in pair:
        commit(item, prover)
    heartbeats.report_contradiction(pair[0].args, sign(pair[0]), pair[1].args, sign(pair[1]), sender=prover)
    with ape.reverts("heartbeats: no binding"):
        heartbeats.report_contradiction(pair[1].args, sign(pair[1]), pair[0].args, sign(pair[0]), sender=prover)


def test_what_agrees_is_none(heartbeats, pair, commit, sign, prover):
    """HBT-1: two true heartbeats never contradict, nor do those of two promotions or environments."""
    first = pair[0]
    signature = commit(first, prover)
    for second in (
        replace(first, time=first.time + 1),
        replace(pair[1], promotion_seq=3),
        replace(pair[1], environment=sha("elsewhere")),
        replace(pair[1], node=Account.from_role("other node").address),
    ):
        with ape.reverts("heartbeats: no contradiction"):
            heartbeats.report_contradiction(first.args, signature, second.args, sign(second), sender=prover)


def test_both_have_to_be_signed(heartbeats, pair, commit, sign, prover):
    """HBT-1: nobody frames a node."""
    forger = Account.from_role("forger")
    good = commit(pair[0], prover)
    with ape.reverts("heartbeats: bad signature"):
        heartbeats.report_contradiction(pair[0].args, good, pair[1].args, sign(pair[1], forger), sender=prover)
    forged = commit(pair[0], prover, sign(pair[0], forger))
    with ape.reverts("heartbeats: bad signature"):
        heartbeats.report_contradiction(pair[0].args, forged, pair[1].args, sign(pair[1]), sender=prover)


def test_both_lie_in_the_binding(heartbeats, pair, commit, sign, prover, bound):
    """HBT-4"""
    early = replace(pair[1], time=bound + 1)
    with ape.reverts("heartbeats: time is outside the binding"):
        heartbeats.report_contradiction(pair[0].args, commit(pair[0], prover), early.args, sign(early), sender=prover)


def test_it_has_to_be_committed(heartbeats, pair, sign, commit, prover, stranger):
    """HBT-5"""
    commit(pair[0], prover)
    with ape.reverts("heartbeats: not committed"):
        heartbeats.report_contradiction(pair[0].args, sign(pair[0]), pair[1].args, sign(pair[1]), sender=stranger)
