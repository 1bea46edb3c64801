"""`appendResponse` and `getResponseCount`."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts

WHERE, HASH = "ipfs://answer", bytes([3]) * 32


@pytest.fixture
def answered(world, reputation, agent):
    """Two feedbacks of the client and one of a friend's; the seller answers thrice, a stranger twice."""
    for by in (world.client, world.client, world.friend):
        world.say(agent, by=by)
    for of, index, by in (
        (world.client, 1, world.seller),
        (world.client, 1, world.seller),
        (world.client, 2, world.stranger),
        (world.friend, 1, world.seller),
        (world.friend, 1, world.stranger),
    ):
        reputation.appendResponse(agent, of, index, WHERE, HASH, sender=by)
    return agent


def test_anybody_answers(world, reputation, agent):
    world.say(agent)
    receipt = reputation.appendResponse(agent, world.client, 1, WHERE, HASH, sender=world.stranger)
    event = list(receipt.events("ResponseAppended")[0].args.values())
    assert event == [agent, world.client.address, 1, world.stranger.address, WHERE, HASH]


def test_counts(world, reputation, answered):
    """Of one feedback, of a client, of an agent; by all, or by those that are named."""
    count = lambda *args: reputation.getResponseCount(answered, *args)  # noqa: E731
    assert count(world.client, 1, []) == 2
    assert count(world.client, 1, [world.stranger]) == 0
    assert count(world.client, 0, []) == 3
    assert count(world.client, 0, [world.seller]) == 2
    assert count(ZERO_ADDRESS, 0, []) == 5
    assert count(ZERO_ADDRESS, 7, [world.seller, world.stranger]) == 5
    assert count(ZERO_ADDRESS, 0, [world.seller]) == 3
    assert count(world.friend, 1, [world.seller, world.stranger]) == 2
    assert count(world.friend, 1, [ZERO_ADDRESS]) == 0
    assert count(world.friend, 9, []) == 0


def test_to_nothing_and_from_nowhere(world, reputation, agent):
    world.say(agent)
    for of, index in ((world.client, 0), (world.client, 2), (world.friend, 1)):
        with reverts("reputation: no such feedback"):
            reputation.appendResponse(agent, of, index, WHERE, HASH, sender=world.seller)
    with reverts("reputation: response is nowhere"):
        reputation.appendResponse(agent, world.client, 1, "", HASH, sender=world.seller)
    assert reputation.getResponseCount(agent, ZERO_ADDRESS, 0, []) == 0
