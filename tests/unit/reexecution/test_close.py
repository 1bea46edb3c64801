"""REX-9: every demand ends in bounded time, and each wei of its fees has an owner."""

from __future__ import annotations

import pytest

from audit.reexecuted import FEE, PANEL
from evmstorm.evm import reverts
from keifu.units import DAY


def closed(world, demand):
    (log,) = world.service.close(demand, sender=world.stranger).events("Closed")
    return log.args["rest_to"], log.args["rest"]


@pytest.mark.parametrize(("words", "answered"), [([1] * 5, 5), ([2, 1, 1, 0, 0], 3), ([0] * 5, 0)])
def test_who_answered_was_paid_by_the_client(world, words, answered):
    demand, _ = world.found(words)
    assert closed(world, demand) == (world.client.address, (PANEL - answered) * FEE)
    assert world.service.promise(world.promise)[7] == 0


def test_a_panel_that_was_absent_has_judged_nothing(world):
    receipt = world.receipt()
    demand, _ = world.found([2, 2, 0, 0, 0], receipt=receipt)
    closed(world, demand)
    assert world.open(receipt=receipt) == demand + 1


def test_without_a_seed_the_client_has_its_fees_back(world):
    demand = world.open()
    with reverts("reexecution: still time"):
        world.service.close(demand, sender=world.client)
    world.evm.warp(3 * DAY + 1)
    assert closed(world, demand) == (world.client.address, PANEL * FEE)


def test_a_client_that_likes_no_panel_pays_for_another(world):
    """It sees the seed and lets the time pass: fees are the operator's."""
    demand = world.open()
    world.seed()
    world.evm.warp(3 * DAY + 1)
    assert closed(world, demand) == (world.operator.address, PANEL * FEE)


@pytest.mark.parametrize("words", [[1] * 5, [2] * 5])
def test_it_is_not_closed_while_somebody_may_act(world, words):
    demand, panel = world.drawn()
    with reverts("reexecution: still time"):
        world.service.close(demand, sender=world.stranger)
    world.say(demand, panel, words)
    if words[0] == 2:
        with reverts("reexecution: still time"):
            world.service.close(demand, sender=world.stranger)
        world.evm.warp(2 * DAY)
    closed(world, demand)
    with reverts("reexecution: not the stage"):
        world.service.close(demand, sender=world.stranger)


def test_a_client_that_does_not_accuse_has_paid_the_panel(world):
    before = world.wealth(world.operator)
    demand, _ = world.found([2] * 5)
    world.evm.warp(2 * DAY)
    assert closed(world, demand) == (world.client.address, 0)
    assert world.wealth(world.operator) == before
