"""Winding up an attestor: its coins are asked back, and paid out when what it has signed can cost it nothing more."""

from __future__ import annotations

from keifu.chain import RpcDeployer
from keifu.chain.suite import VERIFIER
from keifu.errors import CheckFailed
from keifu.node.chain import NodeChain
from keifu.node.juror.leaving import Left

__all__ = ["leave"]


def leave(chain: NodeChain, deployer: RpcDeployer) -> Left:
    """Ask back all that counts or will; once that is done and its time is over, unlock it. Raises CheckFailed when
    there is nothing, and Revert while promises are open."""
    verifier = chain.suite.at(chain.client, VERIFIER)
    mature, pending, _, leaving, release_at, *_ = verifier.attestor(deployer.sender)
    if mature + pending:
        deployer.call(verifier.address, VERIFIER, "leave", mature + pending)
        _, _, _, leaving, release_at, *_ = verifier.attestor(deployer.sender)
    if not leaving:
        raise CheckFailed(f"{deployer.sender} has no coins behind the verifier", remedy="nothing is left to do")
    if chain.client.now < release_at:
        return Left(0, leaving, release_at)
    deployer.call(verifier.address, VERIFIER, "release")
    return Left(leaving, 0, 0)
