from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_utils import keccak

from keifu.units import COIN, DAY
from tests.roles import role_fixtures

UNBONDING = 14 * DAY
EPOCH = DAY
HORIZON = 7 * DAY
EVIDENCE = b"\x05" * 32
FUNDS = 10**24


globals().update(
    role_fixtures(
        "deployer",
        "owner",
        "non_owner",
        "operator",
        "other_operator",
        "delegator",
        "other_delegator",
        "service",
        "arbiter",
        "victim",
        "prover",
        "sink",
        "stranger",
    )
)


@pytest.fixture(scope="module")
def token(project, deployer):
    return project.KeifuToken.deploy(deployer, sender=deployer)


@pytest.fixture(scope="module")
def bare_hub(project, cast, token, deployer, owner, sink):
    """A hub in which nobody has done anything; everyone has coins and has approved them."""
    hub = project.StakingHub.deploy(token, owner, sink, UNBONDING, EPOCH, sender=deployer)
    for account in cast.values():
        if account != deployer:
            token.transfer(account, FUNDS, sender=deployer)
        token.approve(hub, 2**256 - 1, sender=account)
    return hub


@pytest.fixture(scope="module")
def hub(bare_hub, operator, other_operator, owner, service, arbiter):
    """Two operators with 2,000 coins of bond; the first has committed 1,500 to a service."""
    for name, account in (("ipfs://first", operator), ("ipfs://second", other_operator)):
        bare_hub.register_operator(1_000, name, sender=account)
        bare_hub.bond(2_000 * COIN, sender=account)
    bare_hub.list_service(service, HORIZON, 5_000, 3_000, arbiter, sender=owner)
    bare_hub.commit(service, 1_500 * COIN, sender=operator)
    return bare_hub


@pytest.fixture(scope="module")
def staked(hub, operator, delegator):
    """The same after a delegator put in 100 coins."""
    hub.stake(operator, 100 * COIN, 0, sender=delegator)
    return hub


@pytest.fixture
def wait(chain):
    def wait(seconds):
        chain.pending_timestamp += seconds
        chain.mine()

    return wait


@pytest.fixture(scope="module")
def sub_key():
    """The owner key of a sub-account."""
    return lambda account, sub: keccak(encode(["address", "uint256"], [account.address, sub]))[12:]


def ticket_of(receipt):
    """The ticket in an unstake's event."""
    return next(event.ticket for event in receipt.events if event.event_name == "Unstaked")
