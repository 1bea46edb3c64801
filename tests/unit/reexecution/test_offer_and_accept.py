"""REX-1: what judges an answer is bound before its receipt, and reserved before it holds."""

from __future__ import annotations

import pytest

from audit.reexecuted import DIGEST, EXECUTORS, FEE, LOCKED, MATURITY, POOL, RESERVE, RESTITUTION, RULE, pool_of
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.units import COIN, DAY

NOTHING = bytes(32)


def test_an_accepted_promise_reserves_what_a_conviction_pays(world):
    state = world.service.promise(world.promise)
    assert (state[0], state[1], state[2]) == (world.operator.address, world.client.address, world.channel_id)
    assert state[6] == RESERVE == world.service.reserved(world.operator)


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": NOTHING}, {"tolerance": NOTHING}, {"restitution": RESTITUTION - 1}, {"restitution": 20_001 * COIN},
        {"panel": 2, "needed": 2}, {"panel": 8, "needed": 5}, {"needed": 2}, {"panel": 4, "needed": 2}, {"needed": 6},
        {"fee": COIN - 1}, {"fee": 100 * COIN + 1},
    ],
)  # fmt: skip
def test_terms_that_nobody_should_accept_are_refused(world, changes):
    with reverts("reexecution: bad terms"):
        world.offer(**changes)


def test_an_operator_is_no_client_of_its_own(world):
    for payer in (world.operator.address, ZERO_ADDRESS):
        config = (payer, *world.channel.values[1:])
        with reverts("reexecution: no client"):
            world.service.offer(config, world.terms(), sender=world.operator)


def test_only_the_client_accepts_and_once_and_in_time(world):
    number = world.offer()
    with reverts("reexecution: not the client"):
        world.service.accept(number, 0, sender=world.stranger)
    world.service.accept(number, 0, sender=world.client)
    with reverts("reexecution: no offer"):
        world.service.accept(number, 0, sender=world.client)
    late = world.offer()
    world.evm.warp(3 * DAY + 1)
    with reverts("reexecution: no offer"):
        world.service.accept(late, 0, sender=world.client)


def test_more_than_the_lock_holds_is_not_promised(world):
    amount = (LOCKED - RESERVE) * 4 // 5
    number = world.offer(restitution=amount)
    with reverts("compute: lock too small"):
        world.service.accept(number, 0, sender=world.client)


def test_a_client_names_the_pool_that_it_wants(world):
    """Slots that are mature and no party's count; a pool smaller than the panel judges nobody."""
    number = world.offer()
    world.service.join(POOL, EXECUTORS, sender=world.operator)
    world.service.join(POOL, EXECUTORS + 1, sender=world.other)
    with reverts("reexecution: pool too small"):
        world.service.accept(number, EXECUTORS + 1, sender=world.client)
    with world.evm.anchor():
        world.service.accept(number, EXECUTORS, sender=world.client)
    for slot in range(5):
        world.service.leave(POOL, slot, sender=world.executors[slot])
    world.evm.warp(1)
    with reverts("reexecution: pool too small"):
        world.service.accept(number, 0, sender=world.client)


@pytest.mark.parametrize("changes", [{"fee": COIN}, {"tolerance": bytes([2]) * 32}, {"digest": bytes([3]) * 32}])
def test_nobody_works_by_a_rule_or_for_a_pay_that_it_did_not_join_for(world, changes):
    """A pool is of one model, one rule and one fee: this one's members are not drawn for a coin."""
    number = world.offer(**changes)
    with reverts("reexecution: pool too small"):
        world.service.accept(number, 0, sender=world.client)


def test_each_pool_draws_its_own(world):
    cheap = pool_of(DIGEST, RULE, COIN)
    for slot, who in enumerate(world.executors[:6]):
        world.service.join(cheap, slot, sender=who)
    world.evm.warp(MATURITY)
    promise = world.accepted(fee=COIN)
    world.evm.warp(1)
    _, panel = world.drawn(promise=promise)
    assert {who.address for who in panel} <= {who.address for who in world.executors[:6]}
    assert sum(world.service.slot(cheap, slot)[3] for slot in range(6)) == 5
    assert all(world.service.slot(POOL, slot)[3] == 0 for slot in range(EXECUTORS))


def test_without_a_court_nothing_is_promised(world):
    number = world.offer()
    world.court.weigh(0, COIN, sender=world.owner)
    with reverts("reexecution: court opens no case"):
        world.service.accept(number, 0, sender=world.client)


def test_a_price_goes_to_the_operator_as_a_fee(world):
    number, before = world.offer(price=7 * COIN), world.token.balanceOf(world.hub)
    world.service.accept(number, 0, sender=world.client)
    assert world.token.balanceOf(world.hub) - before == 7 * COIN


def test_terms_changed_afterwards_judge_no_earlier_receipt(world):
    """A later promise with another tolerance answers for receipts from its own first second on."""
    receipt, other = world.receipt(), bytes([1]) * 32
    for slot, who in enumerate(world.executors):
        world.service.join(pool_of(DIGEST, other, FEE), slot, sender=who)
    world.evm.warp(MATURITY)
    later = world.accepted(tolerance=other)
    with reverts("reexecution: outside the promise"):
        world.open(receipt=receipt, promise=later)
    assert world.service.promise(world.promise)[3][1] != other
