"""REX-4: the panel comes from a seed that nobody knew at the opening; no party sits on it."""

from __future__ import annotations

from audit.reexecuted import DIGEST, EXECUTORS, FEE, MATURITY, PANEL
from evmstorm.evm import reverts
from keifu.units import DAY


def test_a_panel_is_distinct_and_its_seats_are_kept(world):
    demand, panel = world.drawn()
    assert len({who.address for who in panel}) == PANEL
    for seat, who in enumerate(panel):
        assert world.service.seat(demand, seat)[0] == who.address
        assert world.service.slot(DIGEST, world.executors.index(who))[3] == 1


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
    world.service.join(DIGEST, EXECUTORS, sender=world.operator)
    world.service.join(DIGEST, EXECUTORS + 1, sender=world.other)
    world.evm.warp(MATURITY - 100)
    for slot in range(4):
        world.service.leave(DIGEST, slot, sender=world.executors[slot])
    demand = world.open()  # five executors, the operator; the other one is not mature
    world.seed()
    assert {who.address for who in world.draw(demand)} == {who.address for who in world.executors[4:]}


def test_a_pool_that_is_too_small_gives_the_fees_back(world):
    for slot in range(5):
        world.service.leave(DIGEST, slot, sender=world.executors[slot])
    world.evm.warp(1)
    receipt = world.receipt()
    demand = world.open(receipt=receipt)
    world.seed()
    (log,) = world.service.draw(demand, sender=world.stranger).events("Closed")
    assert (log.args["rest_to"], log.args["rest"]) == (world.client.address, PANEL * FEE)
    assert world.service.promise(world.promise)[7] == 0
    world.open(receipt=receipt)


def test_joining_after_the_opening_changes_no_panel(world):
    demand = world.open()
    world.seed()
    with world.evm.anchor():
        without = [who.address for who in world.draw(demand)]
    world.service.join(DIGEST, EXECUTORS, sender=world.other)
    assert [who.address for who in world.draw(demand)] == without
