"""REX-10: only a jury that voted fines a word, absence costs half of that, and each seat is settled once."""

from __future__ import annotations

import pytest

from audit.reexecuted import (
    ABSENT,
    AGREES,
    COURT_COSTS,
    DIFFERS,
    DIGEST,
    EXECUTORS,
    FEE,
    LOCKED,
    PANEL,
    POOL,
    RESTITUTION,
    RULE,
    STAKE,
    WRONG,
    seal,
)  # fmt: skip
from evmstorm.evm import reverts
from keifu.keys import keccak256
from keifu.units import COIN, DAY

WORDS = (2, 2, 2, 1, 0)


def losses(world, demand, panel):
    """What each seat loses of its lock."""
    for seat in range(len(panel)):
        world.service.settle_seat(demand, seat, sender=world.stranger)
    return [LOCKED - world.hub.lock_of(world.service, who) for who in panel]


@pytest.mark.parametrize(
    ("verdict", "fines"),
    [(1, [WRONG] * 3 + [0, ABSENT]), (2, [0] * 3 + [WRONG, ABSENT]), (3, [0] * 4 + [ABSENT])],
)
def test_a_verdict_fines_the_contrary_word(world, verdict, fines):
    demand, panel = world.accused(WORDS)
    world.judge(demand, verdict)
    world.service.pull(demand, sender=world.stranger)
    insured = world.hub.credit(world.insurance) if hasattr(world.hub, "credit") else 0
    assert losses(world, demand, panel) == fines
    assert world.hub.credit(world.insurance) - insured == sum(fines)
    for who, fine in zip(panel, fines, strict=True):
        assert world.service.reserved(who) == STAKE - fine
        word = world.service.slot(POOL, world.executors.index(who))
        assert (word[2] > 0, word[3]) == (fine > 0, 0)  # a fine ends the slot


def settled(world, words, verdict, *hearings):
    """Losses after a verdict whose hearings had these votes: innocent, guilty."""
    demand, panel = world.accused(words)
    world.judge(demand, verdict)
    for number, votes in enumerate(hearings):
        world.court.count(world.service.demand(demand)[12], number, *votes, sender=world.owner)
    world.service.pull(demand, sender=world.stranger)
    return losses(world, demand, panel)


def test_after_a_concession_no_word_is_fined(world):
    """An operator that concedes a right answer to a second account of its own fines nobody who agreed."""
    demand, panel = world.accused((2, 2, 2, 1, 1))
    world.service.concede(demand, sender=world.operator)
    world.service.pull(demand, sender=world.stranger)
    assert losses(world, demand, panel) == [0] * 5
    assert world.service.demand(demand)[14] == 0


@pytest.mark.parametrize(
    ("verdict", "hearings", "denied"),
    [
        (1, [(4, 0)], 0),  # no quorum
        (1, [(3, 4)], 0),  # more guilty than innocent, but no two thirds
        (1, [(3, 3)], 0),
        (1, [(5, 0)], 2),
        (1, [(0, 7), (30, 21)], 2),  # the second hearing decides
        (1, [(7, 0), (0, 50)], 2),  # the second has no quorum
        (2, [(7, 0), (25, 26)], 1),
        (2, [(0, 0)], 0),
        (3, [(7, 0)], 0),
        (3, [(0, 7)], 0),
    ],
)
def test_only_a_jury_that_voted_denies_a_word(world, verdict, hearings, denied):
    """An accuser that throws its case, or a jury without a quorum, fines nobody."""
    words = (2, 2, 2, 1, 1)
    assert settled(world, words, verdict, *hearings) == [WRONG if word == denied else 0 for word in words]


def test_who_found_a_difference_has_a_fee_more_after_a_conviction(world):
    """Out of the operator's reserve; the client has its own in full."""
    demand, panel = world.accused((2, 2, 2, 1, 0))
    world.judge(demand, 2)
    world.service.pull(demand, sender=world.stranger)
    losses(world, demand, panel)
    assert [world.service.credits(who) for who in panel] == [2 * FEE] * 3 + [FEE, 0]
    assert world.service.credits(world.client) == RESTITUTION + PANEL * FEE + COURT_COSTS
    owed = sum(world.service.credits(who) for who in (*panel, world.client, world.insurance))
    assert world.token.balanceOf(world.service) == owed


