"""StorageEndowment.open_term, stand_in and wind_up: term after term at a falling price, and what is left in the end."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts
from keifu.storage.states import EVIDENCE
from keifu.units import COIN, DAY

from .world import ENOUGH, GIVEN, GWEI, LOCK, PRICE, RESTITUTION, REWARD, SHARDS, TERM

EPOCH = PRICE * GWEI * SHARDS  # wei of an epoch of the first term
NEXT = EPOCH * 9 // 10
HALF_A_YEAR = 180 * DAY


@pytest.fixture
def stored(world):
    """The first term's shards are stored, and its end comes near."""
    world.accept()
    world.to_epoch(world.until - 2)
    return world


# a further term -------------------------------------------------------------------------------------------------------


def test_the_next_term_is_cheaper(stored, endowment):
    """END-3, END-4: and whoever opens it is rewarded."""
    world, before = stored, stored.balance(stored.stranger)
    receipt = world.open_term()
    deal = world.term()
    assert (world.deal, bytes(receipt.value)) == (world.id_of(2), world.id_of(2))
    assert (deal.price, deal.restitution) == (PRICE * 9 // 10, RESTITUTION * 9 // 10)
    assert (deal.accept_by, deal.begin, deal.end) == (14, 11, 11 + TERM)
    assert world.balance(world.stranger) - before == REWARD
    assert world.balance() == GIVEN - EPOCH * TERM - REWARD - NEXT * TERM
    [event] = receipt.events("TermOpened")
    assert (event.args["number"], event.args["opener"], event.args["end"]) == (2, world.stranger.address, 21)
    world.accept()
    assert world.market.shards_of(world.first) == 2


def test_not_before_its_time(world, endowment):
    """END-4"""
    world.accept()
    world.to_epoch(world.until - 3, DAY - 1)
    with reverts("endowment: term is under way"):
        world.open_term()
    world.to_epoch(world.until - 2, 0)
    world.open_term()
    with reverts("endowment: term is under way"):
        world.open_term()


def test_the_data_stay_the_same(stored):
    """END-2"""
    world = stored
    pieces = world.pieces()
    others = ([*pieces[:2], (world.third, *world.shards[1])], pieces[::-1], pieces[:2], [*pieces, pieces[0]])
    changed = (world.third, world.shards[2][0], world.shards[2][1] + 1)
    for wrong in (*others, [*pieces[:2], changed]):
        with reverts("endowment: other data"):
            world.open_term(pieces=wrong)


def test_whoever_stores_a_shard_is_named_again(stored):
    """END-2"""
    world = stored
    with reverts("endowment: another one stores it"):
        world.open_term(world.first, world.second, world.first)
    world.open_term()


def test_for_what_nobody_stores_anybody_is_named(world):
    """END-3: the price stays as it was, so that somebody takes it."""
    world.accept(0, 1)
    world.to_epoch(world.until - 2)
    world.open_term(world.first, world.second, world.stranger)
    assert world.deal == world.id_of(2, world.first, world.second, world.stranger)
    assert (world.plan_now().price, world.plan_now().restitution) == (PRICE, RESTITUTION)


@pytest.mark.parametrize("refunded", [(0, 1, 2), (0,)])
def test_shards_that_are_refunded_already_were_stored(world, refunded):
    """END-3"""
    world.accept()
    world.to_epoch(world.until + EVIDENCE)
    world.deals.refund(world.deal, list(refunded), sender=world.stranger)
    with reverts("endowment: another one stores it"):
        world.open_term(world.stranger, world.second, world.third)
    world.open_term()
    assert world.plan_now().price == PRICE * 9 // 10


def test_a_refund_of_what_nobody_stored_is_no_storing(world):
    """END-3"""
    world.accept(0, 1)
    world.to_epoch(world.until)
    world.deals.refund(world.deal, [2], sender=world.stranger)
    world.open_term(world.first, world.second, world.stranger)
    assert world.plan_now().price == PRICE


def test_what_was_not_proven_comes_back(world):
    """END-6: nobody proved, so all of the first term is there again."""
    world.accept()
    world.to_epoch(world.until + EVIDENCE)
    world.deals.refund(world.deal, [0, 1, 2], sender=world.stranger)
    world.open_term()
    assert world.market.credits(world.endowment) == 0
    assert world.balance() == GIVEN - REWARD - NEXT * TERM


def test_bonds_come_back(world):
    """END-6: a repairer that did not use its time pays the endowment."""
    world.accept()
    for epoch in (2, 3, 4, 5):
        world.to_epoch(epoch)
        number = world.market.open_epoch(epoch, sender=world.stranger).value
        world.randomness.put(number, bytes([epoch]) * 32, sender=world.stranger)
        world.market.see_seed(epoch, sender=world.stranger)
    world.deals.declare_lost(world.deal, 0, sender=world.stranger)
    world.repairs.reserve_repair(world.deal, 0, sender=world.stranger)
    world.to_epoch(10)
    world.repairs.end_repair(world.deal, 0, sender=world.stranger)
    restored, bond = world.market.credits(world.endowment), world.repairs.credits(world.endowment)
    assert (restored, bond > 0) == (RESTITUTION * GWEI, True)
    before = world.balance()
    world.open_term()
    # One shard was lost, so the price is as it was.
    assert world.balance() == before + restored + bond - REWARD - EPOCH * TERM
    assert world.plan_now().price == PRICE


def test_anybody_tops_it_up(world, endowment):
    """Coins that are sent to its address are its own."""
    assert endowment.lasts() == 2
    world.token.transfer(endowment, 1_000 * COIN, sender=world.stranger)
    assert endowment.lasts() > 30


def test_as_long_as_there_are_coins(stored, endowment):
    """END-4: the last term is shorter; then there are too few, by a wei."""
    world = stored
    for number in (2, 3, 4):
        world.open_term()
        world.accept()
        assert world.state().number == number
        assert endowment.lasts() == {2: 1, 3: 0, 4: 0}[number]
        world.to_epoch(world.until - 2)
    assert world.term().end - world.term().begin == 5
    cost = PRICE * 6_561 // 10_000 * SHARDS * GWEI
    world.token.transfer(endowment, cost * 5 + REWARD - 1 - world.balance(), sender=world.founder)
    with reverts("endowment: too few coins"):
        world.open_term()
    world.token.transfer(endowment, 1, sender=world.stranger)
    world.open_term()
    assert (world.term().end - world.term().begin, world.balance()) == (5, 0)


def test_a_reward_is_never_all(world):
    made = world.found(salt=b"\2" * 32, amount=EPOCH * 5 + REWARD)
    world.to_epoch(world.state(made).until)
    with reverts("endowment: too few coins"):
        made.open_term(world.pieces(), sender=world.stranger)


def test_a_price_never_falls_to_nothing(world):
    made = world.found(salt=b"\3" * 32, price=1, restitution=0, fall=9_999, reward=0, amount=COIN)
    assert made.lasts() == 1_000
    world.accept(of=made)
    world.to_epoch(world.state(made).until)
    made.open_term(world.pieces(), sender=world.stranger)
    assert (world.plan_now(made).price, world.plan_now(made).restitution) == (1, 0)


def test_a_renewal_by_others_changes_nothing(stored):
    """END-4: they pay for a deal, not for the endowment's time."""
    world = stored
    world.token.approve(world.deals, ENOUGH, sender=world.founder)
    world.deals.renew(world.deal, world.until + 30, sender=world.founder)
    world.open_term()
    assert world.deal == world.id_of(2)


def test_a_removed_market_takes_no_term(stored):
    world = stored
    world.hub.remove_service(world.market, sender=world.owner)
    with reverts("endowment: market is removed"):
        world.open_term()


# standing in ----------------------------------------------------------------------------------------------------------


def test_anybody_stands_in(world, endowment):
    """END-5"""
    world.accept(1, 2)
    world.to_epoch(5)
    with reverts("endowment: may still be accepted"):
        endowment.stand_in(0, sender=world.second)
    world.to_epoch(6)
    [event] = endowment.stand_in(0, sender=world.second).events("StandIn")
    assert (event.args["index"], event.args["provider"]) == (0, world.second.address)
    with reverts("endowment: another one was first"):
        endowment.stand_in(0, sender=world.third)
    world.to_epoch(7)
    endowment.stand_in(0, sender=world.third)
    with reverts("repairs: not proposed to the caller"):
        world.repairs.accept_proposal(world.deal, 0, world.shown(0), sender=world.second)
    world.repairs.accept_proposal(world.deal, 0, world.shown(0), sender=world.third)
    world.to_epoch(world.until - 2)
    world.open_term(world.third, world.second, world.third)
    assert world.plan_now().price == PRICE * 9 // 10


def test_not_for_what_is_stored_or_is_no_shard(world, endowment):
    world.accept()
    world.to_epoch(6)
    with reverts("repairs: not the caller's to give"):
        endowment.stand_in(0, sender=world.stranger)
    endowment.stand_in(SHARDS, sender=world.stranger)
    with reverts("deals: not in the deal"):
        world.repairs.accept_proposal(world.deal, SHARDS, world.shown(0), sender=world.stranger)


# the end --------------------------------------------------------------------------------------------------------------


def test_the_heir_gets_what_nobody_used(world, endowment):
    """END-1: to the second, half a year after the term; and what comes later."""
    over = world.market.start() + (world.until - 1) * DAY
    world.evm.warp_to(over + HALF_A_YEAR - 1)
    with reverts("endowment: may still go on"):
        endowment.wind_up(sender=world.heir)
    world.evm.warp_to(over + HALF_A_YEAR)
    world.deals.refund(world.deal, [0, 1], sender=world.stranger)
    receipt = endowment.wind_up(sender=world.stranger)
    [event] = receipt.events("WoundUp")
    assert (receipt.value, event.args["amount"]) == (GIVEN - EPOCH * TERM // 3, GIVEN - EPOCH * TERM // 3)
    world.deals.refund(world.deal, [2], sender=world.stranger)
    assert endowment.wind_up(sender=world.stranger).value == EPOCH * TERM // 3
    assert world.balance(world.heir) == GIVEN
    assert endowment.wind_up(sender=world.stranger).value == 0


def test_a_further_term_puts_it_off(world, endowment):
    """END-1"""
    world.evm.warp_to(world.market.start() + (world.until - 1) * DAY + HALF_A_YEAR)
    world.open_term()
    with reverts("endowment: may still go on"):
        endowment.wind_up(sender=world.heir)


def test_at_once_when_the_market_is_removed(world, endowment):
    """END-1: after the term that is paid for."""
    world.hub.remove_service(world.market, sender=world.owner)
    world.to_epoch(world.until - 1, DAY - 1)
    with reverts("endowment: may still go on"):
        endowment.wind_up(sender=world.heir)
    world.to_epoch(world.until, 0)
    world.deals.refund(world.deal, [0, 1, 2], sender=world.stranger)
    assert endowment.wind_up(sender=world.heir).value == GIVEN
    assert world.hub.lock_of(world.market, world.first) == LOCK
