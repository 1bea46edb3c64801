"""Delegation, rewards and slashing, beside Synthetix and the printed figures of Graph Horizon."""

from __future__ import annotations

from benchmarks import tge
from benchmarks._lab import Lab
from benchmarks._rows import Quoted, Row
from keifu.abi import Contract
from keifu.errors import ArtifactError
from keifu.evm import artifacts

__all__ = ["ROWS"]

DAY = 86_400
HORIZON = "Graph Horizon, not on npm: solc 0.8.30, 10,000 runs"


def _hub(lab: Lab) -> float:
    del lab
    artifacts.load("StakingHub")
    raise ArtifactError("the staking rows wait for the hub's final calls")


def _rewards_pool(lab: Lab) -> Contract:
    """Synthetix' StakingRewards as Uniswap published it, with a staker who has claimed once."""
    token = lab.shared(tge.peer_token)
    pool = lab.deploy("StakingRewards", lab.deployer, token, token)
    token.approve(pool, tge.UNLIMITED, sender=lab.deployer)
    token.transfer(pool, tge.GRANT, sender=lab.deployer)
    pool.stake(tge.GRANT, sender=lab.deployer)
    pool.notifyRewardAmount(tge.GRANT, sender=lab.deployer)
    lab.anvil.warp(DAY)
    pool.getReward(sender=lab.deployer)
    return pool


def _synthetix_reward(lab: Lab) -> int:
    pool = lab.shared(_rewards_pool)
    with lab.undo():
        lab.anvil.warp(DAY)
        return lab.gas(pool.getReward(sender=lab.deployer))


ROWS = (
    Row("gas.delegate_first", _hub, "first stake of a delegator with an operator", Quoted(84_477, HORIZON)),
    Row("gas.delegate", _hub, "a further stake: every slot in use", Quoted(67_377, HORIZON)),
    Row("gas.undelegate", _hub, "every slot in use; Horizon's steady figure", Quoted(147_668, HORIZON)),
    Row("gas.claim_rewards", _hub, "second claim: every slot in use", _synthetix_reward),
    Row("gas.slash", _hub, "one delegator, one ticket, credit slots in use", Quoted(97_095, HORIZON)),
    Row(
        "gas.slash_10000",
        _hub,
        "10,000 delegators, 1,000 tickets, credit slots in use",
        Quoted(97_095, HORIZON),
        heavy=True,
    ),
)
