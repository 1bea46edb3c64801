"""AgentAccount.cancel_nonces: what was signed with a lower nonce is worthless."""

from __future__ import annotations

import pytest

from .test_execute_signed import batch, sign


def test_signed_batches_below_are_worthless(world, refused):
    args = sign(world, batch(world))
    world.account.cancel_nonces(3, sender=world.owner)
    assert world.account.nonces(world.owner) == 3
    with refused("account: nonce used"):
        world.account.execute_signed(*args, sender=world.relayer)
    world.account.execute_signed(*sign(world, batch(world), nonce=3), sender=world.relayer)


def test_of_the_caller_alone(world):
    world.account.cancel_nonces(3, sender=world.stranger)
    assert world.account.nonces(world.owner) == 0
    world.account.execute_signed(*sign(world, batch(world)), sender=world.relayer)


@pytest.mark.parametrize("below", [0, 1, 2])
def test_only_upwards(world, refused, below):
    world.account.cancel_nonces(2, sender=world.owner)
    with refused("account: nonce used"):
        world.account.cancel_nonces(below, sender=world.owner)
