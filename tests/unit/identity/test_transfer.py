"""An agent moves like every ERC-721 token, and its wallet stays behind."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts

from .world import MINUTE, URI, wallet_signature


@pytest.mark.parametrize("safe", [False, True], ids=["plain", "safe"])
def test_the_wallet_ends_with_the_transfer(world, identity, agent, safe):
    """IDN-2"""
    identity.setMetadata(agent, "colour", b"red", sender=world.seller)
    move = identity.safeTransferFrom if safe else identity.transferFrom
    receipt = move(world.seller, world.buyer, agent, sender=world.seller)
    assert [log.event for log in receipt.logs] == ["MetadataSet", "Transfer"]
    assert list(receipt.logs[0].args.values())[2:] == ["agentWallet", b""]
    assert identity.ownerOf(agent) == world.buyer.address
    assert identity.getAgentWallet(agent) == ZERO_ADDRESS
    assert identity.getMetadata(agent, "agentWallet") == b""
    assert (identity.tokenURI(agent), identity.getMetadata(agent, "colour")) == (URI, b"red")


def test_and_stays_ended_when_the_agent_comes_back(world, identity, agent):
    """IDN-2"""
    identity.transferFrom(world.seller, world.buyer, agent, sender=world.seller)
    identity.transferFrom(world.buyer, world.seller, agent, sender=world.buyer)
    assert identity.getAgentWallet(agent) == ZERO_ADDRESS
    deadline = world.evm.now + MINUTE
    signature = wallet_signature(world, agent, world.friend.address, deadline, world.friend)
    identity.setAgentWallet(agent, world.friend, deadline, signature, sender=world.seller)
    assert identity.getAgentWallet(agent) == world.friend.address


def test_who_moves_it(world, identity, agent):
    """IDN-1"""
    with reverts("inft: not the owner or approved"):
        identity.transferFrom(world.seller, world.stranger, agent, sender=world.stranger)
    with reverts("inft: not the owner's token"):
        identity.transferFrom(world.buyer, world.stranger, agent, sender=world.seller)
    with reverts("inft: no receiver"):
        identity.transferFrom(world.seller, ZERO_ADDRESS, agent, sender=world.seller)
    assert identity.ownerOf(agent) == world.seller.address
    assert identity.getAgentWallet(agent) == world.seller.address
    identity.approve(world.friend, agent, sender=world.seller)
    identity.transferFrom(world.seller, world.buyer, agent, sender=world.friend)
    assert identity.getApproved(agent) == ZERO_ADDRESS
    assert (identity.balanceOf(world.seller), identity.balanceOf(world.buyer)) == (0, 1)


def test_a_receiver_that_refuses(world, identity, agent):
    receiver = world.evm.deploy("TokenReceiver", sender=world.owner)
    receiver.arm(1, ZERO_ADDRESS, b"", sender=world.owner)
    with reverts("inft: receiver refuses"):
        identity.safeTransferFrom(world.seller, receiver, agent, b"note", sender=world.seller)
    assert identity.ownerOf(agent) == world.seller.address
    assert identity.getAgentWallet(agent) == world.seller.address
    identity.transferFrom(world.seller, receiver, agent, sender=world.seller)
