"""TGEDistributor.claim_many."""

from __future__ import annotations

import ape

from keifu.units import COIN


def test_a_batch_pays_each_account(distributor, token, grant, grants, stranger, at, schedule):
    at(schedule.end)
    receipt = distributor.claim_many([grant(index) for index in range(6)], sender=stranger)
    assert receipt.return_value == grants.allocation
    assert [token.balanceOf(account) for account in grants.accounts] == grants.totals
    assert token.balanceOf(distributor) == 0


def test_a_grant_that_was_claimed_first_does_not_spoil_the_batch(
    distributor, token, grant, stranger, at, start, holder
):
    at(start)
    distributor.claim(*grant(0), sender=stranger)
    at(start + 1)
    receipt = distributor.claim_many([grant(0), grant(1), grant(1)], sender=stranger)
    assert len(list(receipt.decode_logs(distributor.Claimed))) == 1
    assert token.balanceOf(holder) == 381 * COIN


def test_a_wrong_proof_fails_the_batch(distributor, grant, stranger, at, start):
    at(start)
    with ape.reverts("distributor: not in the list"):
        distributor.claim_many([grant(0), (*grant(1)[:3], [])], sender=stranger)
    assert distributor.paid(0) == 0


def test_an_empty_batch_pays_nothing(distributor, stranger):
    assert distributor.claim_many([], sender=stranger).return_value == 0
