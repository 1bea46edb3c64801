"""AlignmentCourt: what the constructor refuses; cases are told in tests/property/staking/test_court.py."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.units import COIN, DAY
from tests.unit.staking.conftest import EPOCH


@pytest.fixture(scope="module")
def args(project, hub, token, deployer):
    return [token, hub, project.MockRandomness.deploy(sender=deployer), 100 * COIN, DAY, DAY]


def test_terms(project, args, deployer):
    court = project.AlignmentCourt.deploy(*args, sender=deployer)
    assert court.commit_period() == 2 * EPOCH
    assert court.longest_case() == 3 * (2 * EPOCH + DAY) + 2 * DAY


@pytest.mark.parametrize(
    ("index", "value", "reason"),
    [
        (0, ZERO_ADDRESS, "court: token is no contract"),
        (1, ZERO_ADDRESS, "court: hub is no contract"),
        (2, ZERO_ADDRESS, "court: randomness is no contract"),
        (3, 3, "court: no bond"),
        (4, 0, "court: no time"),
        (5, 0, "court: no time"),
    ],
)
def test_refusals(project, args, deployer, index, value, reason):
    changed = [value if position == index else arg for position, arg in enumerate(args)]
    with ape.reverts(reason):
        project.AlignmentCourt.deploy(*changed, sender=deployer)
