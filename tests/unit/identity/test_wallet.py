"""`setAgentWallet` and `unsetAgentWallet`: a wallet has agreed, and agrees for one owner's time."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from tests.wallet_forms import FORMS, high_s

from .world import MINUTE, wallet_signature


@pytest.fixture
def said(world, agent):
    """Deadline and signature of the friend's, for the agent."""
    deadline = world.evm.now + 5 * MINUTE
    return deadline, wallet_signature(world, agent, world.friend.address, deadline, world.friend)


def test_a_wallet_that_signed(world, identity, agent, said):
    receipt = identity.setAgentWallet(agent, world.friend, *said, sender=world.seller)
    assert identity.getAgentWallet(agent) == world.friend.address
    packed = bytes.fromhex(world.friend.address[2:])
    assert identity.getMetadata(agent, "agentWallet") == packed
    assert list(receipt.events("MetadataSet")[0].args.values())[2:] == ["agentWallet", packed]


def test_a_contract_that_says_yes(world, identity, agent):
    wallet = world.evm.deploy("ContractWallet", world.friend, sender=world.owner)
    deadline = world.evm.now + MINUTE
    signature = wallet_signature(world, agent, wallet.address, deadline, world.friend)
    identity.setAgentWallet(agent, wallet, deadline, signature, sender=world.seller)
    assert identity.getAgentWallet(agent) == wallet.address
    with reverts("identity: wallet has not signed"):
        other = wallet_signature(world, agent, wallet.address, deadline, world.stranger)
        identity.setAgentWallet(agent, wallet, deadline, other, sender=world.seller)


@pytest.mark.parametrize(
    "changes",
    [{"chain": 2}, {"contract": "0x" + "11" * 20}, {"owner": "0x" + "22" * 20}],
    ids=lambda changes: next(iter(changes)),
)
def test_signed_for_another(world, identity, agent, changes):
    """Another chain, registry or owner."""
    deadline = world.evm.now + MINUTE
    signature = wallet_signature(world, agent, world.friend.address, deadline, world.friend, **changes)
    with reverts("identity: wallet has not signed"):
        identity.setAgentWallet(agent, world.friend, deadline, signature, sender=world.seller)
    assert identity.getAgentWallet(agent) == world.seller.address


def test_signed_for_another_agent_wallet_or_deadline(world, identity, agent, said):
    deadline, signature = said
    second = world.agent()
    for args in (
        (second, world.friend, deadline),
        (agent, world.client, deadline),
        (agent, world.friend, deadline - 1),
    ):
        with reverts("identity: wallet has not signed"):
            identity.setAgentWallet(*args, signature, sender=world.seller)


def test_the_deadline(world, identity, agent, said):
    deadline, signature = said
    world.evm.warp_to(deadline)
    with world.evm.anchor():
        identity.setAgentWallet(agent, world.friend, deadline, signature, sender=world.seller)
    world.evm.warp_to(deadline + 1)
    with reverts("identity: signature has expired"):
        identity.setAgentWallet(agent, world.friend, deadline, signature, sender=world.seller)


def test_a_deadline_of_more_than_five_minutes(world, identity, agent):
    deadline = world.evm.now + 5 * MINUTE + 2
    signature = wallet_signature(world, agent, world.friend.address, deadline, world.friend)
    with reverts("identity: deadline too far"):
        identity.setAgentWallet(agent, world.friend, deadline, signature, sender=world.seller)


def test_only_whoever_may_act(world, identity, agent, said):
    with reverts("identity: not authorized"):
        identity.setAgentWallet(agent, world.friend, *said, sender=world.friend)
    with reverts("identity: not authorized"):
        identity.unsetAgentWallet(agent, sender=world.friend)
    with reverts("identity: no wallet"):
        identity.setAgentWallet(agent, ZERO_ADDRESS, *said, sender=world.seller)


def test_a_wallet_is_taken_away(world, identity, agent):
    receipt = identity.unsetAgentWallet(agent, sender=world.seller)
    assert identity.getAgentWallet(agent) == ZERO_ADDRESS
    assert identity.getMetadata(agent, "agentWallet") == b""
    assert list(receipt.events("MetadataSet")[0].args.values())[2:] == ["agentWallet", b""]


@pytest.mark.parametrize("form", FORMS)
def test_in_every_form_of_wallets(world, identity, agent, said, form):
    deadline, signature = said
    identity.setAgentWallet(agent, world.friend, deadline, form(signature), sender=world.seller)


def test_not_in_a_second_form_that_anybody_makes(world, identity, agent, said):
    deadline, signature = said
    with reverts("identity: wallet has not signed"):
        identity.setAgentWallet(agent, world.friend, deadline, high_s(signature), sender=world.seller)
