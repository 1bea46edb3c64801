"""ESC-5 and ESC-6 step by step: a slash before a revocation, after it, and one that wipes the pool."""

from __future__ import annotations

import pytest

from audit.staked_hub import LOCK, UNBONDING
from tests.property.tge.test_staked_escrow_machine import TOTALS, WORLD, StakedEscrow

GRANT = 1  # wholly at stake
EIGHTH = LOCK // 8  # a penalty that costs delegators less than a fifth


@pytest.fixture
def world():
    """The machine's start: grant 1 is at stake to the last coin that the hub takes."""
    return StakedEscrow()


def slash(world, penalty):
    world.hub.slash(WORLD.operator, 0, penalty, sender=WORLD.service)


def bring_back(world):
    world.leave(GRANT, 8)
    world.take_back(GRANT)
    return world.stake(GRANT)


def test_esc_5_a_loss_before_the_revocation_is_the_revokers(world):
    slash(world, EIGHTH)
    lost = bring_back(world)[3]
    unvested = TOTALS[0] - WORLD.schedule.vested(TOTALS[0], world.evm.now)
    assert 0 < lost < unvested
    world.revoke(GRANT)
    assert world.grants[GRANT].refunded == unvested - lost
    assert world.stake(GRANT)[3:5] == (0, 0)
    world.claim(GRANT)
    assert world.grants[GRANT].paid == TOTALS[0] - unvested
    world.teardown()


def test_esc_6_a_loss_after_the_revocation_is_the_revokers_too(world):
    world.wait(40)
    world.revoke(GRANT)
    unvested = TOTALS[0] - world.grants[GRANT].vested_at_revocation
    assert world.grants[GRANT].refunded == 0
    assert world.stake(GRANT)[4] == unvested
    slash(world, EIGHTH)
    bring_back(world)
    world.claim(GRANT)
    assert world.grants[GRANT].paid == TOTALS[0] - unvested
    assert 0 < world.grants[GRANT].refunded < unvested
    world.teardown()


def test_a_wiped_pool_is_written_off(world):
    other = WORLD.evm.account("other delegator")
    world.hub.unstake(WORLD.operator, world.hub.position(WORLD.operator, other)[0], 0, 0, sender=other)
    world.evm.warp(2 * UNBONDING)
    slash(world, LOCK)
    assert world.hub.position(WORLD.operator, world.escrow.stake_key(GRANT))[0] == 0
    receipt = world.escrow.write_off(GRANT, sender=WORLD.service)
    assert receipt.value == TOTALS[0]
    assert world.stake(GRANT)[1:4] == (0, 0, TOTALS[0])
    assert world.escrow.claimable(GRANT) == 0
    world.teardown()


def test_esc_5_a_loss_beyond_what_is_not_vested_is_shared_by_nobody_else(world):
    """Grant 2 bears its own loss; grant 3, which was never at stake, is paid to the wei."""
    slash(world, 3 * EIGHTH // 2)
    world.teardown()
    assert world.grants[3].paid == TOTALS[2]
    assert world.grants[2].paid < TOTALS[1]
