"""REX-4: the panel comes from a seed that nobody knew at the opening; no party sits on it."""

from __future__ import annotations

from audit.reexecuted import EXECUTORS, FEE, MATURITY, PANEL, POOL
from evmstorm.evm import reverts
from keifu.keys import keccak256
from keifu.units import COIN, DAY


def test_a_panel_is_distinct_and_its_seats_are_kept(world):
    demand, panel = world.drawn()
    assert len({who.address for who in panel}) == PANEL
    for seat, who in enumerate(panel):
        assert world.service.seat(demand, seat)[0] == who.address
        assert world.service.slot(POOL, world.executors.index(who))[3] == 1


def test_every_slot_is_drawn_as_often(world):
    """5 of 9 in 90 draws: each is expected 50 times, with a deviation of 4.7."""
    demand, counts = world.open(), dict.fromkeys((who.address for who in world.executors), 0)
    epoch = world.seeds.next()
    for number in range(90):
        with world.evm.anchor():
            world.seeds.put(epoch, bytes([number + 1]) * 32, sender=world.owner)
            for who in world.draw(demand):
                counts[who.address] += 1
    assert all(30 <= found <= 70 for found in counts.values()), counts


def test_without_the_seed_nothing_is_drawn(world):
    demand = world.open()
    with reverts("reexecution: no seed"):
        world.service.draw(demand, sender=world.stranger)


def test_a_panel_is_drawn_once_and_in_time(world):
    demand, _ = world.drawn()
    with reverts("reexecution: not the stage"):
        world.service.draw(demand, sender=world.stranger)


def test_after_its_time_nothing_is_drawn(world):
    demand = world.open()
    world.seed()
    world.evm.warp(3 * DAY + 1)
    with reverts("reexecution: too late"):
        world.service.draw(demand, sender=world.stranger)


def test_no_party_sits_on_the_panel(world):
    """The operator takes a slot in time: it is never drawn about its own answer; nor is what joined too late."""
    world.service.join(POOL, EXECUTORS, sender=world.operator)
    world.service.join(POOL, EXECUTORS + 1, sender=world.other)
    world.evm.warp(MATURITY - 100)
    for slot in range(4):
        world.service.leave(POOL, slot, sender=world.executors[slot])
    demand = world.open()  # five executors, the operator; the other one is not mature
    world.seed()
    assert {who.address for who in world.draw(demand)} == {who.address for who in world.executors[4:]}


def test_a_pool_that_is_too_small_gives_the_fees_back(world):
    for slot in range(5):
        world.service.leave(POOL, slot, sender=world.executors[slot])
    world.evm.warp(1)
    receipt = world.receipt()
    demand = world.open(receipt=receipt)
    world.seed()
    (log,) = world.service.draw(demand, sender=world.stranger).events("Closed")
    assert (log.args["rest_to"], log.args["rest"]) == (world.client.address, PANEL * FEE)
    assert world.service.promise(world.promise)[7] == 0
    world.open(receipt=receipt)


def test_demands_after_the_opening_change_no_panel(world):
    """Somebody fills every slot with demands that nobody can read: it chooses nothing, and pays for all."""
    demand = world.open()
    world.seed()
    with world.evm.anchor():
        right = [who.address for who in world.draw(demand)]
    world.hub.lock(world.service, world.operator, 200_000 * COIN, sender=world.operator)
    shills = []
    for number in range(30):
        promise = world.accepted()
        world.evm.warp(1)
        junk = {"request": b"", "response": b"", "stored": (b"\x01" * 32, b"\x02" * 32)}
        shill = world.open(promise=promise, receipt=world.receipt(number=number + 2), **junk)
        world.seed(keccak256(bytes([number])))
        world.draw(shill)
        shills.append(shill)
    assert all(world.service.slot(POOL, at)[3] > 10 for at in range(EXECUTORS))
    assert [who.address for who in world.draw(demand)] == right
    world.evm.warp(2 * DAY + 1)
    for shill in shills:
        world.service.close(shill, sender=world.operator)
    assert world.service.credits(world.insurance) == 30 * PANEL * FEE


def test_a_fine_after_the_opening_changes_no_panel(world):
    first, panel = world.found([0] * PANEL)
    world.service.close(first, sender=world.stranger)
    second = world.open(receipt=world.receipt(number=2))
    world.evm.warp(1)
    world.seed()
    with world.evm.anchor():
        right = [who.address for who in world.draw(second)]
    for seat in range(len(panel)):
        world.service.settle_seat(first, seat, sender=world.stranger)
    assert [who.address for who in world.draw(second)] == right


def test_joining_after_the_opening_changes_no_panel(world):
    demand = world.open()
    world.seed()
    with world.evm.anchor():
        without = [who.address for who in world.draw(demand)]
    world.service.join(POOL, EXECUTORS, sender=world.other)
    assert [who.address for who in world.draw(demand)] == without
