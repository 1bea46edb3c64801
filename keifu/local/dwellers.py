"""Accounts that have done something on a local chain: an operator with a promise, its client, a delegator, a juror.

All of it takes a month of the chain's time: a multiple counts after 28 days, a juror's seats after seven.
"""

from __future__ import annotations

from functools import partial

from keifu.chain import ChainClient, Deployment, RpcDeployer
from keifu.chain.services import Service, list_now
from keifu.chain.suite import COURT, HUB
from keifu.keys import keccak256
from keifu.local import sample
from keifu.local.roles import DEPLOYER, ROLES
from keifu.local.suite import warp
from keifu.staking import actions
from keifu.units import COIN, DAY

__all__ = ["settle_in"]

COMMISSION_BPS = 500
LOCKED, RESTITUTION, PRICE, DELEGATED = 5_000 * COIN, 400 * COIN, 10 * COIN, 500 * COIN
MULTIPLE = 2
SEATS = 1_000_000 * COIN  # of the juror: 500 seats, more than the court needs to open a case
PROMISED = 90 * DAY
SECRET = keccak256(b"what the operator of a local chain keeps secret")


def settle_in(client: ChainClient, suite: Deployment) -> None:
    """Make the sample service, have the timelock list it, and let everybody do what their roles say."""
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
    warp(client, since - client.now)
    actions.lock(operator, suite, service, operator.sender, LOCKED)
    number = sample.offer(operator, service, accuser.sender, RESTITUTION, PRICE, client.now + PROMISED, SECRET)
    sample.accept(accuser, suite, service, number)
    operator.call(suite[HUB], HUB, "poke", operator.sender, service)
    actions.delegate(delegator, suite, operator.sender, DELEGATED)
    juror.call(suite[COURT], COURT, "poke", juror.sender)
