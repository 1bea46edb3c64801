"""`setFee`: the timelock sets it, up to a constant."""

from __future__ import annotations

import pytest

from evmstorm.evm import reverts


@pytest.mark.parametrize("fee", [0, 1, 100])
def test_the_owner_sets_it(world, channels, fee):
    event = channels.setFee(fee, sender=world.owner).events("FeeChanged")[0].args
    assert event["basisPoints"] == channels.fee() == fee


def test_chn_5_never_above_one_percent(world, channels):
    assert channels.MAX_FEE() == 100
    with reverts("channels: fee too high"):
        channels.setFee(101, sender=world.owner)


@pytest.mark.parametrize("who", ["treasury", "payer", "receiver", "stranger"])
def test_nobody_else_sets_it(world, channels, who):
    with reverts("channels: caller is not the owner"):
        channels.setFee(0, sender=getattr(world, who))


def test_it_starts_at_nothing(world, token):
    other = world.evm.deploy("Channels", token, world.hub, world.owner, world.treasury, sender=world.owner)
    assert other.fee() == 0
