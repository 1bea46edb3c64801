"""Delegation, rewards and slashing, beside Synthetix and the printed figures of Graph Horizon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from audit.court_odds import Situation, convicted
from audit.court_rules import SEATS
from benchmarks import court_case, oracles, tge
from benchmarks._lab import Lab
from benchmarks._rows import Measure, Quoted, Row
from keifu.abi import Contract
from keifu.chain import Account, Call
from keifu.units import COIN, DAY

__all__ = ["ROWS"]

EPOCH = DAY
UNBONDING = 14 * DAY
FREE = 100_000 * COIN  # locked and not bound
BOUND = 100_000 * COIN
DELEGATED = 100_000 * COIN
MULTIPLE = 4
STAKE = 100 * COIN  # of one delegator
REWARD = 1_000 * COIN
COMMISSION_BPS = 1_000
EMISSION = (2, 1_461)  # first epoch and number of epochs
HORIZON = "Graph Horizon, not on npm: solc 0.8.30, 10,000 runs"


# ours -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Staking:
    """A hub with one operator, whose coins are locked and bound at one service, and delegators."""

    hub: Contract
    operator: Account
    service: Account
    delegator: Account
    bound: int

    def stake(self, lab: Lab, delegator: Account) -> int:
        return lab.gas(self.hub.stake(self.operator, STAKE, 0, 0, sender=delegator))

    def unstake(self, lab: Lab) -> int:
        return lab.gas(self.hub.unstake(self.operator, COIN, 0, 0, sender=self.delegator))

    def claim(self, lab: Lab) -> int:
        return lab.gas(self.hub.claim_rewards(self.operator, self.delegator, 0, sender=self.delegator))

    def lock(self, lab: Lab) -> int:
        return lab.gas(self.hub.lock(self.service, self.operator, COIN, sender=self.operator))

    def unlock(self, lab: Lab, unbound: int = 0) -> int:
        return lab.gas(self.hub.unlock(self.operator, COIN, self.bound - unbound, sender=self.service))

    def bind(self, lab: Lab, amount: int) -> int:
        return lab.gas(self.hub.bind(self.operator, amount, sender=self.service))

    def open(self) -> None:
        """The first call of this epoch, if there was none: a slow machine may have come into a new one."""
        self.hub.poke(self.operator, self.service, sender=self.service)

    def slash(self, lab: Lab, damages: int, penalty: int) -> int:
        return lab.gas(self.hub.slash(self.operator, damages, penalty, sender=self.service))


def _funded(lab: Lab, hub: Contract, role: str, amount: int) -> Account:
    """An account with coins that the hub may take."""
    account, token = lab.account(role), lab.shared(tge.our_token)
    token.transfer(account, amount, sender=lab.deployer)
    token.approve(hub, tge.UNLIMITED, sender=account)
    return account


def _next_epoch(lab: Lab, epochs: int = 1) -> None:
    lab.anvil.warp(epochs * EPOCH)


def _hub(lab: Lab) -> Staking:
    """Coins are locked and bound; one delegator has staked, one ticket is open."""
    return _with_delegators(lab, 1, 1)


def _crowd(lab: Lab) -> Staking:
    return _with_delegators(lab, 10_000, 1_000)


def _with_delegators(lab: Lab, delegators: int, tickets: int) -> Staking:
    token = lab.shared(tge.our_token)
    hub = lab.deploy(
        "StakingHub", token, lab.deployer, tge.holder(9), tge.holder(8), UNBONDING, EPOCH, EMISSION[0], EMISSION[1]
    )
    bound = max(BOUND, delegators * STAKE // 2)  # carries all that is delegated
    operator = _funded(lab, hub, "bench operator", 2 * (FREE + bound))
    delegator = _funded(lab, hub, "bench delegator", 2 * delegators * STAKE + 2 * DELEGATED)
    staking = Staking(hub, operator, lab.account("bench service"), delegator, bound)
    hub.register_operator(COMMISSION_BPS, "ipfs://operator", sender=operator)
    hub.list_service(staking.service, UNBONDING, MULTIPLE, sender=lab.deployer)
    hub.lock(staking.service, operator, FREE + bound, sender=operator)
    hub.set_multiple(staking.service, MULTIPLE, sender=operator)
    hub.bind(operator, bound, sender=staking.service)
    hub.fund_emission(EMISSION[1] * COIN, sender=delegator)
    # A multiple counts two unbonding periods after it was set.
    lab.anvil.warp(2 * UNBONDING + EPOCH)
    hub.poke(operator, staking.service, sender=operator)
    hub.stake(operator, DELEGATED, 0, 0, sender=delegator)
    # One delegator's sub-accounts stand for many delegators: each has a position and a ticket of its own.
    lab.client.send_many(
        [Call(hub, "stake", (operator, STAKE, 0, number), delegator, gas=300_000) for number in range(1, delegators)]
    )
    _next_epoch(lab)
    lab.client.send_many(
        [Call(hub, "unstake", (operator, COIN, 0, number), delegator, gas=300_000) for number in range(tickets)]
    )
    # Every slot that a call in a later epoch uses is in use: credits, the second word of the position, fees, emission.
    staking.stake(lab, delegator)
    hub.reward(operator, REWARD, sender=operator)
    _next_epoch(lab)
    staking.unstake(lab)
    staking.stake(lab, delegator)
    staking.slash(lab, COIN, COIN)
    staking.unlock(lab)
    hub.reward(operator, REWARD, sender=operator)
    _next_epoch(lab)
    hub.reward(operator, REWARD, sender=operator)  # this epoch's rollover is done from here on
    return staking


def _delegate_first(lab: Lab) -> int:
    staking = lab.shared(_hub)
    with lab.undo():
        return staking.stake(lab, _funded(lab, staking.hub, "bench newcomer", 2 * STAKE))


def _delegate(lab: Lab) -> int:
    """By a delegator whose last stake has joined the others in this epoch."""
    staking = lab.shared(_hub)
    with lab.undo():
        staking.claim(lab)
        return staking.stake(lab, staking.delegator)


def _delegate_merging(lab: Lab) -> int:
    """What was added in an epoch before joins on the way."""
    staking = lab.shared(_hub)
    with lab.undo():
        return staking.stake(lab, staking.delegator)


def _undelegate(lab: Lab) -> int:
    staking = lab.shared(_hub)
    with lab.undo():
        staking.unstake(lab)
        return staking.unstake(lab)


def _undelegate_merging(lab: Lab) -> int:
    """What was added in an epoch before joins on the way, and rewards are credited."""
    staking = lab.shared(_hub)
    with lab.undo():
        return staking.unstake(lab)


def _undelegate_first(lab: Lab) -> int:
    """The delegator's first ticket in a bucket that nobody has opened yet."""
    staking = lab.shared(_hub)
    with lab.undo():
        lab.anvil.warp(UNBONDING)
        staking.hub.poke(staking.operator, staking.service, sender=lab.deployer)
        return staking.unstake(lab)


