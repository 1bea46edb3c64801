"""x402's own client, server and facilitator, unmodified, over our contract: deposits, paid calls, claims, refunds."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from x402.http.utils import decode_payment_response_header
from x402.mechanisms.evm.batch_settlement.server.channel_manager import BatchSettlementChannelManager
from x402.mechanisms.evm.batch_settlement.server.channel_manager_common import ChannelManagerConfig

from keifu.chain.suite import CHANNELS, ERC3009_COLLECTOR
from keifu.payments import Channel, Vouchers, read_channel
from keifu.payments.x402_package import CONSTANTS, pointed_at
from tests.integration.payments.conftest import FEE, MULTIPLIER, PRICE, Shop, opened

DELAY = 900  # the shortest, which the package takes


@pytest.fixture(params=["where the package looks", "where our suite stands"])
def place(request, chain):
    """`(deployment, context)` for both ways to bring package and contract together."""
    if request.param == "where the package looks":
        return chain.fixed, contextlib.nullcontext()
    return chain.suite, pointed_at(chain.suite)


def channel_of(world):
    return Channel(
        world.role("payer").address,
        world.role("payer").address,
        world.role("receiver").address,
        world.role("receiver's authorizer").address,
        world.token.address,
        DELAY,
        bytes(32),
    )


def manager(shop: Shop) -> BatchSettlementChannelManager:
    world = shop.world
    return BatchSettlementChannelManager(
        ChannelManagerConfig(
            scheme=shop.scheme,
            facilitator=shop.facilitator,
            receiver=world.role("receiver").address,
            token=world.token.address,
            network=world.network,
        )
    )


@pytest.mark.parametrize("method", ["eip3009", "permit2"])
def test_an_unmodified_client_pays_and_gets_its_money_back(chain, place, method):
    deployment, context = place
    channels = chain.client.at(deployment[CHANNELS], CHANNELS)
    token, payer, receiver = chain.token, chain.role("payer"), chain.role("receiver")
    before = token.balanceOf(payer)
    with context, opened(chain, method) as shop:
        responses = shop.buy(times=3)
        assert [response.status_code for response in responses] == [200, 200, 200]
        assert [response.json() for response in responses] == [{"answer": "42"}] * 3
        first = decode_payment_response_header(responses[0].headers["PAYMENT-RESPONSE"])
        assert first.success
        assert first.transaction
        deposit = MULTIPLIER * PRICE
        channel = channel_of(chain)
        status = read_channel(channels, channel)
        assert (status.balance, status.claimed) == (deposit, 0)
        assert status.channel_id == Vouchers(chain.client.chain_id, channels.address).channel_id(channel)
        assert token.balanceOf(payer) == before - deposit

        claims = asyncio.run(manager(shop).claim())
        assert [claim.vouchers for claim in claims] == [1]
        assert read_channel(channels, channel).claimed == 3 * PRICE
        asyncio.run(manager(shop).settle())
        assert token.balanceOf(receiver) == 3 * PRICE - 3 * PRICE * FEE // 10_000
        assert token.balanceOf(chain.hub) == 3 * PRICE * FEE // 10_000

        assert [response.status_code for response in shop.buy(times=2)] == [200, 200]
        refunded = shop.client.refund(shop.url)
        assert refunded.success
        status = read_channel(channels, channel)
        assert (status.balance, status.claimed, status.refund_nonce) == (5 * PRICE, 5 * PRICE, 1)
        assert token.balanceOf(payer) == before - 5 * PRICE


def test_the_payer_leaves_without_the_receiver(chain):
    """The withdrawal's delay is chain time; the last voucher is claimed within it."""
    channels = chain.client.at(chain.fixed[CHANNELS], CHANNELS)
    channel, payer = channel_of(chain), chain.role("payer")
    before = chain.token.balanceOf(payer)
    with opened(chain, "eip3009") as shop:
        shop.buy(times=2)
        channels.initiateWithdraw(channel.values, MULTIPLIER * PRICE, sender=payer)
        asyncio.run(manager(shop).claim())
        chain.anvil.warp(DELAY)
        channels.finalizeWithdraw(channel.values, sender=payer)
    assert chain.token.balanceOf(payer) == before - 2 * PRICE
    status = read_channel(channels, channel)
    assert (status.balance, status.claimed) == (2 * PRICE, 2 * PRICE)


def test_the_package_is_left_as_it_was(chain):
    module = __import__("x402.mechanisms.evm.batch_settlement.client.eip3009", fromlist=["x"])
    (name,) = (name for name, contract in CONSTANTS.items() if contract == ERC3009_COLLECTOR)
    before = getattr(module, name)
    with pointed_at(chain.suite):
        assert getattr(module, name).lower() == chain.suite[ERC3009_COLLECTOR].lower()
    assert getattr(module, name) == before
