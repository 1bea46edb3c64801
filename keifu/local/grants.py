"""A suite with life in it: a paid-in list of grants whose accounts are the named ones, and an operator with stake."""

from __future__ import annotations

from pathlib import Path

from keifu.chain import ChainClient, Deployment, RpcDeployer
from keifu.chain.deployments import Record
from keifu.local.roles import DEPLOYER, ROLES
from keifu.staking import actions
from keifu.tge import chain as tge
from keifu.tge import read_csv, write_files
from keifu.units import COIN

__all__ = ["LIST", "seed"]

LIST = "grants.csv"  # beside the published files
GRANT = 1_143  # coins: a third of it is 381
HOLDERS = ("holder", "operator", "delegator", "juror", "author")
COMMISSION_BPS = 500
BOND, DELEGATED = 2_000, 500  # coins


def seed(client: ChainClient, record: Record, deployments: Path, folder: Path) -> None:
    """Publish a list in `folder`, deploy and pay in its distribution, starting now, and register an operator."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / LIST
    lines = [f"{ROLES[name].account.address},{GRANT}" for name in HOLDERS]
    listed.write_text("\n".join(["account,total", *lines, f"total,{GRANT * len(HOLDERS)}"]) + "\n")
    summary = write_files(read_csv(listed), folder, csv_path=listed)
    deployer = RpcDeployer(client, ROLES[DEPLOYER].account)
    terms = tge.decide(record, summary, None, client.now)
    suite = tge.deploy(deployer, record, terms, save=lambda changed: changed.save(deployments))
    tge.fund(deployer, suite, terms, client.chain_id, ROLES[DEPLOYER].account.sign)
    _stake(client, suite)


def _stake(client: ChainClient, suite: Deployment) -> None:
    operator, delegator = (ROLES[name].account for name in ("operator", "delegator"))
    actions.register(RpcDeployer(client, operator), suite, COMMISSION_BPS, "", BOND * COIN)
    actions.delegate(RpcDeployer(client, delegator), suite, operator.address, DELEGATED * COIN)
