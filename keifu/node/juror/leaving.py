"""Winding up a juror: its coins are asked back, and paid out when the cases opened before are over."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from keifu.chain import RpcDeployer
from keifu.chain.suite import COURT, HUB
from keifu.errors import CheckFailed
from keifu.node.chain import NodeChain
from keifu.staking.court import read_juror, release

__all__ = ["Left", "leave"]


@dataclass(frozen=True)
class Left:
    """What was done: wei paid out, wei that are leaving, and when they can be taken, unix seconds."""

    paid: int
    leaving: int
    release_at: int

    def data(self) -> dict[str, Any]:
        return {**asdict(self), "paid": str(self.paid), "leaving": str(self.leaving)}


def leave(chain: NodeChain, deployer: RpcDeployer) -> Left:
    """Ask everything back that counts or will; once that is done and its time is over, pay it out. Raises CheckFailed
    when there is nothing."""
    suite, client = chain.suite, chain.client
    court, hub = suite.at(client, COURT), suite.at(client, HUB)
    juror = read_juror(hub, court, deployer.sender)
    if asked := juror.mature + juror.pending:
        deployer.call(court.address, COURT, "leave", asked)
        juror = read_juror(hub, court, deployer.sender)
    if not juror.leaving:
        raise CheckFailed(f"{deployer.sender} has no coins behind the court", remedy="nothing is left to do")
    if client.now < juror.release_at:
        return Left(0, juror.leaving, juror.release_at)
    return Left(release(deployer, suite), 0, 0)
