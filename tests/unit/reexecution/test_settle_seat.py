"""REX-10: only the court's verdict fines a word, absence costs half of that, and each seat is settled once."""

from __future__ import annotations

import pytest

from audit.reexecuted import ABSENT, DIGEST, FEE, LOCKED, STAKE, WRONG
from evmstorm.evm import reverts
from keifu.units import DAY

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
        word = world.service.slot(DIGEST, world.executors.index(who))
        assert (word[2] > 0, word[3]) == (fine > 0, 0)  # a fine ends the slot


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
    world.service.free_slot(DIGEST, slot, sender=world.stranger)
    world.service.unlock(LOCKED - ABSENT, [], sender=panel[4])
    assert world.hub.lock_of(world.service, panel[4]) == 0
