"""What channels and collectors are made with."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import reverts
from keifu.chain.suite import PERMIT2


def test_what_it_says_of_itself(world, channels):
    assert channels.coin() == world.token.address
    assert channels.hub() == world.hub.address
    assert channels.owner() == world.owner.address
    assert channels.treasury() == world.treasury.address
    assert (channels.MIN_WITHDRAW_DELAY(), channels.MAX_WITHDRAW_DELAY()) == (900, 2_592_000)
    assert tuple(channels.eip712Domain())[1:5] == (
        "x402 Batch Settlement", "1", world.evm.chain_id, channels.address,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (0, "channels: coin is no contract"),
        (1, "channels: hub is no contract"),
        (2, "channels: no owner"),
        (3, "channels: no treasury"),
    ],
)
def test_what_is_missing(world, place, reason):
    arguments = [world.token, world.hub, world.owner, world.treasury]
    arguments[place] = ZERO_ADDRESS
    with reverts(reason):
        world.evm.deploy("Channels", *arguments, sender=world.owner)


def test_collectors(world, channels):
    by_transfer = world.evm.deploy("Erc3009DepositCollector", channels, sender=world.owner)
    by_permit = world.evm.deploy("Permit2DepositCollector", channels, PERMIT2, sender=world.owner)
    assert by_transfer.channels() == by_permit.channels() == channels.address
    assert by_permit.permit2() == PERMIT2
    with reverts("collector: no channels"):
        world.evm.deploy("Erc3009DepositCollector", ZERO_ADDRESS, sender=world.owner)
    with reverts("collector: no channels"):
        world.evm.deploy("Permit2DepositCollector", ZERO_ADDRESS, PERMIT2, sender=world.owner)
    with reverts("collector: no Permit2"):
        world.evm.deploy("Permit2DepositCollector", channels, ZERO_ADDRESS, sender=world.owner)
