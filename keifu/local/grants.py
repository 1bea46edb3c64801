"""A list of grants on a local chain: published, paid in, its accounts the named ones."""

from __future__ import annotations

from pathlib import Path

from keifu.chain import ChainClient, RpcDeployer
from keifu.chain.deployments import Record
from keifu.local.roles import DEPLOYER, ROLES
from keifu.tge import chain as tge
from keifu.tge import read_csv, write_files

__all__ = ["LIST", "seed"]

LIST = "grants.csv"  # beside the published files
GRANT = 1_143  # coins: a third of it is 381
HOLDERS = ("holder", "operator", "delegator", "juror", "author")


def seed(client: ChainClient, record: Record, deployments: Path, folder: Path) -> None:
    """Publish a list in `folder`, deploy and pay in its distribution, starting now."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / LIST
    lines = [f"{ROLES[name].account.address},{GRANT}" for name in HOLDERS]
    listed.write_text("\n".join(["account,total", *lines, f"total,{GRANT * len(HOLDERS)}"]) + "\n")
    summary = write_files(read_csv(listed), folder, csv_path=listed)
    deployer = RpcDeployer(client, ROLES[DEPLOYER].account)
    terms = tge.decide(record, summary, None, client.now)
    suite = tge.deploy(deployer, record, terms, save=lambda changed: changed.save(deployments))
    tge.fund(deployer, suite, terms, client.chain_id, ROLES[DEPLOYER].account.sign)
