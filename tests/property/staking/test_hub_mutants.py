"""Directed tests of the hub fail when the line that they watch is broken: each bug is seeded and its test is run."""

from __future__ import annotations

import pytest

from evmstorm.mutation.seeded_bugs import Bug, compile_with
from tests.property.staking import test_cheats as cheats

POOLS, OBLIGATIONS = "lib/pools.vy", "staking/lib/obligations.vy"
SEEDED_BUGS = [
    (
        Bug(
            "commitments do not shrink with the stake",
            OBLIGATIONS,
            "    return committed * _slashable // sum\n",
            "    return committed\n",
            ("StakingHub",),
        ),
        cheats.test_hub_3_commitments_shrink_with_the_stake_and_together_never_exceed_it,
    ),
    (
        Bug(
            "one share too many",
            POOLS,
            "    return _amount * _shares // _tokens\n",
            "    return _amount * _shares // _tokens + 1\n",
            ("StakingHub",),
        ),
        cheats.test_hub_8_new_shares_are_paid_for_to_the_last_one,
    ),
]


@pytest.mark.parametrize(("bug", "test"), SEEDED_BUGS, ids=lambda item: getattr(item, "name", ""))
def test_a_seeded_bug_breaks_its_test(bug, test):
    """HUB-3, HUB-8"""
    scene = cheats.Scene(compile_with(bug))
    with pytest.raises(AssertionError):
        test(scene)
