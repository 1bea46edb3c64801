"""Each test has the world as it was built: what a test does is undone."""

from __future__ import annotations

import pytest

from keifu.inft import Order, market_domain
from keifu.units import DAY
from tests.unit.inft.world import FUNDS, PRICE, World, nonce_of


@pytest.fixture(scope="session")
def built():
    return World()


@pytest.fixture
def world(built):
    minted, asked = built.minted, built.asked
    with built.evm.anchor():
        yield built
    built.minted, built.asked = minted, asked


@pytest.fixture
def nft(world):
    return world.nft


@pytest.fixture
def verifier(world):
    return world.verifier


@pytest.fixture
def private(world):
    """A token of the seller's with one private item."""
    return world.mint()


@pytest.fixture
def public(world):
    """A token of the seller's without private data."""
    return world.mint(items=0)


@pytest.fixture
def market(world):
    return world.evm.deploy("AgentMarket", world.token, world.nft, world.verifier, world.owner, sender=world.owner)


@pytest.fixture
def agreed(world, market):
    """`agreed(token_id, …)`: an order as both sides see the token now; parts of it by name. All is approved for it."""
    numbers = iter(range(100))

    def agreed(token_id, **parts):
        usual = {
            "price": PRICE,
            "currency": world.token.address,
            "nonce": nonce_of(f"order {next(numbers)}"),
            "deadline": world.evm.now + DAY,
            "seller": world.seller.address,
            "buyer": world.buyer.address,
        }
        world.nft.setApprovalForAll(market, True, sender=world.seller)
        if world.token.balanceOf(world.buyer) == 0:
            world.token.transfer(world.buyer, FUNDS, sender=world.owner)
        world.token.approve(market, FUNDS, sender=world.buyer)
        return Order.of(world.nft, token_id, **usual | parts)

    return agreed


@pytest.fixture
def settle(world, market):
    """Bring an order with both signatures and, unless others are given, the proofs of a right transfer."""

    def settle(order, caller=None, proofs=None, *, backing=None, sellers=None, buyers=None):
        domain = market_domain(world.evm.chain_id, market.address)
        if proofs is None:
            said = world.statement(order.token_id, backing=order.backing if backing is None else backing)
            proofs = world.proofs(said)
        sellers = order.sign(domain, world.seller) if sellers is None else sellers
        buyers = order.sign(domain, world.buyer) if buyers is None else buyers
        return market.settle(order.args, sellers, buyers, proofs, sender=caller or world.stranger)

    return settle
