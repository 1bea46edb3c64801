"""Delegation, rewards and slashing, beside Synthetix and the printed figures of Graph Horizon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from audit.simulation import Report, Size, simulate
from benchmarks import tge
from benchmarks._lab import Lab
from benchmarks._rows import Measure, Quoted, Row
from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract
from keifu.chain import Account, Call
from keifu.units import COIN, DAY

__all__ = ["ROWS"]

EPOCH = DAY
UNBONDING = 14 * DAY
BOND = 100_000 * COIN
STAKE = 100 * COIN  # of one delegator
REWARD = 1_000 * COIN
COMMISSION_BPS, VICTIM_BPS, PROVER_BPS = 1_000, 4_000, 1_000
HORIZON = "Graph Horizon, not on npm: solc 0.8.30, 10,000 runs"


# ours -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Staking:
    """A hub with one operator, bonded and committed to one service, and delegators."""

    hub: Contract
    operator: Account
    service: Account
    delegator: Account
    insurance: str

    def stake(self, lab: Lab, delegator: Account) -> int:
        return lab.gas(self.hub.stake(self.operator, STAKE, 0, sender=delegator))

    def unstake(self, lab: Lab) -> int:
        return lab.gas(self.hub.unstake(self.operator, COIN, 0, sender=self.delegator))

    def claim(self, lab: Lab) -> int:
        return lab.gas(self.hub.claim_rewards(self.operator, self.delegator, sender=self.delegator))

    def slash(self, lab: Lab, amount: int, number: int = 0) -> int:
        """Victim and prover are the same two for each `number`."""
        victim, prover = tge.holder(10 + 2 * number), tge.holder(11 + 2 * number)
        arguments = (self.operator, amount, victim, prover, b"\1" * 32)
        return lab.gas(self.hub.slash(*arguments, sender=self.service))


def _funded(lab: Lab, hub: Contract, role: str, amount: int) -> Account:
    """An account with coins that the hub may take."""
    account, token = lab.account(role), lab.shared(tge.our_token)
    token.transfer(account, amount, sender=lab.deployer)
    token.approve(hub, tge.UNLIMITED, sender=account)
    return account


def _next_epoch(lab: Lab, epochs: int = 1) -> None:
    lab.anvil.warp(epochs * EPOCH)


def _hub(lab: Lab) -> Staking:
    """The operator is bonded and committed; one delegator has staked, one ticket is open."""
    return _with_delegators(lab, 1, 1)


def _crowd(lab: Lab) -> Staking:
    return _with_delegators(lab, 10_000, 1_000)


def _with_delegators(lab: Lab, delegators: int, tickets: int) -> Staking:
    insurance = tge.holder(9)
    token = lab.shared(tge.our_token)
    hub = lab.deploy("StakingHub", token, lab.deployer, insurance, UNBONDING, EPOCH)
    operator = _funded(lab, hub, "bench operator", 2 * BOND)
    delegator = _funded(lab, hub, "bench delegator", 2 * delegators * STAKE + BOND)
    staking = Staking(hub, operator, lab.account("bench service"), delegator, insurance)
    hub.register_operator(COMMISSION_BPS, "ipfs://operator", sender=operator)
    hub.bond(BOND, sender=operator)
    hub.list_service(staking.service, UNBONDING, VICTIM_BPS, PROVER_BPS, ZERO_ADDRESS, sender=lab.deployer)
    hub.commit(staking.service, BOND, sender=operator)
    hub.stake(operator, BOND, 0, sender=delegator)
    _next_epoch(lab, 2)
    # What goes beyond the bond counts once delegators could have left.
    hub.commit(staking.service, BOND // 2, sender=operator)
    lab.anvil.warp(UNBONDING + UNBONDING // 2)
    # One delegator's sub-accounts stand for many delegators: each has a position and a ticket of its own.
    lab.client.send_many(
        [Call(hub, "stake", (operator, STAKE, 0, number), delegator, gas=300_000) for number in range(1, delegators)]
    )
    lab.client.send_many(
        [Call(hub, "unstake", (operator, COIN, 0, number), delegator, gas=300_000) for number in range(tickets)]
    )
    hub.reward(operator, REWARD, sender=operator)
    _next_epoch(lab)
    hub.reward(operator, REWARD, sender=operator)  # the books of this epoch are open from here on
    staking.claim(lab)
    return staking


def _delegate_first(lab: Lab) -> int:
    staking = lab.shared(_hub)
    with lab.undo():
        return staking.stake(lab, _funded(lab, staking.hub, "bench newcomer", 2 * STAKE))


def _delegate(lab: Lab) -> int:
    staking = lab.shared(_hub)
    with lab.undo():
        return staking.stake(lab, staking.delegator)


def _undelegate(lab: Lab) -> int:
    staking = lab.shared(_hub)
    with lab.undo():
        staking.unstake(lab)
        return staking.unstake(lab)


def _undelegate_first(lab: Lab) -> int:
    """The delegator's first ticket in a bucket that nobody has opened yet."""
    staking = lab.shared(_hub)
    with lab.undo():
        lab.anvil.warp(UNBONDING)
        staking.hub.poke(staking.operator, sender=lab.deployer)
        return staking.unstake(lab)