def test_who_differed_has_no_reward_without_a_conviction(world):
    demand, panel = world.accused((2, 2, 2, 2, 2))
    world.judge(demand, 3)
    world.service.pull(demand, sender=world.stranger)
    losses(world, demand, panel)
    assert [world.service.credits(who) for who in panel] == [FEE] * 5


def test_hiding_a_sealed_word_costs_as_much_as_a_wrong_one(world):
    """Four have said that it differs: who sealed the contrary, and sees them, gains nothing by silence."""
    demand, panel = world.drawn()
    for seat, who in enumerate(panel):
        word = DIFFERS if seat < 4 else AGREES
        world.service.commit(demand, seat, seal(demand, word, DIGEST, RULE, who), sender=who)
    world.evm.warp(DAY + 1)
    for seat, who in enumerate(panel[:4]):
        world.service.reveal(demand, seat, DIFFERS, DIGEST, RULE, sender=who)
    world.evm.warp(DAY)
    world.service.accuse(demand, b"", sender=world.client)
    world.judge(demand, 2)
    world.service.pull(demand, sender=world.stranger)
    assert losses(world, demand, panel) == [0] * 4 + [WRONG]


def test_fines_never_pass_the_stake(world):
    """More seats than a stake holds fines: the last ones take what is left, and no other coins of the lock."""
    world.hub.lock(world.service, world.operator, 400_000 * COIN, sender=world.operator)
    demands = []
    for number in range(45):
        promise = world.accepted()
        world.evm.warp(1)
        demands.append(world.open(promise=promise, receipt=world.receipt(number=number + 2)))
        world.seed(keccak256(bytes([number])))
        world.draw(demands[-1])
    slot = max(range(EXECUTORS), key=lambda number: world.service.slot(POOL, number)[3])
    who = world.executors[slot]
    assert world.service.slot(POOL, slot)[3] > 20
    world.evm.warp(2 * DAY + 1)
    for demand in demands:
        world.service.close(demand, sender=world.stranger)
        for seat in range(PANEL):
            world.service.settle_seat(demand, seat, sender=world.stranger)
    assert LOCKED - world.hub.lock_of(world.service, who) == STAKE
    assert world.service.reserved(who) == 0
    assert tuple(world.service.slot(POOL, slot))[3:] == (0, 20)


def test_without_a_verdict_no_word_is_fined(world):
    demand, panel = world.found([2, 2, 1, 1, 1])
    world.service.close(demand, sender=world.stranger)
    assert losses(world, demand, panel) == [0] * 5
    assert all(world.service.credits(who) == FEE for who in panel)


def test_a_seat_is_settled_once_and_when_it_is_over(world):
    demand, _ = world.found([1] * 5)
    with reverts("reexecution: no seat to settle"):
        world.service.settle_seat(demand, 0, sender=world.stranger)
    world.service.close(demand, sender=world.stranger)
    with reverts("reexecution: no seat to settle"):
        world.service.settle_seat(demand, 5, sender=world.stranger)
    world.service.settle_seat(demand, 0, sender=world.stranger)
    with reverts("reexecution: no seat to settle"):
        world.service.settle_seat(demand, 0, sender=world.stranger)


def test_a_fined_executor_takes_the_rest_of_its_stake_back(world):
    demand, panel = world.found([1, 1, 1, 1, 0])
    world.service.close(demand, sender=world.stranger)
    losses(world, demand, panel)
    slot = world.executors.index(panel[4])
    world.evm.warp(3 * DAY + 1)
    world.service.free_slot(POOL, slot, sender=world.stranger)
    world.service.unlock(LOCKED - ABSENT, [], sender=panel[4])
    assert world.hub.lock_of(world.service, panel[4]) == 0
