"""Mutants from outside the descriptions that survived in the first edition of staking: each is put back, where the
second edition has such code, and is noticed here by who gets what.

* The rest of a wiped bucket, or pool, was owed to nobody: it is the insurance's.
* A wiped generation lost what it had earned. Nothing is earned in the middle of an epoch any more: it keeps what the
  epochs before have paid, and earns nothing of the one in which it is wiped (rule RWD-5).
* The bound of the last generation: an operator whose generations are used up takes no more stake.
* Slippage was ignored when a redelegation completes.
* Credits of shares that had left never reached their owner, or a grant's beneficiary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from audit.staked_hub import EPOCH, MULTIPLE, UNBONDING, hub_arguments, make_room
from evmstorm.evm import LocalEvm, Revert, artifacts
from evmstorm.mutation.seeded_bugs import Bug, compile_with
from keifu.tge import Schedule
from keifu.units import COIN, DAY
from tests.profiles import quick_or_deep

HUB, SLASHING = "staking/StakingHub.vy", "staking/lib/slashing.vy"
STAKE = 1_000 * COIN
LEFT = STAKE // 2**33  # of a coin so little that pool or bucket count as empty
GENERATIONS = 255
TICKET = 2 * UNBONDING


class Staked:
    """A hub with two operators that answer for delegators, and a grant in escrow."""

    def __init__(self, load: Any = artifacts.load) -> None:
        evm = self.evm = LocalEvm(load)
        roles = ("owner", "operator", "other operator", "delegator", "service", "holder", "insurance")
        self.owner, self.operator, self.other, self.delegator, self.service, self.holder, self.insurance = map(
            evm.account, roles
        )
        token = self.token = evm.deploy("KeifuToken", self.owner, sender=self.owner)
        hub = self.hub = evm.deploy("StakingHub", *hub_arguments(token, self.owner, self.insurance), sender=self.owner)
        self.escrow = evm.deploy("VestingEscrow", token, hub, sender=self.owner)
        for account in (self.delegator, self.service):
            token.transfer(account, 10**6 * COIN, sender=self.owner)
            token.approve(hub, 2**256 - 1, sender=account)
        token.approve(self.escrow, 2**256 - 1, sender=self.owner)
        make_room(hub, token, self.owner, self.service, [self.operator, self.other], evm.warp, commission_bps=0)
        plan = Schedule(evm.now + 400 * DAY, 30 * DAY, 6)
        terms = (self.holder, self.owner, STAKE, plan.start, plan.step, plan.steps, 0, plan.divisor)
        self.escrow.create(terms, sender=self.owner)

    def stake(self, operator: Any = None, amount: int = STAKE) -> int:
        return int(self.hub.stake(operator or self.operator, amount, 0, 0, sender=self.delegator).value)

    def take(self, operator: Any, delegated: int) -> None:
        """A penalty that costs the operator's delegators so many wei, or all that they have."""
        self.hub.slash(operator, 0, delegated // MULTIPLE, sender=self.service)

    def earn(self, fee: int = 100 * COIN) -> None:
        """A day's fee; it is shared out when the day is over."""
        self.evm.warp(EPOCH)
        self.hub.reward(self.operator, fee, sender=self.service)
        self.evm.warp(EPOCH)

    def unowned(self) -> int:
        """Wei in the hub that are nobody's: not locked, not credited, not in a pool or an open ticket."""
        owed = sum(self.hub.credit(account) for account in (self.delegator, self.service, self.insurance))
        for operator in (self.operator, self.other):
            state = self.hub.operator_state(operator)
            owed += self.hub.lock_of(self.service, operator) + state[2] + state[5] + self.hub.credit(operator)
        return int(self.token.balanceOf(self.hub) - owed)


def rest_of_a_bucket(at: Staked) -> bool:
    shares = at.stake()
    at.hub.unstake(at.operator, shares, 0, 0, sender=at.delegator)
    at.take(at.operator, STAKE - LEFT)
    assert at.hub.operator_state(at.operator)[5] == 0, "the bucket was not wiped"
    return at.unowned() == 0


def rest_of_a_pool(at: Staked) -> bool:
    at.stake()
    at.take(at.operator, STAKE - LEFT)
    assert at.hub.operator_state(at.operator)[2] == 0, "the pool was not wiped"
    return at.unowned() == 0


def earned_before_the_wipe(at: Staked) -> bool:
    at.stake()
    at.earn()
    due = at.hub.pending_rewards(at.operator, at.delegator)
    assert due > COIN, "nothing was earned"
    at.take(at.operator, 2 * STAKE)
    at.evm.warp(EPOCH)
    return bool(at.hub.claim_rewards(at.operator, at.delegator, 0, sender=at.delegator).value == due)


def last_generation(at: Staked) -> bool:
    for _ in range(GENERATIONS):
        at.stake(amount=COIN)
        at.take(at.operator, MULTIPLE * COIN)
    assert at.hub.operator_state(at.operator)[4] == GENERATIONS
    try:
        at.stake(amount=COIN)
    except Revert as revert:
        return revert.reason == "hub: operator retired"
    return False


def slippage(at: Staked) -> bool:
    """The pool that is entered was slashed: half a coin buys a share, and the owner asks for more than that."""
    at.stake(at.other)
    at.take(at.other, STAKE // 2)
    shares = at.stake()
    ticket = at.hub.redelegate(at.operator, at.other, shares, 0, 0, sender=at.delegator).value
    at.evm.warp(TICKET)
    with at.evm.anchor():
        got = at.hub.complete_redelegation(ticket, at.other, 0, 0, sender=at.delegator).value
    with at.evm.anchor():
        at.hub.complete_redelegation(ticket, at.other, got, 0, sender=at.delegator)
    try:
        at.hub.complete_redelegation(ticket, at.other, got + 1, 0, sender=at.delegator)
    except Revert as revert:
        return revert.reason == "hub: too little"
    return False


def credit_of_who_left(at: Staked) -> bool:
    shares = at.stake()
    at.earn()
    due = at.hub.pending_rewards(at.operator, at.delegator)
    at.hub.unstake(at.operator, shares, 0, 0, sender=at.delegator)
    return bool(at.hub.collect(at.delegator, 0, sender=at.delegator).value == due > COIN)


def credit_of_a_grant(at: Staked) -> bool:
    shares = at.escrow.stake(1, at.operator, STAKE, 0, sender=at.holder).value
    at.earn()
    key = f"0x{at.escrow.stake_key(1):040x}" if isinstance(at.escrow.stake_key(1), int) else at.escrow.stake_key(1)
    due = at.hub.pending_rewards(at.operator, key)
    at.escrow.unstake(1, shares, 0, sender=at.holder)
    at.escrow.claim_rewards(1, sender=at.holder)
    return bool(at.token.balanceOf(at.holder) == due > COIN)


def seeded(name: str, file: str, old: str, new: str, contract: str = "StakingHub") -> Bug:
    return Bug(name, file, old, new, (contract,))


MUTANTS: list[tuple[Callable[[Staked], bool], Bug]] = [
    (
        rest_of_a_bucket,
        seeded(
            "the rest of a wiped bucket is nobody's",
            "staking/lib/exits.vy",
            "            residue += bucket.tokens\n",
            "",
        ),
    ),
    (
        rest_of_a_pool,
        seeded("the rest of a wiped pool is nobody's", SLASHING, "        residue += pool.active\n", ""),
    ),
    (
        earned_before_the_wipe,
        seeded(
            "a wiped generation loses what it earned",
            "staking/lib/operators.vy",
            "    self.marks[_operator][GENERATIONS + _pool.generation] = index\n",
            "",
        ),
    ),
    (
        last_generation,
        seeded(
            "one generation too many",
            HUB,
            "pool.generation < pools.LAST_GENERATION",
            "pool.generation <= pools.LAST_GENERATION",
        ),
    ),
    (
        slippage,
        seeded(
            "slippage is ignored when a redelegation completes",
            HUB,
            "self._deposit(_to, self._owner_key(msg.sender, _sub), amount, _min_shares)",
            "self._deposit(_to, self._owner_key(msg.sender, _sub), amount, 0)",
        ),
    ),
    (
        credit_of_who_left,
        seeded(
            "who leaves loses what its shares earned",
            "staking/lib/positions.vy",
            "    coins._credit(_owner, self._earned(position, stayed))\n",
            "",
        ),
    ),
    (
        credit_of_a_grant,
        seeded(
            "credits of shares that left stay in the hub",
            "vesting/lib/stakes.vy",
            "    return amount + extcall hub.collect(_beneficiary, _id)\n",
            "    return amount\n",
            "VestingEscrow",
        ),
    ),
]


@pytest.fixture(scope="module")
def as_it_is() -> Staked:
    return Staked()


@pytest.mark.parametrize("holds", [holds for holds, _ in MUTANTS], ids=lambda holds: holds.__name__)
def test_it_holds_in_the_contract_as_it_is(as_it_is: Staked, holds: Callable[[Staked], bool]) -> None:
    with as_it_is.evm.anchor():
        assert holds(as_it_is)


# Each mutant of the hub is another compile.
@pytest.mark.parametrize(
    ("holds", "bug"), quick_or_deep(MUTANTS[-1:], MUTANTS), ids=lambda item: getattr(item, "name", "")
)
def test_the_mutant_dies(holds: Callable[[Staked], bool], bug: Bug) -> None:
    assert not holds(Staked(compile_with(bug)))
