"""`bind_data`: an agent's data is that of a token which its owner has."""

from __future__ import annotations

from evmstorm.evm import reverts

NONE = bytes(32)


def test_an_agent_has_a_tokens_data(world, identity, agent):
    token = world.mint()
    assert (identity.bound_token(agent), identity.data_of(agent)) == (0, NONE)
    receipt = identity.bind_data(agent, token, sender=world.seller)
    assert list(receipt.events("DataBound")[0].args.values()) == [agent, token]
    assert identity.bound_token(agent) == token
    assert bytes(identity.data_of(agent)) == bytes(world.nft.data_hash_of(token)) != NONE


def test_only_a_token_of_ones_own_and_an_agent_of_ones_own(world, identity, agent):
    token = world.mint(world.buyer)
    with reverts("identity: not the token's owner"):
        identity.bind_data(agent, token, sender=world.seller)
    with reverts("identity: not authorized"):
        identity.bind_data(agent, token, sender=world.buyer)
    with reverts("inft: no such token"):
        identity.bind_data(agent, 5, sender=world.seller)
    assert identity.bound_token(agent) == 0
    identity.approve(world.buyer, agent, sender=world.seller)
    identity.bind_data(agent, token, sender=world.buyer)
    assert identity.bound_token(agent) == token


def test_a_token_is_one_agents(world, identity):
    """IDN-3"""
    first, token = world.bound()
    second = world.agent()
    identity.bind_data(second, token, sender=world.seller)
    assert (identity.bound_token(first), identity.bound_token(second)) == (0, token)
    assert bytes(identity.data_of(first)) == NONE


def test_no_token_any_more(world, identity):
    agent, token = world.bound()
    identity.bind_data(agent, 0, sender=world.seller)
    assert (identity.bound_token(agent), bytes(identity.data_of(agent))) == (0, NONE)
    identity.bind_data(agent, token, sender=world.seller)
    assert identity.bound_token(agent) == token


def test_a_burned_token_has_no_data(world, identity):
    agent, token = world.bound()
    world.nft.burn(token, sender=world.seller)
    assert bytes(identity.data_of(agent)) == NONE


def test_new_data_is_the_agents(world, identity):
    """IDN-3"""
    agent, token = world.bound()
    before = bytes(identity.data_of(agent))
    world.renew(token)
    assert bytes(identity.data_of(agent)) == bytes(world.nft.data_hash_of(token)) != before
    with world.evm.anchor():
        world.transfer(token)
        assert bytes(identity.data_of(agent)) == bytes(world.nft.data_hash_of(token))
