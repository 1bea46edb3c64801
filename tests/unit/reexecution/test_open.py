"""REX-2: the client of a promise, and nobody else, has each of its receipts judged once."""

from __future__ import annotations

import pytest

from audit.reexecuted import FEE, PANEL, REST
from evmstorm.evm import reverts
from keifu.compute.receipt import Evidence
from keifu.units import DAY

ROOT = b"\x09" * 32


def test_a_demand_brings_the_panel_s_fees(world):
    before = world.token.balanceOf(world.client)
    demand = world.open()
    assert before - world.token.balanceOf(world.client) == PANEL * FEE
    assert world.service.promise(world.promise)[7] == demand == 1


@pytest.mark.parametrize("who", ["operator", "stranger"])
def test_only_the_client_opens(world, who):
    with reverts("reexecution: not the client"):
        world.open(sender=getattr(world, who))


@pytest.mark.parametrize("kind", [Evidence.UNVERIFIED, Evidence.ATTESTED, Evidence.PROVED])
def test_a_receipt_of_another_kind_is_not_judged(world, kind):
    with reverts("reexecution: not of that kind"):
        world.open(receipt=world.receipt(evidence=kind))


@pytest.mark.parametrize("changes", [{"channel_id": ROOT}, {"digest": ROOT}])
def test_a_receipt_of_another_channel_or_model_is_not_judged(world, changes):
    with reverts("reexecution: another channel or model"):
        world.open(receipt=world.receipt(**changes))


def test_a_receipt_of_another_key_is_not_judged(world):
    with reverts("reexecution: not the operator's"):
        world.open(by=world.other)
    promise, values, *rest = world.opening()
    with reverts("reexecution: not the operator's"):
        world.service.open(promise, (*values[:-1], values[-1] - 1), *rest, sender=world.client)


def test_a_receipt_of_tomorrow_is_not_judged(world):
    with reverts("reexecution: not the operator's"):
        world.open(receipt=world.receipt(time=world.evm.now + DAY))


def test_a_receipt_before_or_after_the_promise_is_not_judged(world):
    since, last = world.service.promise(world.promise)[4], world.service.promise(world.promise)[3][7]
    for time in (since - 1, last + 1):
        with reverts("reexecution: outside the promise"):
            world.open(receipt=world.receipt(time=time))


def test_a_receipt_is_judged_once(world):
    receipt = world.receipt()
    demand, _ = world.found([1] * 5, receipt=receipt)
    with reverts("reexecution: demand is open"):
        world.open(receipt=world.receipt(number=2))
    world.service.close(demand, sender=world.stranger)
    for again in (receipt, world.receipt()):  # the number is the same
        with reverts("reexecution: was judged"):
            world.open(receipt=again)
    world.open(receipt=world.receipt(number=2))


def test_other_bytes_are_not_judged(world):
    for given in ({"request": b"another"}, {"response": b"another"}, {"request": b""}, {"response": b""}):
        with reverts("reexecution: other bytes"):
            world.open(**given)


def test_long_bytes_stand_in_a_deal(world):
    demand = world.open(request=b"", stored=(ROOT, bytes(32)))
    assert world.service.demand(demand)[11] is True


def test_openings_end(world):
    world.evm.warp_to(world.service.promise(world.promise)[3][7] + REST + 1)
    with reverts("reexecution: promise is over"):
        world.open(receipt=world.receipt(time=world.evm.now - REST - 60))
