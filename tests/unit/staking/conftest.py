from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_utils import keccak

from keifu.units import COIN, DAY
from tests.roles import role_fixtures

UNBONDING = 14 * DAY
EPOCH = DAY
HORIZON = 7 * DAY
RAISE = 2 * UNBONDING  # after which a raise of a multiple counts
LOCK, BOUND = 2_000 * COIN, 1_000 * COIN
MULTIPLE = 2
EXPOSURE = MULTIPLE * BOUND
COMMISSION_BPS = 1_000
EMISSION_START, EMISSION_EPOCHS = 40, 100
FUNDS = 10**24
FEE_DUST = 100  # wei: fees are divided between operator and pool to one part in 2**62


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
        "other_service",
        "victim",
        "prover",
        "sink",
        "treasury",
        "stranger",
    )
)


def deploy_hub(project, token, owner, insurance, treasury, sender, /, **others):
    """A hub with the times of these tests; `others` replaces constructor arguments by name."""
    arguments = {
        "token": token,
        "owner": owner,
        "insurance": insurance,
        "treasury": treasury,
        "unbonding": UNBONDING,
        "epoch_length": EPOCH,
        "emission_start": EMISSION_START,
        "emission_epochs": EMISSION_EPOCHS,
    } | others
    return project.StakingHub.deploy(*arguments.values(), sender=sender)


@pytest.fixture(scope="module")
def token(project, deployer):
    return project.KeifuToken.deploy(deployer, sender=deployer)


@pytest.fixture(scope="module")
def bare_hub(project, cast, token, deployer, owner, sink, treasury):
    """A hub in which nobody has done anything; everyone has coins and has approved them."""
    hub = deploy_hub(project, token, owner, sink, treasury, deployer)
    for account in cast.values():
        if account != deployer:
            token.transfer(account, FUNDS, sender=deployer)
        token.approve(hub, 2**256 - 1, sender=account)
    return hub


@pytest.fixture(scope="module")
def hub(bare_hub, chain, operator, other_operator, owner, service):
    """Two operators with 2,000 coins behind a service, 1,000 of them bound, and a multiple of 2 that counts."""
    bare_hub.list_service(service, HORIZON, 4, sender=owner)
    for name, account in (("ipfs://first", operator), ("ipfs://second", other_operator)):
        bare_hub.register_operator(COMMISSION_BPS, name, sender=account)
        bare_hub.lock(service, account, LOCK, sender=account)
        bare_hub.set_multiple(service, MULTIPLE, sender=account)
        bare_hub.bind(account, BOUND, sender=service)
    chain.pending_timestamp += RAISE + EPOCH
    chain.mine()
    for account in (operator, other_operator):
        bare_hub.poke(account, service, sender=account)
    return bare_hub


@pytest.fixture(scope="module")
def staked(hub, operator, delegator):
    """The same after a delegator put in 100 coins."""
    hub.stake(operator, 100 * COIN, 0, 0, sender=delegator)
    return hub


@pytest.fixture
def wait(chain):
    def wait(seconds):
        chain.pending_timestamp += seconds
        chain.mine()

    return wait


@pytest.fixture
def next_epoch(chain, bare_hub):
    """Goes to the start of a later epoch of the hub."""

    def next_epoch(count=1):
        start = bare_hub.epoch_start(bare_hub.epoch() + count)
        chain.pending_timestamp = start
        chain.mine()

    return next_epoch


@pytest.fixture(scope="module")
def sub_key():
    """The owner key of a sub-account."""
    return lambda account, sub: keccak(encode(["address", "uint256"], [account.address, sub]))[12:]


@pytest.fixture
def balanced(bare_hub, token, owner, operator, other_operator, sink, treasury):
    """Says what the hub has beyond what it owes in stake, tickets, locks and credits: rewards that wait, and dust."""

    def surplus(accounts, services, tickets=()):
        operators = (operator, other_operator)
        owed = sum(bare_hub.operator_state(account).delegated for account in operators)
        owed += sum(bare_hub.lock_of(item, account) for item in services for account in operators)
        owed += sum(bare_hub.credit(account) for account in (*accounts, *services, sink, treasury))
        owed += sum(bare_hub.ticket(holder, number)[0] for holder, number in tickets)
        owed += sum(bare_hub.pending_rewards(at, account) for at in operators for account in accounts)
        return token.balanceOf(bare_hub) - owed

    return surplus


def ticket_of(receipt):
    """The ticket in an unstake's event."""
    return next(event.ticket for event in receipt.events if event.event_name == "Unstaked")
