"""Thousands of operators, a hundred thousand delegators: the hub in process beside its model, equal at the end.

    report = simulate(Size(operators=8_000, delegators=100_000))

Deterministic for a size: the same calls in the same order. Rewards, emission, slashes and exits are mixed in.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ethwire.constants import ZERO_ADDRESS
from keifu.errors import CheckFailed
from keifu.spec.staking import HubModel, Service, Terms
from keifu.units import COIN, DAY

if TYPE_CHECKING:
    from evmstorm.evm import LocalEvm
    from keifu.abi import Contract

__all__ = ["Report", "Size", "simulate"]

UNBONDING = 14 * DAY
HORIZON = 7 * DAY
HISTORY_EPOCHS = 2  # a commitment that has changed stays as it is for so long
SEED = 20_260_101


@dataclass(frozen=True)
class Size:
    """How much happens. One in `slash_one_in` operators is slashed each round, one in `leave_one_in` delegators asks
    to leave."""

    operators: int = 8_000
    delegators: int = 100_000
    rounds: int = 3
    slash_one_in: int = 20
    leave_one_in: int = 10


@dataclass(frozen=True)
class Report:
    size: Size
    operations: int
    seconds: float
    slashed: int  # wei
    rewarded: int  # wei
    reached: int  # slashes that took from delegators, too

    @property
    def rate(self) -> float:
        """Operations a second, model included."""
        return self.operations / self.seconds


def _address(kind: int, number: int) -> str:
    return f"0x{kind:02x}{number:038x}"


class _Simulation:
    def __init__(self, size: Size) -> None:
        from evmstorm.evm import LocalEvm  # noqa: PLC0415  # the package is importable without an EVM

        self.size = size
        self.random = random.Random(SEED)  # noqa: S311
        self.evm: LocalEvm = LocalEvm()
        self.owner = self.evm.account("owner")
        sink = self.evm.account("insurance sink")
        self.token: Contract = self.evm.deploy("KeifuToken", self.owner, sender=self.owner)
        self.hub: Contract = self.evm.deploy(
            "StakingHub", self.token, self.owner, sink, UNBONDING, DAY, sender=self.owner
        )
        self.model = HubModel(Terms(UNBONDING, DAY, self.evm.now))
        self.operators = [_address(0x0A, number) for number in range(size.operators)]
        self.delegators = [_address(0x0D, number) for number in range(size.delegators)]
        self.service = _address(0x05, 1)
        self.operations = self.slashed = self.rewarded = self.reached = 0
        self.tickets: list[tuple[str, str, int]] = []

    def send(self, function: str, *args: Any, sender: Any) -> Any:
        self.operations += 1
        receipt = getattr(self.hub, function)(*args, sender=sender)
        return receipt.value

    def fund(self, who: str, amount: int) -> None:
        self.token.transfer(who, amount, sender=self.owner)
        self.token.approve(self.hub, 2**256 - 1, sender=who)

    def warp(self, seconds: int) -> None:
        self.evm.warp(seconds)
        self.model.now = self.evm.now

    def open(self) -> None:
        """Everyone comes: operators bond and commit, delegators stake."""
        self.send("list_service", self.service, HORIZON, 5_000, 3_000, ZERO_ADDRESS, sender=self.owner)
        self.model.list_service(self.service, Service(HORIZON, 5_000, 3_000))
        for operator in self.operators:
            bond = self.random.randrange(1_000, 3_000) * COIN
            self.fund(operator, bond)
            self.send("register_operator", 500, "", sender=operator)
            self.send("bond", bond, sender=operator)
            self.send("commit", self.service, bond, sender=operator)
            self.model.register_operator(operator, 500)
            self.model.bond(operator, bond)
            self.model.commit(operator, self.service, bond)
        for delegator in self.delegators:
            amount = self.random.randrange(1, 1_000) * COIN + self.random.randrange(COIN)
            operator = self.random.choice(self.operators)
            self.fund(delegator, amount)
            self.equal(
                self.send("stake", operator, amount, 0, sender=delegator), self.model.stake(operator, delegator, amount)
            )
        self.token.approve(self.hub, 2**256 - 1, sender=self.owner)

    def commit_all(self) -> None:
        """Commitments grow to all that bonds and delegations allow, and count once delegators could have left."""
        self.warp(HISTORY_EPOCHS * DAY)
        for name in self.operators:
            operator = self.model.operators[name]
            room = min(operator.stake, self.model.terms.bond_multiple * operator.bond.active) - operator.committed
            if room > 0:
                self.send("commit", self.service, room, sender=name)
                self.model.commit(name, self.service, room)
        self.warp(UNBONDING + UNBONDING // 2)

    def round(self) -> None:
        """Fees and emission come in, an epoch passes, some leave, some are slashed, some claim."""
        pay = self.random.sample(self.operators, max(len(self.operators) // 4, 1))
        for operator in pay:
            fee = self.random.randrange(1, 100) * COIN
            self.send("reward", operator, fee, sender=self.owner)
            self.model.reward(operator, fee)
            self.rewarded += fee
        self.send("fund_emission", 10_000 * COIN, sender=self.owner)
        self.model.fund_emission(10_000 * COIN)
        self.rewarded += 10_000 * COIN
        self.warp(DAY + 3_600)
        for operator, owner, shares in self._leavers():
            half = self.model.unstake(operator, owner, shares)
            ticket = self.send("unstake", operator, shares, sender=owner)
            self.equal(ticket, int(operator, 16) << 96 | half)
            self.tickets.append((owner, operator, half))
        for operator in self.random.sample(self.operators, max(len(self.operators) // self.size.slash_one_in, 1)):
            amount = self.random.randrange(1, 5_000) * COIN
            taken, from_bond, _ = self.model.slash(self.service, operator, amount, "", "")
            self.equal(
                self.send("slash", operator, amount, ZERO_ADDRESS, ZERO_ADDRESS, bytes(32), sender=self.service), taken
            )
            self.slashed += taken
            self.reached += taken > from_bond
        self.warp(3_600)

    def _leavers(self) -> list[tuple[str, str, int]]:
        """Some of those who hold shares, with all or half of them."""
        chosen = set(self.random.sample(self.delegators, max(len(self.delegators) // self.size.leave_one_in, 1)))
        found = []
        for name, operator in self.model.operators.items():
            for owner, position in operator.positions.items():
                if owner in chosen and position.shares and position.generation == operator.generation:
                    part = position.shares if position.shares < 2 * COIN else position.shares // 2
                    found.append((name, owner, part))
        return found

    def close(self) -> None:
        """All tickets mature and are paid, all rewards are claimed."""
        self.warp(2 * UNBONDING)
        for owner, operator, half in dict.fromkeys(self.tickets):
            paid = self.send("withdraw", int(operator, 16) << 96 | half, sender=owner)
            self.equal(paid, self.model.withdraw(owner, operator, half))
        for name, state in self.model.operators.items():
            for owner in state.positions:
                paid = self.send("claim_rewards", name, owner, sender=owner)
                self.equal(paid, self.model.claim_rewards(name, owner))

    def compare(self) -> None:
        """Every operator, every position, every sum. Raises CheckFailed."""
        for name, operator in self.model.operators.items():
            state = self.hub.operator_state(name)
            self.equal(state[0], operator.bond.active)
            self.equal(state[4:6], (operator.active, operator.shares))
            self.equal(self.hub.credit(name), self.model.credits.get(name, 0))
            for owner, position in operator.positions.items():
                current = position.generation == operator.generation
                self.equal(self.hub.position(name, owner)[0], position.shares if current else 0)
        self.equal(self.hub.totals()[:2], (self.model.stake_total, self.model.insurance))
        self.equal(self.token.balanceOf(self.hub), self.model.balance)
        if not 0 <= self.model.surplus() <= self.model.dust(self.operations):
            raise CheckFailed("the hub does not hold what it owes")

    def equal(self, found: Any, expected: Any) -> None:
        if found != expected:
            raise CheckFailed(f"operation {self.operations}: the chain says {found}, the model {expected}")


def simulate(size: Size, *, on_progress: Callable[[str], None] = lambda step: None) -> Report:
    """Run it and compare at the end. Raises CheckFailed at the first difference."""
    simulation, begun = _Simulation(size), time.perf_counter()
    on_progress("open")
    simulation.open()
    on_progress("commit")
    simulation.commit_all()
    for number in range(size.rounds):
        on_progress(f"round {number + 1}")
        simulation.round()
    on_progress("close")
    simulation.close()
    on_progress("compare")
    simulation.compare()
    seconds = time.perf_counter() - begun
    return Report(size, simulation.operations, seconds, simulation.slashed, simulation.rewarded, simulation.reached)
