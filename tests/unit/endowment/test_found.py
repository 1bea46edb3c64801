"""StorageEndowment.found: an endowment has an address of its own, and pays for a first term at once."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.units import COIN

from .world import FALL, GIVEN, GWEI, PRICE, RESTITUTION, REWARD, SALT, SHARDS, TERM

OTHER = b"\1" * 32
FIRST_TERM = PRICE * GWEI * SHARDS * TERM


def test_the_first_term_is_a_deal_of_its_own(world, endowment):
    """END-2, END-4"""
    deal = world.term()
    assert (world.deal, deal.client) == (world.id_of(1), endowment.address)
    assert (deal.price, deal.restitution, deal.shards, deal.masked) == (PRICE, RESTITUTION, SHARDS, False)
    assert (deal.accept_by, deal.begin, deal.end) == (5, 2, 2 + TERM)
    assert (world.balance(), world.balance(world.market)) == (GIVEN - FIRST_TERM, FIRST_TERM)
    state = world.state()
    assert (state.number, state.until, state.shards) == (1, 2 + TERM, SHARDS)
    assert world.plan_now() == (world.heir.address, PRICE, RESTITUTION, FALL, TERM, REWARD, False)
    assert (endowment.home(), endowment.deals(), endowment.market()) == (
        world.home.address,
        world.deals.address,
        world.market.address,
    )
    world.accept()


def test_its_address_follows_from_founder_and_salt(world):
    assert world.endowment.address == world.home.endowment_of(world.founder, SALT)
    assert world.endowment.endowment_of(world.founder, SALT) == world.endowment.address
    with reverts("endowment: is known"):
        world.found()
    others = [world.found(salt=OTHER), world.found(by=world.stranger)]
    wanted = [world.home.endowment_of(world.founder, OTHER), world.home.endowment_of(world.stranger, SALT)]
    assert [item.address for item in others] == wanted


def test_it_is_announced_where_all_are_made(world):
    receipt = world.home.found(world.plan(masked=True), world.pieces(), GIVEN, OTHER, sender=world.founder)
    [event] = receipt.events("Founded")
    assert event.args == {"endowment": receipt.value, "founder": world.founder.address, "heir": world.heir.address}
    made = world.evm.at(receipt.value, "StorageEndowment")
    assert world.term(made).masked


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"heir": ZERO_ADDRESS}, "endowment: no heir"),
        ({"fall": 10_000}, "endowment: nothing is left"),
        ({"term": 4}, "endowment: term is too short"),
        ({"price": 0}, "endowment: nothing to pay for"),
        ({"pieces": []}, "endowment: nothing to pay for"),
        ({"amount": FIRST_TERM // TERM * 5 - 1}, "endowment: too few coins"),
        ({"price": 2**64, "amount": 0}, "endowment: too few coins"),
        ({"restitution": 2**64}, "deals: bad price"),
        ({"term": 180, "amount": 600 * COIN}, "endowment: term is too long"),
        ({"term": 180}, "endowment: term is too long"),
        ({"amount": 2**255}, "token: insufficient balance"),
    ],
)
def test_what_is_refused(world, changes, reason):
    with reverts(reason):
        world.found(salt=OTHER, **changes)


@pytest.mark.parametrize("changes", [{"fall": 9_999}, {"fall": 0}, {"term": 5}, {"restitution": 0}, {"reward": 0}])
def test_what_is_taken_at_its_edge(world, changes):
    world.found(salt=OTHER, **changes)


def test_the_longest_term(world):
    made = world.found(salt=OTHER, term=179, amount=600 * COIN)
    assert world.state(made).until == 181


def test_its_own_address_is_no_heir(world):
    with reverts("endowment: no heir"):
        world.found(salt=OTHER, heir=world.home.endowment_of(world.founder, OTHER))


def test_coins_for_less_than_a_term_pay_for_less(world):
    made = world.found(salt=OTHER, amount=FIRST_TERM // TERM * 5 + 1)
    assert (world.state(made).until, world.balance(made)) == (7, 1)


def test_an_endowment_founds_none_and_begins_once(world, endowment):
    with reverts("endowment: not here"):
        endowment.found(world.plan(), world.pieces(), 0, OTHER, sender=world.founder)
    with reverts("endowment: only its maker"):
        endowment.begin(world.plan(), world.pieces(), sender=world.founder)


def test_where_they_are_made_is_none(world):
    for call, args in (("open_term", [world.pieces()]), ("stand_in", [0]), ("wind_up", [])):
        with reverts("endowment: not founded"):
            getattr(world.home, call)(*args, sender=world.stranger)
    with reverts("endowment: not founded"):
        world.home.lasts()
    with reverts("endowment: only its maker"):
        world.home.begin(world.plan(), world.pieces(), sender=world.stranger)


def test_it_needs_deals(world):
    with reverts("endowment: deals are no contract"):
        world.evm.deploy("StorageEndowment", world.stranger, sender=world.owner)


def test_whoever_founded_it_has_no_power_over_it(world):
    """END-1"""
    with reverts("deals: not the client"):
        world.deals.close(world.deal, [], sender=world.founder)
    with reverts("deals: not the client"):
        world.deals.transfer_deal(world.deal, world.founder, sender=world.founder)
    with reverts("repairs: not the caller's to give"):
        world.repairs.propose(world.deal, 0, world.founder, sender=world.founder)
