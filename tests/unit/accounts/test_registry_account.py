"""AccountRegistry.account: where an account is, or will be."""

from __future__ import annotations

import pytest

from keifu.accounts import Token, address_of

FIELDS = ("implementation", "salt", "chain_id", "contract", "number")


def usual(world):
    return [world.implementation.address, b"\2" * 32, 16_661, world.nft.address, 44]


def test_before_and_after(world):
    args = usual(world)
    wanted = address_of(world.registry.address, args[0], Token(*args[2:]), args[1])
    assert world.registry.account(*args) == wanted
    assert world.evm.code(wanted) == b""

    assert world.registry.createAccount(*args, sender=world.stranger).value == wanted
    assert world.registry.account(*args) == wanted


@pytest.mark.parametrize("at", range(len(FIELDS)), ids=FIELDS)
def test_each_field_makes_another_address(world, at):
    args = usual(world)
    other = {0: world.nft.address, 1: b"\3" * 32, 2: 16_662, 3: world.token.address, 4: 45}[at]
    changed = [*args[:at], other, *args[at + 1 :]]

    assert world.registry.account(*changed) != world.registry.account(*args)
    assert world.registry.account(*changed) == address_of(
        world.registry.address, changed[0], Token(*changed[2:]), changed[1]
    )
