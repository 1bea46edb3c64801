"""Accounts that have done something on a local chain: an operator with a promise, its client, a delegator, a juror, and
attestors of private data.

All of it takes a month of the chain's time: a multiple counts after 28 days, seats and attestors after seven.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from keifu.chain import ChainClient, Deployment, RpcDeployer
from keifu.chain.services import Service, list_now
from keifu.chain.suite import COURT, HUB, TIMELOCK, VERIFIER
from keifu.chain.timelock import advance, operation
from keifu.keys import Account, keccak256
from keifu.local import sample
from keifu.local.roles import DEPLOYER, ROLES
from keifu.local.suite import warp
from keifu.staking import actions
from keifu.units import COIN, DAY

__all__ = ["ATTESTED", "enrol_attestors", "settle_in"]

COMMISSION_BPS = 500
LOCKED, RESTITUTION, PRICE, DELEGATED = 5_000 * COIN, 400 * COIN, 10 * COIN, 500 * COIN
MULTIPLE = 2
SEATS = 1_000_000 * COIN  # of the juror: 500 seats, more than the court needs to open a case
ATTESTORS = ("attestor1", "attestor2", "attestor3")
ATTESTED = 6_000 * COIN  # of each attestor, behind the verifier
PROMISED = 90 * DAY
SECRET = keccak256(b"what the operator of a local chain keeps secret")


def settle_in(client: ChainClient, suite: Deployment, attestors: Mapping[Account, str] | None = None) -> None:
    """Make the sample service, have the timelock list it, and let everybody do what their roles say; further attestors,
    which have coins, are enrolled with those of the roles."""
    deployer = RpcDeployer(client, ROLES[DEPLOYER].account)
    service = sample.deploy_sample(deployer, suite)
    places = Deployment({**suite.addresses, sample.SAMPLE: service})
    list_now(deployer, places, partial(warp, client), (Service(sample.SAMPLE, 4),))
    operator, juror, delegator, accuser = (
        RpcDeployer(client, ROLES[name].account) for name in ("operator", "juror", "delegator", "accuser")
    )
    actions.register(operator, suite, COMMISSION_BPS, "")
    since = actions.set_multiple(operator, suite, service, MULTIPLE)
    actions.register(juror, suite, 0, "")
    actions.lock(juror, suite, suite[COURT], juror.sender, SEATS)
    juror.call(suite[COURT], COURT, "join")
    enrol_attestors(client, suite, {ROLES[name].account: "" for name in ATTESTORS} | dict(attestors or {}))
    warp(client, since - client.now)
    actions.lock(operator, suite, service, operator.sender, LOCKED)
    number = sample.offer(operator, service, accuser.sender, RESTITUTION, PRICE, client.now + PROMISED, SECRET)
    sample.accept(accuser, suite, service, number)
    operator.call(suite[HUB], HUB, "poke", operator.sender, service)
    actions.delegate(delegator, suite, operator.sender, DELEGATED)
    juror.call(suite[COURT], COURT, "poke", juror.sender)


def enrol_attestors(client: ChainClient, suite: Deployment, keys: Mapping[Account, str]) -> None:
    """Have the timelock name them, lock their coins and let them join; seven epochs later they count. Each announces
    where its node is asked, "" for nowhere."""
    deployer, accounts = (
        RpcDeployer(client, ROLES[DEPLOYER].account),
        {RpcDeployer(client, key): url for key, url in keys.items()},
    )
    naming = deployer.interface(VERIFIER).function("name_attestor", 1)
    calls = [operation(suite[VERIFIER], naming.encode([account.sender])) for account in accounts]
    for call in calls:
        advance(deployer, suite[TIMELOCK], call)
    warp(client, deployer.call(suite[TIMELOCK], TIMELOCK, "get_minimum_delay"))
    for call in calls:
        advance(deployer, suite[TIMELOCK], call)
    for account, url in accounts.items():
        actions.register(account, suite, 0, url)
        actions.lock(account, suite, suite[VERIFIER], account.sender, ATTESTED)
        account.call(suite[VERIFIER], VERIFIER, "join")
