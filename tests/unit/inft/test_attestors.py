"""Attestors of the data verifier: named and dropped with notice, weighed by what they lock, and since when."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.units import COIN, DAY

from .world import ATTESTORS, LEAST, LOCKED, NEEDED, NOTICE

WEEK = NOTICE * DAY
EVIDENCE = 14 * DAY
MATURE, PENDING, COUNTS_FROM, LEAVING, RELEASE_AT, RESERVED, JOINS_FROM, REMOVED_FROM = range(8)


@pytest.fixture
def newcomer(world):
    account = world.evm.account("newcomer")
    world.hub.register_operator(0, "", sender=account)
    return account


@pytest.fixture
def attestor(world):
    return world.attestors[0]


@pytest.fixture
def state(verifier):
    return lambda who, what: verifier.attestor(who)[what]


# name_attestor, drop_attestor -----------------------------------------------------------------------------------------


def test_naming_counts_after_the_notice(world, verifier, newcomer, state):
    receipt = verifier.name_attestor(newcomer, sender=world.owner)
    assert state(newcomer, JOINS_FROM) == world.hub.epoch() + NOTICE
    assert receipt.events("AttestorNamed")[0].joins_from == world.hub.epoch() + NOTICE
    world.lock(newcomer, LEAST)
    verifier.join(sender=newcomer)
    world.evm.warp(WEEK - DAY)
    assert (state(newcomer, MATURE), state(newcomer, PENDING)) == (0, LEAST)
    world.evm.warp(DAY)
    assert (state(newcomer, MATURE), state(newcomer, PENDING)) == (LEAST, 0)


def test_joining_late_still_waits(world, verifier, newcomer, state):
    verifier.name_attestor(newcomer, sender=world.owner)
    world.evm.warp(3 * WEEK)
    world.lock(newcomer, LEAST)
    verifier.join(sender=newcomer)
    assert state(newcomer, COUNTS_FROM) == world.hub.epoch() + NOTICE


def test_refused_namings(world, verifier, attestor):
    for args, sender, reason in (
        (attestor, world.stranger, "verifier: not the owner"),
        (ZERO_ADDRESS, world.owner, "verifier: no attestor"),
        (attestor, world.owner, "verifier: attestor is named"),
    ):
        with reverts(reason):
            verifier.name_attestor(args, sender=sender)


def test_refused_droppings(world, verifier, attestor, newcomer):
    with reverts("verifier: not the owner"):
        verifier.drop_attestor(attestor, sender=world.stranger)
    with reverts("verifier: attestor is not named"):
        verifier.drop_attestor(newcomer, sender=world.owner)
    verifier.drop_attestor(attestor, sender=world.owner)
    with reverts("verifier: attestor is being dropped"):
        verifier.drop_attestor(attestor, sender=world.owner)


def test_a_dropped_attestor_counts_until_the_notice_is_over(world, verifier, nft, private, attestor, state):
    verifier.drop_attestor(attestor, sender=world.owner)
    world.evm.warp(WEEK - DAY)
    with reverts("verifier: not to be removed"):
        verifier.remove_attestor(attestor, sender=world.stranger)
    with world.evm.anchor():
        world.transfer(private)
    world.evm.warp(DAY)
    verifier.remove_attestor(attestor, sender=world.stranger)
    assert (state(attestor, MATURE), state(attestor, LEAVING), state(attestor, JOINS_FROM)) == (0, LOCKED, 0)
    with reverts("verifier: attestor is not named"):
        verifier.join(sender=attestor)
    world.evm.warp(EVIDENCE)
    assert verifier.release(sender=attestor).value == LOCKED
    assert world.lock_of(attestor) == 0


def test_a_dropping_can_be_withdrawn(world, verifier, attestor):
    verifier.drop_attestor(attestor, sender=world.owner)
    verifier.name_attestor(attestor, sender=world.owner)
    world.evm.warp(WEEK)
    with reverts("verifier: not to be removed"):
        verifier.remove_attestor(attestor, sender=world.stranger)


# join -----------------------------------------------------------------------------------------------------------------


def test_an_addition_counts_seven_epochs_later(world, verifier, attestor, state):
    world.lock(attestor, LEAST)
    assert verifier.join(sender=attestor).value == LEAST
    assert (state(attestor, MATURE), state(attestor, PENDING)) == (LOCKED, LEAST)
    world.evm.warp(WEEK - DAY)
    world.lock(attestor, 1)
    verifier.join(sender=attestor)
    world.evm.warp(DAY)
    assert (state(attestor, MATURE), state(attestor, PENDING)) == (LOCKED, LEAST + 1)
    world.evm.warp(WEEK)
    assert (state(attestor, MATURE), state(attestor, PENDING)) == (LOCKED + LEAST + 1, 0)


def test_what_counts_is_bound_at_the_hub(world, verifier, attestor):
    assert world.hub.get_lock(verifier, attestor)[1] == 0
    verifier.poke(attestor, sender=world.stranger)
    assert world.hub.get_lock(verifier, attestor)[1] == LOCKED


def test_refused_joins(world, verifier, attestor, newcomer):
    with reverts("verifier: attestor is not named"):
        verifier.join(sender=newcomer)
    with reverts("verifier: nothing to add"):
        verifier.join(sender=attestor)
    verifier.name_attestor(newcomer, sender=world.owner)
    with reverts("verifier: nothing to add"):
        verifier.join(sender=newcomer)
    world.lock(newcomer, LEAST - 1)
    with reverts("verifier: too few coins"):
        verifier.join(sender=newcomer)


# leave, release -------------------------------------------------------------------------------------------------------


def test_what_is_asked_back_stops_counting_at_once_the_newest_first(world, verifier, attestor, state):
    world.lock(attestor, LEAST)
    verifier.join(sender=attestor)
    verifier.leave(LEAST + 1, sender=attestor)
    assert (state(attestor, MATURE), state(attestor, PENDING)) == (LOCKED - 1, 0)
    assert state(attestor, LEAVING) == LEAST + 1
    assert world.lock_of(attestor) == LOCKED + LEAST


def test_release_after_the_evidence_window(world, verifier, attestor):
    verifier.leave(LEAST, sender=attestor)
    world.evm.warp(EVIDENCE - 1)
    with reverts("verifier: too early"):
        verifier.release(sender=attestor)
    world.evm.warp(1)
    before = world.hub.credit(attestor)
    assert verifier.release(sender=attestor).value == LEAST
    assert world.hub.credit(attestor) == before + LEAST
    with reverts("verifier: nothing asked back"):
        verifier.release(sender=attestor)


def test_asking_again_restarts_the_wait(world, verifier, attestor):
    verifier.leave(1, sender=attestor)
    world.evm.warp(EVIDENCE - 1)
    verifier.leave(1, sender=attestor)
    world.evm.warp(1)
    with reverts("verifier: too early"):
        verifier.release(sender=attestor)


@pytest.mark.parametrize("amount", [0, LOCKED + 1])
def test_asking_for_what_is_not_there(verifier, attestor, amount):
    with reverts("verifier: not so much to ask back"):
        verifier.leave(amount, sender=attestor)


def test_an_open_promise_keeps_its_coins(world, verifier, private, attestor):
    world.transfer(private, backing=3_000 * COIN)
    reserved = verifier.reserved(attestor)
    assert reserved == 1_250 * COIN + 200 * COIN
    verifier.leave(LOCKED - reserved + 1, sender=attestor)
    world.evm.warp(EVIDENCE)
    with reverts("verifier: promises are open"):
        verifier.release(sender=attestor)


# the constructor, and what the service says ---------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_number_of_signers_that_decides_alone_or_is_too_many(world, count):
    with reverts("verifier: bad number of signers"):
        world.evm.deploy("DataVerifier", world.token, world.hub, world.owner, count, sender=world.owner)


def test_without_an_owner(world):
    with reverts("verifier: no owner"):
        world.evm.deploy("DataVerifier", world.token, world.hub, ZERO_ADDRESS, NEEDED, sender=world.owner)


def test_what_the_service_says(world, verifier):
    assert tuple(verifier.terms()) == (EVIDENCE, 0, ZERO_ADDRESS, 0, 40_000 * COIN)
    assert (verifier.MATURITY(), verifier.NOTICE(), verifier.LEAST()) == (NOTICE, NOTICE, LEAST)
    assert (verifier.hub(), verifier.owner(), verifier.token()) == (
        world.hub.address, world.owner.address, world.token.address
    )  # fmt: skip
    assert verifier.signers_needed() == NEEDED < len(ATTESTORS)
