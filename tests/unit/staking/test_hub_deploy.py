"""StakingHub's constructor: what a hub refuses to be made of."""

from __future__ import annotations

import ape
import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.units import DAY
from tests.unit.staking.conftest import EMISSION_EPOCHS, EMISSION_START, EPOCH, UNBONDING, deploy_hub

LAST_EPOCH = 2**24 - 1


def test_what_it_shows(bare_hub, token, owner, sink, treasury):
    assert bare_hub.token() == token
    assert bare_hub.owner() == owner
    assert bare_hub.insurance() == sink
    assert bare_hub.treasury() == treasury
    assert bare_hub.unbonding() == UNBONDING
    assert bare_hub.epoch() == 1
    assert bare_hub.epoch_start(2) - bare_hub.epoch_start(1) == EPOCH
    assert bare_hub.epoch_start(0) == bare_hub.epoch_start(1)


@pytest.mark.parametrize(
    ("argument", "value", "reason"),
    [
        ("token", ZERO_ADDRESS, "hub: token is no contract"),
        ("owner", ZERO_ADDRESS, "hub: no owner"),
        ("insurance", ZERO_ADDRESS, "hub: no insurance"),
        ("treasury", ZERO_ADDRESS, "hub: no treasury"),
        ("unbonding", 0, "hub: epoch beyond unbonding"),
        ("unbonding", UNBONDING + 1, "hub: bad unbonding period"),
        ("unbonding", 365 * DAY + 2, "hub: bad unbonding period"),
        ("epoch_length", 0, "hub: no epoch length"),
        ("epoch_length", UNBONDING + 1, "hub: epoch beyond unbonding"),
        ("emission_start", 0, "hub: no schedule"),
        ("emission_epochs", 0, "hub: no schedule"),
        ("emission_start", LAST_EPOCH, "hub: schedule too long"),
        ("emission_epochs", LAST_EPOCH - EMISSION_START + 1, "hub: schedule too long"),
    ],
)
def test_refused(project, token, owner, sink, treasury, deployer, argument, value, reason):
    with ape.reverts(reason):
        deploy_hub(project, token, owner, sink, treasury, deployer, **{argument: value})


def test_bounds_are_taken(project, token, owner, sink, treasury, deployer):
    longest = {"emission_epochs": LAST_EPOCH - EMISSION_START, "unbonding": 365 * DAY, "epoch_length": 365 * DAY}
    deploy_hub(project, token, owner, sink, treasury, deployer, **longest)
    assert longest["emission_epochs"] > EMISSION_EPOCHS


def test_a_supply_that_four_times_would_not_fit(project, owner, sink, treasury, deployer):
    token = project.HookToken.deploy(sender=deployer)
    token.mint(deployer, 2**94 - 1, sender=deployer)
    deploy_hub(project, token, owner, sink, treasury, deployer)
    token.mint(deployer, 1, sender=deployer)
    with ape.reverts("hub: supply too large"):
        deploy_hub(project, token, owner, sink, treasury, deployer)
