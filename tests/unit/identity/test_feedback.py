"""`giveFeedback` and `revokeFeedback`."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.keys import keccak256

TEXTS = ("uptime", "month", "https://example.org/a2a", "ipfs://said")
HASH = bytes([7]) * 32
LARGEST = 10**38


def test_what_is_said_is_kept(world, reputation, agent):
    receipt = reputation.giveFeedback(agent, -9_977, 2, *TEXTS, HASH, sender=world.client)
    event = receipt.events("NewFeedback")[0].args
    names = ("agentId", "clientAddress", "feedbackIndex", "value", "valueDecimals")
    assert [event[name] for name in names] == [agent, world.client.address, 1, -9_977, 2]
    assert bytes(event["indexedTag1"]) == keccak256(b"uptime")
    assert [event[name] for name in ("tag1", "tag2", "endpoint", "feedbackURI", "feedbackHash")] == [*TEXTS, HASH]
    assert reputation.readFeedback(agent, world.client, 1) == (-9_977, 2, "uptime", "month", False)
    assert reputation.feedback_edition(agent, world.client, 1) == 0


def test_numbers_count_from_one_for_each_client(world, reputation, agent):
    for by in (world.client, world.client, world.friend):
        world.say(agent, by=by)
    assert reputation.getLastIndex(agent, world.client) == 2
    assert reputation.getLastIndex(agent, world.friend) == 1
    assert reputation.getClients(agent) == (world.client.address, world.friend.address)
    assert reputation.clients_from(agent, 1) == (world.friend.address,)
    assert reputation.clients_from(agent, 2) == ()


@pytest.mark.parametrize("value", [LARGEST, -LARGEST, 0, 1, -1])
def test_every_value_comes_back(world, reputation, agent, value):
    world.say(agent, value, 18)
    assert reputation.readFeedback(agent, world.client, 1)[:2] == (value, 18)


@pytest.mark.parametrize(
    ("value", "decimals", "reason"),
    [
        (LARGEST + 1, 0, "reputation: value too large"),
        (-LARGEST - 1, 0, "reputation: value too large"),
        (1, 19, "reputation: too many decimals"),
    ],
)
def test_values_that_are_none(world, reputation, agent, value, decimals, reason):
    with reverts(reason):
        world.say(agent, value, decimals)
    assert reputation.getLastIndex(agent, world.client) == 0


@pytest.mark.parametrize("role", ["owner", "operator", "approved"])
def test_no_agent_speaks_of_itself(world, identity, agent, role):
    """REP-1"""
    if role == "operator":
        identity.setApprovalForAll(world.friend, True, sender=world.seller)
    if role == "approved":
        identity.approve(world.friend, agent, sender=world.seller)
    who = world.seller if role == "owner" else world.friend
    with reverts("reputation: agent speaks of itself"):
        world.say(agent, by=who)
    world.say(agent)


def test_of_an_agent_that_is_none(world):
    with reverts("inft: no such token"):
        world.say(9)


def test_what_was_said_is_taken_back(world, reputation, agent):
    """REP-2"""
    world.say(agent)
    receipt = reputation.revokeFeedback(agent, 1, sender=world.client)
    assert list(receipt.events("FeedbackRevoked")[0].args.values()) == [agent, world.client.address, 1]
    assert reputation.readFeedback(agent, world.client, 1) == (80, 0, "", "", True)
    assert world.summary(agent) == (0, 0, 0)
    with reverts("reputation: was revoked"):
        reputation.revokeFeedback(agent, 1, sender=world.client)


def test_only_ones_own(world, reputation, agent):
    """REP-2"""
    world.say(agent)
    for who, index in ((world.stranger, 1), (world.client, 0), (world.client, 2)):
        with reverts("reputation: no such feedback"):
            reputation.revokeFeedback(agent, index, sender=who)
    assert world.summary(agent) == (1, 80, 0)


def test_what_was_never_said(world, reputation, agent):
    world.say(agent)
    for index in (0, 2):
        with reverts("reputation: no such feedback"):
            reputation.readFeedback(agent, world.client, index)
        with reverts("reputation: no such feedback"):
            reputation.feedback_edition(agent, world.client, index)


def test_no_identity_registry(world):
    for contract, reason in (("AgentReputation", "reputation"), ("AgentValidation", "validation")):
        with reverts(f"{reason}: no identity registry"):
            world.evm.deploy(contract, ZERO_ADDRESS, sender=world.owner)
