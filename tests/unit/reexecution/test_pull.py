"""REX-7, REX-8: a verdict is pulled once; a conviction pays the client from the promise's own reserve."""

from __future__ import annotations

import pytest

from audit.reexecuted import COURT_BOND, COURT_COSTS, FEE, PENALTY, RESTITUTION
from evmstorm.evm import reverts
from keifu.units import DAY

ACQUITTED, CONVICTED, VOID = 1, 2, 3


def test_a_conviction_pays_restitution_fees_and_costs(world):
    before = world.wealth(world.operator)
    demand, _ = world.accused()
    world.judge(demand, CONVICTED)
    credit = world.service.credits(world.client)
    world.service.pull(demand, sender=world.stranger)
    paid = RESTITUTION + 5 * FEE + COURT_COSTS
    assert world.service.credits(world.client) - credit == paid
    assert before - world.wealth(world.operator) == (paid + 4 * FEE) * 5 // 4 + PENALTY  # four found it
    assert world.service.reserved(world.operator) == 0


def test_an_acquittal_takes_nothing(world):
    before, reserved = world.wealth(world.operator), world.service.reserved(world.operator)
    demand, _ = world.accused()
    world.judge(demand, ACQUITTED)
    credit = world.service.credits(world.client)
    world.service.pull(demand, sender=world.stranger)
    assert world.service.credits(world.client) == credit
    assert (world.wealth(world.operator), world.service.reserved(world.operator)) == (before, reserved)


def test_a_void_case_leaves_the_receipt_to_be_shown_again(world):
    receipt = world.receipt()
    demand, _ = world.found([2] * 5, receipt=receipt)
    world.service.accuse(demand, b"", sender=world.client)
    world.judge(demand, VOID)
    world.service.pull(demand, sender=world.stranger)
    assert world.open(receipt=receipt) == demand + 1


@pytest.mark.parametrize("verdict", [ACQUITTED, CONVICTED, VOID])
def test_a_verdict_is_pulled_once(world, verdict):
    demand, _ = world.accused()
    world.judge(demand, verdict)
    world.service.pull(demand, sender=world.stranger)
    with reverts("reexecution: no case"):
        world.service.pull(demand, sender=world.stranger)


def test_without_a_case_or_verdict_nothing_is_pulled(world):
    demand, _ = world.found([2] * 5)
    with reverts("reexecution: no case"):
        world.service.pull(demand, sender=world.stranger)
    world.service.accuse(demand, b"", sender=world.client)
    with reverts("reexecution: no verdict"):
        world.service.pull(demand, sender=world.stranger)


def test_after_the_horizon_a_verdict_still_ends_the_demand(world):
    """A case waited longer than the removed service may slash: nothing is taken, and nothing is stuck."""
    demand, panel = world.accused((2, 2, 2, 1, 0))
    world.hub.remove_service(world.service, sender=world.owner)
    world.evm.warp(41 * DAY)
    before = [world.wealth(who) for who in (world.operator, *panel)]
    world.judge(demand, CONVICTED)
    world.service.pull(demand, sender=world.stranger)
    for seat in range(5):
        world.service.settle_seat(demand, seat, sender=world.stranger)
    assert [world.wealth(who) for who in (world.operator, *panel)] == before
    assert world.service.reserved(world.operator) == 0
    assert world.service.credits(world.insurance) == FEE  # of who was absent
    assert world.token.balanceOf(world.service) == 5 * FEE


def test_within_the_horizon_a_removed_service_still_takes(world):
    demand, _ = world.accused()
    world.hub.remove_service(world.service, sender=world.owner)
    world.evm.warp(39 * DAY)
    world.judge(demand, CONVICTED)
    world.service.pull(demand, sender=world.stranger)
    assert world.service.credits(world.client) == RESTITUTION + 5 * FEE + COURT_COSTS


def test_a_convicted_promise_is_over(world):
    demand, _ = world.accused()
    world.judge(demand, CONVICTED)
    world.service.pull(demand, sender=world.stranger)
    with reverts("reexecution: promise is over"):
        world.open(receipt=world.receipt(number=2))


def test_a_bond_of_the_court_is_the_client_s(world):
    demand, _ = world.found([2] * 5)
    before = world.token.balanceOf(world.client)
    world.service.accuse(demand, b"", sender=world.client)
    assert before - world.token.balanceOf(world.client) == COURT_BOND
    assert world.court.accuser() == world.client.address
