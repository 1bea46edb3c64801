"""Winding up a notary: rewards are paid out, and its coins come back once its promise's evidence window is over."""

from __future__ import annotations

from keifu.chain import RpcDeployer
from keifu.chain.firsts import paid_out
from keifu.chain.suite import HUB, RECORD_PROOF
from keifu.errors import CheckFailed
from keifu.node.chain import NodeChain
from keifu.node.juror.leaving import Left

__all__ = ["leave"]


def leave(chain: NodeChain, deployer: RpcDeployer) -> Left:
    """Pay the node's credit, and unlock what no promise needs. Raises CheckFailed when there is neither, and Revert."""
    proofs, hub = chain.suite[RECORD_PROOF], chain.suite[HUB]
    who = deployer.sender
    rewards = paid_out(deployer, proofs, RECORD_PROOF)
    locked: int = deployer.call(hub, HUB, "lock_of", proofs, who)
    _, _, until, reserve = deployer.call(proofs, RECORD_PROOF, "binding", who)
    if not locked and not rewards:
        raise CheckFailed(f"{who} has no coins behind RecordProof", remedy="nothing is left to do")
    kept = reserve if chain.client.now <= until else 0
    if free := locked - kept:
        deployer.call(proofs, RECORD_PROOF, "unlock", free)
        deployer.call(hub, HUB, "collect", who, 0)
    return Left(free + rewards, kept, until if kept else 0)
