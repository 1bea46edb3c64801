"""`setMetadata` and `setAgentURI`: for the owner, an operator and whoever is approved."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts

NEW = "https://example.org/other.json"


@pytest.fixture(params=["owner", "operator", "approved"])
def allowed(request, world, identity, agent):
    """Who may write."""
    if request.param == "operator":
        identity.setApprovalForAll(world.friend, True, sender=world.seller)
    if request.param == "approved":
        identity.approve(world.friend, agent, sender=world.seller)
    return world.seller if request.param == "owner" else world.friend


def test_whoever_may_act_writes(identity, agent, allowed):
    receipt = identity.setMetadata(agent, "colour", b"blue", sender=allowed)
    assert list(receipt.events("MetadataSet")[0].args.values())[2:] == ["colour", b"blue"]
    assert identity.getMetadata(agent, "colour") == b"blue"
    receipt = identity.setAgentURI(agent, NEW, sender=allowed)
    assert [log.event for log in receipt.logs] == ["MetadataUpdate", "URIUpdated"]
    assert receipt.logs[1].args["newURI"] == NEW
    assert receipt.logs[1].args["updatedBy"] == allowed.address
    assert identity.tokenURI(agent) == NEW
    assert identity.isAuthorizedOrOwner(allowed, agent)


def test_nobody_else_does(world, identity, agent):
    with reverts("identity: not authorized"):
        identity.setMetadata(agent, "colour", b"blue", sender=world.stranger)
    with reverts("identity: not authorized"):
        identity.setAgentURI(agent, NEW, sender=world.stranger)
    assert identity.getMetadata(agent, "colour") == b""
    assert not identity.isAuthorizedOrOwner(world.stranger, agent)


def test_the_wallets_key_is_not_written_so(world, identity, agent):
    with reverts("identity: key is reserved"):
        identity.setMetadata(agent, "agentWallet", bytes(20), sender=world.seller)
    assert identity.getAgentWallet(agent) == world.seller.address
    identity.setMetadata(agent, "agentwallet", bytes(20), sender=world.seller)


def test_of_an_agent_that_is_none(world, identity):
    for call in (
        lambda: identity.setMetadata(7, "colour", b"", sender=world.seller),
        lambda: identity.setAgentURI(7, NEW, sender=world.seller),
        lambda: identity.isAuthorizedOrOwner(world.seller, 7),
        lambda: identity.tokenURI(7),
        lambda: identity.data_of(7),
    ):
        with reverts("inft: no such token"):
            call()
    assert identity.getMetadata(7, "colour") == b""
