"""`validationRequest` and `validationResponse`, and what readers get of them."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from tests.unit.inft.world import nonce_of

ASKED, WHERE, HASH = nonce_of("asked"), "ipfs://asked", nonce_of("answer")


@pytest.fixture
def asked(world, validation, agent):
    validation.validationRequest(world.friend, agent, WHERE, ASKED, sender=world.seller)
    return agent


def test_an_owner_asks(world, validation, agent):
    receipt = validation.validationRequest(world.friend, agent, WHERE, ASKED, sender=world.seller)
    event = list(receipt.events("ValidationRequest")[0].args.values())
    assert event == [world.friend.address, agent, WHERE, ASKED]
    assert validation.getValidationStatus(ASKED) == (world.friend.address, agent, 0, bytes(32), "", world.evm.now)
    assert validation.getAgentValidations(agent) == validation.getValidatorRequests(world.friend) == (ASKED,)
    assert validation.getSummary(agent, [], "") == (0, 0)


def test_who_may_ask(world, identity, validation, agent):
    """VAL-1"""
    with reverts("validation: not authorized"):
        validation.validationRequest(world.friend, agent, WHERE, ASKED, sender=world.stranger)
    with reverts("validation: no validator"):
        validation.validationRequest(ZERO_ADDRESS, agent, WHERE, ASKED, sender=world.seller)
    with reverts("inft: no such token"):
        validation.validationRequest(world.friend, 9, WHERE, ASKED, sender=world.seller)
    with reverts("validation: no such request"):
        validation.getValidationStatus(ASKED)
    identity.setApprovalForAll(world.client, True, sender=world.seller)
    validation.validationRequest(world.friend, agent, WHERE, ASKED, sender=world.client)


def test_a_hash_counts_once(world, validation, asked):
    other = world.agent(world.buyer)
    for agent, owner in ((asked, world.seller), (other, world.buyer)):
        with reverts("validation: was requested"):
            validation.validationRequest(world.buyer, agent, WHERE, ASKED, sender=owner)
    assert validation.getValidationStatus(ASKED)[0] == world.friend.address


def test_the_validator_answers_as_often_as_it_learns(world, validation, asked):
    """VAL-2"""
    for response, tag in ((30, "soft"), (100, "hard")):
        world.evm.warp(10)
        receipt = validation.validationResponse(ASKED, response, WHERE, HASH, tag, sender=world.friend)
        event = list(receipt.events("ValidationResponse")[0].args.values())
        assert event == [world.friend.address, asked, ASKED, response, WHERE, HASH, tag]
        status = validation.getValidationStatus(ASKED)
        assert status == (world.friend.address, asked, response, HASH, tag, world.evm.now)


def test_nobody_else_answers(world, validation, asked):
    """VAL-2"""
    for who in (world.seller, world.stranger):
        with reverts("validation: not the validator"):
            validation.validationResponse(ASKED, 100, WHERE, HASH, "", sender=who)
    with reverts("validation: no such request"):
        validation.validationResponse(HASH, 100, WHERE, HASH, "", sender=world.friend)
    with reverts("validation: response above 100"):
        validation.validationResponse(ASKED, 101, WHERE, HASH, "", sender=world.friend)
    assert validation.getSummary(asked, [], "") == (0, 0)
    validation.validationResponse(ASKED, 100, WHERE, HASH, "", sender=world.friend)


def test_the_summary_is_of_answers_alone(world, validation, agent):
    """VAL-3: a zero is an answer, silence is none."""
    answers = [(world.friend, 0, "a"), (world.friend, 55, "b"), (world.client, 100, "a"), (world.client, None, "")]
    for number, (who, response, tag) in enumerate(answers):
        validation.validationRequest(who, agent, "", nonce_of(number), sender=world.seller)
        if response is not None:
            validation.validationResponse(nonce_of(number), response, "", HASH, tag, sender=who)
    assert validation.getSummary(agent, [], "") == (3, 51)
    assert validation.getSummary(agent, [world.friend], "") == (2, 27)
    assert validation.getSummary(agent, [world.friend, world.client], "a") == (2, 50)
    assert validation.getSummary(agent, [world.client], "b") == (0, 0)
    assert validation.requests_from(agent, 2) == (nonce_of(2), nonce_of(3))
    assert validation.requests_from(agent, 4) == ()
    assert validation.requests_to(world.friend, 1) == (nonce_of(1),)
