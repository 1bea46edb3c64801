"""`register`, in its three forms."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import Revert, reverts
from keifu.keys import keccak256

from .world import URI


def packed(account):
    return bytes.fromhex(account.address[2:])


def test_agents_are_numbered_from_zero(world, identity):
    assert [world.agent(), world.agent(world.buyer), world.agent()] == [0, 1, 2]
    assert identity.ownerOf(1) == world.buyer.address
    assert identity.balanceOf(world.seller) == 2
    assert identity.tokenURI(2) == URI


def test_without_anything(world, identity):
    receipt = identity.register(sender=world.seller)
    assert [log.event for log in receipt.logs] == ["Transfer", "Registered", "MetadataSet"]
    assert list(receipt.events("Registered")[0].args.values()) == [0, "", world.seller.address]
    assert identity.tokenURI(0) == ""
    assert identity.getAgentWallet(0) == world.seller.address


def test_with_metadata(world, identity):
    entries = [("colour", b"red"), ("home", b"")]
    receipt = identity.register(URI, entries, sender=world.seller)
    assert [log.event for log in receipt.logs] == [
        "Transfer", "MetadataUpdate", "Registered", "MetadataSet", "MetadataSet", "MetadataSet",
    ]  # fmt: skip
    wallet, colour, _ = (list(log.args.values()) for log in receipt.events("MetadataSet"))
    assert wallet[2:] == ["agentWallet", packed(world.seller)]
    assert bytes(colour[1]) == keccak256(b"colour")
    assert colour[2:] == ["colour", b"red"]
    assert identity.getMetadata(0, "colour") == b"red"
    assert identity.getMetadata(0, "agentWallet") == packed(world.seller)


def test_the_key_of_the_wallet_is_reserved(world, identity):
    with reverts("identity: key is reserved"):
        identity.register(URI, [("colour", b"red"), ("agentWallet", bytes(20))], sender=world.seller)
    assert identity.balanceOf(world.seller) == 0
    assert world.agent() == 0


@pytest.mark.parametrize(
    "args", [("x" * 2049,), (URI, [("k" * 65, b"")]), (URI, [("k", bytes(1025))]), (URI, [("k", b"")] * 9)]
)
def test_longer_than_there_is_room_for(world, identity, args):
    with pytest.raises((Revert, ValueError)):
        identity.register(*args, sender=world.seller)
    assert identity.balanceOf(world.seller) == 0


@pytest.mark.parametrize(("mood", "takes"), [(0, True), (1, False), (2, False)], ids=["takes", "refuses", "mumbles"])
def test_a_contract_is_asked(world, identity, mood, takes):
    receiver = world.evm.deploy("TokenReceiver", sender=world.owner)
    receiver.arm(mood, ZERO_ADDRESS, b"", sender=world.owner)
    visit = lambda: receiver.visit(identity, identity.register.encode(), sender=world.stranger)  # noqa: E731
    if takes:
        visit()
        assert receiver.seen_owner() == receiver.address
        return
    with reverts("inft: receiver refuses"):
        visit()
    assert identity.balanceOf(receiver) == 0


def test_a_receiver_cannot_come_back(world, identity):
    receiver = world.evm.deploy("TokenReceiver", sender=world.owner)
    receiver.arm(3, identity, identity.register.encode(), sender=world.owner)
    receiver.visit(identity, identity.register.encode(), sender=world.stranger)
    assert not receiver.got_through()
    assert identity.balanceOf(receiver) == 1


def test_no_collection(world):
    with reverts("identity: no collection"):
        world.evm.deploy("AgentIdentity", ZERO_ADDRESS, sender=world.owner)
