from __future__ import annotations

import pytest

from audit.staked_hub import hub_arguments, make_room
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import artifacts
from keifu.keys import Account
from keifu.tge import Grants, Schedule
from keifu.units import COIN, DAY
from tests.roles import role_fixtures

MONTH = artifacts.constant("lib/constants.vy", "MONTH")
SWEEP_DELAY = artifacts.constant("lib/constants.vy", "MIN_SWEEP_DELAY")
SUPPLY = artifacts.constant("lib/constants.vy", "TOKEN_SUPPLY")


globals().update(
    role_fixtures(
        "deployer",
        "holder",
        "other_holder",
        "stranger",
        "owner",
        "non_owner",
        "revoker",
        "successor",
        "operator",
        "service",
    )
)


@pytest.fixture(scope="module")
def token(project, deployer):
    return project.KeifuToken.deploy(deployer, sender=deployer)


@pytest.fixture(scope="module")
def start(chain):
    """Some time after everything that the module sets up: a hub takes a month until it takes delegations."""
    return chain.blocks.head.timestamp + 40 * DAY


@pytest.fixture(scope="module")
def schedule(start):
    return Schedule(start)


@pytest.fixture(scope="module")
def grants(holder, other_holder):
    """Six grants; amounts that no step divides evenly among them."""
    others = ["0x" + f"{number:02x}" * 20 for number in (0xA1, 0xA2, 0xA3, 0xA4)]
    totals = [1_143 * COIN, 1_143 * COIN + 1, 1, 2, 37, 10**24 + 7]
    return Grants([holder.address.lower(), other_holder.address.lower(), *others], totals)


@pytest.fixture(scope="module")
def terms(grants, schedule, owner):
    """Constructor arguments behind the token."""
    sweep_after = schedule.end + SWEEP_DELAY
    return {
        "root": grants.tree.root,
        "allocation": grants.allocation,
        "start": schedule.start,
        "step": schedule.step,
        "steps": schedule.steps,
        "sweep_after": sweep_after,
        "owner": owner.address,
    }


@pytest.fixture(scope="module")
def distributor(project, token, terms, deployer, grants):
    contract = project.TGEDistributor.deploy(token, ZERO_ADDRESS, *terms.values(), sender=deployer)
    token.transfer(contract, grants.allocation, sender=deployer)
    return contract


@pytest.fixture(scope="module")
def grant(grants):
    """The arguments of `claim` for a grant."""
    return lambda index: (index, grants.accounts[index], grants.totals[index], grants.tree.proof(index))


@pytest.fixture
def at(chain):
    """Give the next block this time."""
    return chain.provider.set_timestamp


@pytest.fixture(scope="module")
def escrow(project, token, deployer):
    contract = project.VestingEscrow.deploy(token, ZERO_ADDRESS, sender=deployer)
    token.approve(contract, SUPPLY, sender=deployer)
    return contract


@pytest.fixture(scope="module")
def plan(holder, revoker, start):
    """A revocable plan with a third at the start and a cliff of two steps, changed by keyword."""

    def make(**changes):
        terms = {
            "beneficiary": holder.address,
            "revoker": revoker.address,
            "total": 1_000 * COIN + 1,
            "start": start,
            "step": MONTH,
            "steps": 36,
            "cliff": 2,
            "divisor": 3,
        }
        return {**terms, **changes}

    return make


# with a staking hub -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hub(project, token, deployer, operator, service, chain):
    """A hub with one operator that takes delegations."""
    contract = project.StakingHub.deploy(*hub_arguments(token, deployer, deployer), sender=deployer)

    def warp(seconds):
        chain.pending_timestamp += seconds
        chain.mine()

    make_room(contract, token, deployer, service, [operator], warp)
    return contract


@pytest.fixture(scope="module")
def staking_escrow(project, token, hub, deployer, plan):
    """An escrow at the hub, with grant 1."""
    contract = project.VestingEscrow.deploy(token, hub, sender=deployer)
    token.approve(contract, SUPPLY, sender=deployer)
    contract.create(plan(), sender=deployer)
    return contract


@pytest.fixture(scope="module")
def signer():
    """A holder with a key, who has no coins for gas."""
    return Account.from_role("signer")


@pytest.fixture(scope="module")
def staking_grants(holder, signer):
    return Grants([holder.address.lower(), signer.address], [1_143 * COIN, 1_143 * COIN])


@pytest.fixture(scope="module")
def staking_distributor(project, token, hub, terms, staking_grants, deployer):
    changed = {**terms, "root": staking_grants.tree.root, "allocation": staking_grants.allocation}
    contract = project.TGEDistributor.deploy(token, hub, *changed.values(), sender=deployer)
    token.transfer(contract, staking_grants.allocation, sender=deployer)
    return contract
