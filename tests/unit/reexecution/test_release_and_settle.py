"""REX-11: a reserve ends by its client's word or when no demand can come any more."""

from __future__ import annotations

from audit.reexecuted import LOCKED, RESERVE, REST
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.units import COIN, DAY


def over(world):
    world.evm.warp_to(world.service.promise(world.promise)[3][7] + REST + 1)


def test_the_client_releases_and_nobody_else(world):
    with reverts("reexecution: not the client"):
        world.service.release(world.promise, sender=world.operator)
    world.service.release(world.promise, sender=world.client)
    assert world.service.reserved(world.operator) == 0
    with reverts("reexecution: promise is over"):
        world.service.release(world.promise, sender=world.client)


def test_exit_right_after_the_fraud(world):
    """A demand holds the reserve; neither unlocking nor settling gets round it."""
    demand, _ = world.found([2] * 5)
    world.service.accuse(demand, b"", sender=world.client)
    over(world)
    for call in (lambda: world.service.settle(world.promise, sender=world.operator),
                 lambda: world.service.release(world.promise, sender=world.client),
                 lambda: world.service.unlock(1, [world.promise], sender=world.operator)):  # fmt: skip
        with reverts("reexecution: demand is open"):
            call()
    with reverts("hub: more than the lock"):
        world.service.unlock(LOCKED - RESERVE + 1, [], sender=world.operator)


def test_a_reserve_ends_with_its_window(world):
    last = world.service.promise(world.promise)[3][7]
    world.evm.warp_to(last + REST - 1)
    with reverts("reexecution: still open to demands"):
        world.service.settle(world.promise, sender=world.operator)
    over(world)
    world.service.unlock(LOCKED, [world.promise], sender=world.operator)
    assert world.hub.lock_of(world.service, world.operator) == 0


def test_windows_stand_still_without_a_court(world):
    seats = world.court.total_weight()
    world.court.weigh(0, COIN, sender=world.owner)
    world.service.see_court(sender=world.stranger)
    before = world.service.promise(world.promise)[5]
    world.evm.warp(5 * DAY)
    world.court.weigh(seats, COIN, sender=world.owner)
    world.service.see_court(sender=world.stranger)
    assert 5 * DAY <= world.service.promise(world.promise)[5] - before <= 5 * DAY + 10


def test_settling_looks_for_the_court(world):
    """Whoever ends a promise while the court opens no case makes other windows stand still."""
    over(world)
    world.court.weigh(0, COIN, sender=world.owner)
    (log,) = world.service.settle(world.promise, sender=world.operator).events("CourtSeen")
    assert (log.args["opens"], log.args["stood"]) == (False, 0)


def test_what_stood_still_before_a_panel_gives_its_client_no_more_time(world):
    seats = world.court.total_weight()
    world.court.weigh(0, COIN, sender=world.owner)
    world.service.see_court(sender=world.stranger)
    world.evm.warp(5 * DAY)
    world.court.weigh(seats, COIN, sender=world.owner)
    world.service.see_court(sender=world.stranger)
    demand, panel = world.drawn()
    until = world.evm.now + 4 * DAY
    assert world.service.demand(demand)[8] == until
    world.say(demand, panel, [2] * 5)
    world.evm.warp_to(until + 1)
    with reverts("reexecution: nothing to accuse of"):
        world.service.accuse(demand, b"", sender=world.client)


def test_constructors_refuse_what_cannot_work(world):
    for args, reason in (
        ((ZERO_ADDRESS, world.court, 10 * DAY), "reexecution: market is no contract"),
        ((world.market, ZERO_ADDRESS, 10 * DAY), "reexecution: court is no contract"),
        ((world.market, world.court, 7 * DAY), "reexecution: no time to open"),
    ):
        with reverts(reason):
            world.evm.deploy("ReExecution", *args, sender=world.owner)


def test_terms_say_who_decides(world):
    terms = world.service.terms()
    assert tuple(terms[:3]) == (10 * DAY, 0, world.court.address)
