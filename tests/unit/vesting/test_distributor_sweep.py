"""TGEDistributor.sweep: by the owner, years later."""

from __future__ import annotations

import ape


def test_the_owner_takes_what_is_left_once_the_day_has_come(distributor, token, terms, grant, owner, stranger, at):
    at(terms["sweep_after"])
    distributor.claim(*grant(0), sender=stranger)
    left = token.balanceOf(distributor)
    receipt = distributor.sweep(owner, sender=owner)
    assert receipt.events == [
        distributor.Swept(to=owner, amount=left),
        token.Transfer(sender=distributor, receiver=owner, value=left),
    ]
    assert token.balanceOf(distributor) == 0


def test_tge_8_not_a_second_earlier(distributor, terms, owner, at):
    at(terms["sweep_after"] - 1)
    with ape.reverts("distributor: sweep not open"):
        distributor.sweep(owner, sender=owner)


def test_nobody_else_sweeps(distributor, terms, non_owner, at):
    at(terms["sweep_after"])
    with ape.reverts("distributor: caller is not the owner"):
        distributor.sweep(non_owner, sender=non_owner)
