"""REX-9: every demand ends in bounded time, and each wei of its fees has an owner."""

from __future__ import annotations

import pytest

from audit.reexecuted import FEE, PANEL, REST, UNREADABLE
from evmstorm.evm import reverts
from keifu.units import DAY


def closed(world, demand):
    (log,) = world.service.close(demand, sender=world.stranger).events("Closed")
    return log.args["rest_to"], log.args["rest"]


@pytest.mark.parametrize(("words", "answered"), [([1] * 5, 5), ([2, 1, 1, 0, 0], 3), ([0] * 5, 0)])
def test_fees_of_who_did_not_answer_are_the_insurance_s(world, words, answered):
    """An opener has nothing back, whatever its panel says: no demand is free."""
    demand, _ = world.found(words)
    assert closed(world, demand) == (world.insurance.address, (PANEL - answered) * FEE)
    assert world.service.credits(world.insurance) == (PANEL - answered) * FEE
    assert world.service.credits(world.client) == 0
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


def test_what_cannot_be_read_is_not_free_either(world):
    demand, _ = world.found([UNREADABLE] * PANEL, request=b"", stored=(b"\x01" * 32, bytes(32)))
    assert closed(world, demand) == (world.insurance.address, PANEL * FEE)


def test_an_operator_gains_nothing_by_a_panel_that_nobody_drew(world):
    """Anybody may draw it: neither a client that waits for another one nor its operator gains by the time."""
    demand = world.open()
    world.seed()
    world.evm.warp(3 * DAY + 1)
    assert closed(world, demand) == (world.client.address, PANEL * FEE)


def late(world, receipt, words):
    """A demand in the last second for openings, whose panel says so little that nothing is judged."""
    demand, panel = world.drawn(receipt=receipt)
    world.say(demand, panel, words)
    world.service.close(demand, sender=world.client)


def test_what_was_opened_late_and_not_judged_is_shown_again_once(world):
    state = world.service.promise(world.promise)
    world.evm.warp_to(state[5] - 2)
    receipt = world.receipt(time=state[4])
    late(world, receipt, [0] * PANEL)
    until = world.service.promise(world.promise)[5]
    assert 0 <= until - world.evm.now - REST <= 2
    world.evm.warp_to(until - 2)
    with reverts("reexecution: still open to demands"):
        world.service.settle(world.promise, sender=world.operator)
    late(world, receipt, [1, 1, 0, 0, 0])
    with reverts("reexecution: promise is over"):
        world.open(receipt=receipt)
    world.service.settle(world.promise, sender=world.operator)


def test_without_a_panel_what_was_opened_late_is_shown_again(world):
    state = world.service.promise(world.promise)
    world.evm.warp_to(state[5] - 2)
    receipt = world.receipt(time=state[4])
    demand = world.open(receipt=receipt)
    world.evm.warp(3 * DAY + 1)
    world.service.close(demand, sender=world.stranger)
    assert world.open(receipt=receipt) == demand + 1


@pytest.mark.parametrize("late", [0, 1])
def test_what_prolongs_by_no_second_is_not_used_up(world, late):
    """Closed in the last second of receipts, the window would be as long as it is: another demand may still ask."""
    state = world.service.promise(world.promise)
    world.evm.warp_to(state[3][7] - 3 * DAY - 1 + late)
    demand = world.open()
    world.evm.warp(3 * DAY + 1)
    closed(world, demand)
    after = world.service.promise(world.promise)
    assert (after[5] - state[5], after[8]) == (late, bool(late))


def test_what_was_judged_late_prolongs_nothing(world):
    state = world.service.promise(world.promise)
    world.evm.warp_to(state[5] - 2)
    late(world, world.receipt(time=state[4]), [1, 1, 1, 0, 0])
    world.service.settle(world.promise, sender=world.operator)


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
    assert closed(world, demand) == (world.insurance.address, 0)
    assert world.wealth(world.operator) == before
