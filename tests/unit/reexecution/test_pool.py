"""REX-3: a slot is a stake of one size; it counts when mature, and its coins stay while it may be drawn."""

from __future__ import annotations

from audit.reexecuted import EXECUTORS, LOCKED, POOL, STAKE
from evmstorm.evm import reverts
from keifu.units import DAY


def test_a_slot_reserves_its_stake(world):
    assert world.service.reserved(world.executors[0]) == STAKE
    assert world.service.slot_count(POOL) == EXECUTORS
    with reverts("hub: more than the lock"):
        world.service.unlock(LOCKED - STAKE + 1, [], sender=world.executors[0])
    world.service.unlock(LOCKED - STAKE, [], sender=world.executors[0])


def test_a_slot_is_one_account_s_and_the_next_one(world):
    for slot in (0, EXECUTORS + 1, 128):
        with reverts("reexecution: no such free slot"):
            world.service.join(POOL, slot, sender=world.other)
    with reverts("reexecution: holds a slot"):
        world.service.join(POOL, EXECUTORS, sender=world.executors[0])
    world.service.join(POOL, EXECUTORS, sender=world.other)


def test_without_a_stake_nobody_joins(world):
    world.service.unlock(LOCKED, [], sender=world.other)
    with reverts("compute: lock too small"):
        world.service.join(POOL, EXECUTORS, sender=world.other)


def test_at_a_removed_service_nobody_joins(world):
    world.hub.remove_service(world.service, sender=world.owner)
    with reverts("reexecution: not listed"):
        world.service.join(POOL, EXECUTORS, sender=world.other)


def test_a_slot_is_asked_back_by_its_holder_once(world):
    for who, slot in ((world.stranger, 0), (world.executors[1], 0), (world.executors[0], 60)):
        with reverts("reexecution: no slot of the caller"):
            world.service.leave(POOL, slot, sender=who)
    world.service.leave(POOL, 0, sender=world.executors[0])
    with reverts("reexecution: no slot of the caller"):
        world.service.leave(POOL, 0, sender=world.executors[0])


def test_a_stake_stays_while_a_panel_may_be_drawn_from_it(world):
    who = world.executors[0]
    with reverts("reexecution: slot is needed"):
        world.service.free_slot(POOL, 0, sender=who)
    world.service.leave(POOL, 0, sender=who)
    world.evm.warp(3 * DAY)
    with reverts("reexecution: slot is needed"):
        world.service.free_slot(POOL, 0, sender=who)
    world.evm.warp(1)
    world.service.free_slot(POOL, 0, sender=world.stranger)
    assert world.service.reserved(who) == 0
    with world.evm.anchor():
        world.service.join(POOL, 0, sender=who)  # and so is its account
    world.service.join(POOL, 0, sender=world.other)  # the place is free again


def test_exit_right_after_the_seed_saves_nobody(world):
    """It left after the opening: it is drawn, and its seat keeps the stake."""
    demand = world.open()
    world.evm.warp(1)
    for slot, who in enumerate(world.executors):
        world.service.leave(POOL, slot, sender=who)
    world.seed()
    panel = world.draw(demand)
    assert len(set(panel)) == 5
    world.evm.warp(3 * DAY + 1)
    with reverts("reexecution: slot is needed"):
        world.service.free_slot(POOL, world.executors.index(panel[0]), sender=panel[0])


def test_whoever_left_before_is_not_drawn(world):
    for slot in range(4):
        world.service.leave(POOL, slot, sender=world.executors[slot])
    _, panel = world.drawn()
    assert {who.address for who in panel} == {who.address for who in world.executors[4:]}