def _claim_rewards(lab: Lab) -> int:
    """A position in one word; that of an earlier claim whose additions have joined."""
    staking = lab.shared(_hub)
    with lab.undo():
        staking.claim(lab)
        _next_epoch(lab)
        staking.hub.reward(staking.operator, REWARD, sender=staking.operator)
        return staking.claim(lab)


def _claim_merging(lab: Lab) -> int:
    staking = lab.shared(_hub)
    with lab.undo():
        return staking.claim(lab)


def _alone(action: Callable[[Staking, Lab], int]) -> Measure:
    def measure(lab: Lab) -> int:
        staking = lab.shared(_hub)
        with lab.undo():
            staking.open()
            return action(staking, lab)

    return measure


def _first_of_epoch(action: Callable[[Staking, Lab], int]) -> Measure:
    """The same as the first call of an epoch, which also does the rollover."""

    def first(lab: Lab) -> int:
        staking = lab.shared(_hub)
        with lab.undo():
            _next_epoch(lab)
            return action(staking, lab)

    return first


def _slash_after(build: Callable[[Lab], Staking]) -> Measure:
    """Damages and a penalty that reach into what is bound, and of what is delegated and leaving."""

    def slash(lab: Lab) -> int:
        staking = lab.shared(build)
        with lab.undo():
            staking.open()
            return staking.slash(lab, BOUND, BOUND // 8)

    return slash


def _slash_three_buckets(lab: Lab) -> int:
    """On an ordinary day tickets are open in all three buckets."""
    staking = lab.shared(_hub)
    with lab.undo():
        for _ in range(2):
            lab.anvil.warp(UNBONDING // 2)
            staking.unstake(lab)
        return staking.slash(lab, BOUND, BOUND // 8)


# the court ------------------------------------------------------------------------------------------------------------


def _case(lab: Lab) -> int:
    with lab.undo():
        return sum(sum(gas) for gas in court_case.measure(lab).values())


def _convicted_at(seats: int) -> Measure:
    return lambda _: _convicted(seats)


def _convicted(seats: int) -> float:
    """How often an innocent is convicted: exact, no sample. An ordinary day by `audit.court_odds`."""
    return convicted(Situation(seats=seats))


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
            ("joining what was added in an epoch before:", _delegate_merging),
            ("with the epoch's rollover:", _first_of_epoch(lambda staking, lab: staking.stake(lab, staking.delegator))),
        ),
    ),
    Row(
        "gas.undelegate",
        _undelegate,
        "Graph Horizon, steady; every slot in use",
        Quoted(147_668, HORIZON),
        also=(
            ("joining what was added, rewards credited:", _undelegate_merging),
            ("first ticket of a new bucket (Horizon 232,727):", _undelegate_first),
            ("with the epoch's rollover:", _first_of_epoch(Staking.unstake)),
        ),
    ),
    Row(
        "gas.claim_rewards",
        _claim_rewards,
        "Synthetix StakingRewards; a further claim, every slot in use",
        _synthetix_reward,
        also=(
            ("joining what was added in an epoch before:", _claim_merging),
            ("with the epoch's rollover:", _first_of_epoch(Staking.claim)),
        ),
    ),
    Row(
        "gas.lock",
        _alone(Staking.lock),
        "a lock that exists grows, coins pulled in the same call",
        also=(("with the epoch's rollover:", _first_of_epoch(Staking.lock)),),
    ),
    Row(
        "gas.unlock",
        _alone(Staking.unlock),
        "a lock that exists shrinks, called by its service",
        also=(
            ("unbinding in the same call:", _alone(lambda staking, lab: staking.unlock(lab, COIN))),
            ("binding more, alone:", _alone(lambda staking, lab: staking.bind(lab, BOUND + COIN))),
            ("with the epoch's rollover:", _first_of_epoch(lambda staking, lab: staking.unlock(lab, COIN))),
        ),
    ),
    Row(
        "gas.slash",
        _slash_after(_hub),
        "Graph Horizon, provider only; lock, delegator and ticket lose, credit slots in use",
        Quoted(97_095, HORIZON),
        also=(
            ("damages only:", _alone(lambda staking, lab: staking.slash(lab, BOUND, 0))),
            ("tickets in three buckets:", _slash_three_buckets),
            ("with the epoch's rollover:", _first_of_epoch(lambda staking, lab: staking.slash(lab, BOUND, BOUND // 8))),
        ),
    ),
    Row(
        "gas.slash_10000",
        _slash_after(_crowd),
        "Graph Horizon, provider only; 10,000 delegators, 1,000 open tickets",
        Quoted(97_095, HORIZON),
        heavy=True,
    ),
    Row(
        "gas.case",
        _case,
        "no peer; accusation, answer, seed, eleven votes, verdict, slash, payments; one juror is wrong",
    ),
    Row(
        "rate.profit", oracles.rate, "the hub's campaigns without the five oracles; same sequences, a processor second"
    ),
    Row(
        "score.staking_attacks",
        oracles.attacks_found,
        "attacks on the first edition, put back and found by an oracle or a model; seed 1, from an empty corpus",
        heavy=True,
    ),
    Row(
        "rate.convicted",
        lambda _: max(map(_convicted, SEATS)),
        "exact binomials; an attacker with a third, honest jurors 5 % wrong and 3 % absent; the worse of 400 and 4,000",
        also=tuple((f"{seats:,} seats:", _convicted_at(seats)) for seats in SEATS),
    ),
)