def _claim_rewards(lab: Lab) -> int:
    staking = lab.shared(_hub)
    with lab.undo():
        lab.anvil.warp(EPOCH // 4)
        return staking.claim(lab)


def _first_of_epoch(action: Callable[[Staking, Lab], int]) -> Measure:
    """The same by whoever comes first in an epoch and so opens its books."""

    def first(lab: Lab) -> int:
        staking = lab.shared(_hub)
        with lab.undo():
            _next_epoch(lab)
            return action(staking, lab)

    return first


def _slash_after(build: Callable[[Lab], Staking]) -> Measure:
    """All of the bond and a part of what is delegated and leaving, paid to two who have a credit already."""

    def slash(lab: Lab) -> int:
        staking = lab.shared(build)
        with lab.undo():
            staking.slash(lab, COIN)
            return staking.slash(lab, BOND + BOND // 4)

    return slash


def _slash_bond(lab: Lab) -> int:
    staking = lab.shared(_hub)
    with lab.undo():
        staking.slash(lab, COIN)
        return staking.slash(lab, BOND // 2)


def _slash_fresh(lab: Lab) -> int:
    staking = lab.shared(_hub)
    with lab.undo():
        staking.slash(lab, COIN)
        return staking.slash(lab, BOND + BOND // 4, number=1)


# the simulation -------------------------------------------------------------------------------------------------------


def _simulation(_: Lab) -> Report:
    return simulate(Size())


def _simulation_rate(lab: Lab) -> float:
    return lab.shared(_simulation).rate


def _simulation_of(what: str) -> Measure:
    return lambda lab: float(getattr(lab.shared(_simulation), what))


# Synthetix ------------------------------------------------------------------------------------------------------------


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
    Row(
        "gas.delegate_first",
        _delegate_first,
        "Graph Horizon; first stake of a delegator with an operator, after the epoch rollover",
        Quoted(84_477, HORIZON),
    ),
    Row(
        "gas.delegate",
        _delegate,
        "Graph Horizon; a further stake, every slot in use, after the epoch rollover",
        Quoted(67_377, HORIZON),
        also=(
            ("opening the epoch's books:", _first_of_epoch(lambda staking, lab: staking.stake(lab, staking.delegator))),
        ),
    ),
    Row(
        "gas.undelegate",
        _undelegate,
        "Graph Horizon, steady; every slot in use",
        Quoted(147_668, HORIZON),
        also=(("first ticket of a new bucket (Horizon 232,727):", _undelegate_first),),
    ),
    Row(
        "gas.claim_rewards",
        _claim_rewards,
        "Synthetix StakingRewards; a further claim, every slot in use",
        _synthetix_reward,
        also=(("opening the epoch's books:", _first_of_epoch(Staking.claim)),),
    ),
    Row(
        "gas.slash",
        _slash_after(_hub),
        "Graph Horizon, provider only; bond, delegator and ticket lose, credit slots in use",
        Quoted(97_095, HORIZON),
        also=(("bond only:", _slash_bond), ("fresh credit slots:", _slash_fresh)),
    ),
    Row(
        "gas.slash_10000",
        _slash_after(_crowd),
        "Graph Horizon, provider only; 10,000 delegators, 1,000 open tickets",
        Quoted(97_095, HORIZON),
        heavy=True,
    ),
    Row(
        "info.staking_simulation",
        _simulation_rate,
        "operations a second; 8,000 operators, 100,000 delegators, each call beside the model; asked for: 10 min",
        also=(
            ("operations:", _simulation_of("operations")),
            ("slashes that reached delegators:", _simulation_of("reached")),
            ("seconds:", _simulation_of("seconds")),
        ),
        heavy=True,
    ),
)
