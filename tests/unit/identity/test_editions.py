"""Reputation is for the data that an agent had: with new data summaries begin anew, until the owner carries it on."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts

WHY = ("https://example.org/why", bytes([5]) * 32)


@pytest.fixture
def known(world):
    """A bound agent of which the client has spoken, and its token."""
    agent, token = world.bound()
    world.say(agent)
    return agent, token


def test_new_data_begins_anew(world, reputation, known):
    """REP-4"""
    agent, token = known
    assert world.summary(agent) == (1, 80, 0)
    world.renew(token)
    assert world.summary(agent) == (0, 0, 0)
    assert len(reputation.readAllFeedback(agent, [], "", "", True)[0]) == 1
    world.say(agent, 10)
    assert world.summary(agent) == (1, 10, 0)
    assert [reputation.feedback_edition(agent, world.client, index) for index in (1, 2)] == [1, 2]


def test_a_sale_begins_anew(world, known):
    """REP-4: a private token's data is another after its sale."""
    agent, token = known
    world.transfer(token)
    assert world.summary(agent) == (0, 0, 0)


@pytest.mark.parametrize("change", ["burn", "unbind", "bind another"])
def test_other_ways_to_other_data(world, identity, known, change):
    """REP-4"""
    agent, token = known
    if change == "burn":
        world.nft.burn(token, sender=world.seller)
    else:
        identity.bind_data(agent, world.mint(items=2) if change == "bind another" else 0, sender=world.seller)
    assert world.summary(agent) == (0, 0, 0)


def test_what_changes_nothing(world, identity, known):
    agent, token = known
    identity.setAgentURI(agent, "https://example.org/x", sender=world.seller)
    identity.bind_data(agent, token, sender=world.seller)
    identity.transferFrom(world.seller, world.buyer, agent, sender=world.seller)
    assert world.summary(agent) == (1, 80, 0)


def test_the_change_is_noted_for_everybody(world, identity, reputation, known):
    """REP-5"""
    agent, token = known
    before = bytes(identity.data_of(agent))
    with reverts("reputation: data has not changed"):
        reputation.note_change(agent, sender=world.stranger)
    world.renew(token)
    now = bytes(identity.data_of(agent))
    assert reputation.edition_of(agent) == (2, 2, now)
    receipt = reputation.note_change(agent, sender=world.stranger)
    assert list(receipt.events("ReputationReset")[0].args.values()) == [agent, 2, before, now]
    assert reputation.edition_of(agent) == (2, 2, now)
    with reverts("reputation: data has not changed"):
        reputation.note_change(agent, sender=world.stranger)


def test_the_next_feedback_notes_it(world, reputation, known):
    """REP-5"""
    agent, token = known
    world.renew(token)
    receipt = world.say(agent)
    assert [log.event for log in receipt.logs] == ["ReputationReset", "NewFeedback"]
    assert [log.event for log in world.say(agent).logs] == ["NewFeedback"]


@pytest.mark.parametrize("noted", [False, True])
def test_the_owner_carries_it_on(world, reputation, known, noted):
    """REP-5"""
    agent, token = known
    world.renew(token)
    if noted:
        world.say(agent, 10)
    receipt = reputation.carry(agent, *WHY, sender=world.seller)
    assert [log.event for log in receipt.logs] == ["ReputationReset", "ReputationCarried"][noted:]
    assert list(receipt.events("ReputationCarried")[0].args.values()) == [agent, 2, 1, world.seller.address, *WHY]
    assert world.summary(agent) == ((2, 45, 0) if noted else (1, 80, 0))


def test_an_edition_is_carried_once(world, reputation, known):
    agent, token = known
    with world.evm.anchor():
        world.renew(token)
        reputation.carry(agent, *WHY, sender=world.seller)
        with reverts("reputation: nothing to carry"):
            reputation.carry(agent, *WHY, sender=world.seller)
    # The first edition of a bound agent begins behind the one without data.
    reputation.carry(agent, *WHY, sender=world.seller)
    with reverts("reputation: nothing to carry"):
        reputation.carry(agent, *WHY, sender=world.seller)


def test_nothing_to_carry_without_data(world, reputation, agent):
    world.say(agent)
    with reverts("reputation: nothing to carry"):
        reputation.carry(agent, *WHY, sender=world.seller)


def test_carried_twice_reaches_back_twice(world, reputation, known):
    agent, token = known
    for value in (60, 40):
        world.renew(token)
        reputation.carry(agent, *WHY, sender=world.seller)
        world.say(agent, value)
    assert world.summary(agent) == (3, 60, 0)
    world.renew(token)
    assert world.summary(agent) == (0, 0, 0)
    reputation.note_change(agent, sender=world.stranger)
    world.renew(token)
    reputation.carry(agent, *WHY, sender=world.seller)
    assert world.summary(agent) == (0, 0, 0)  # back to the edition before, and no further


def test_only_whoever_acts_for_the_agent_carries(world, reputation, known):
    """REP-5"""
    agent, token = known
    world.renew(token)
    for who in (world.client, world.stranger):
        with reverts("reputation: not authorized"):
            reputation.carry(agent, *WHY, sender=who)
    assert world.summary(agent) == (0, 0, 0)
