"""A staking hub with thousands of operators and a hundred thousand delegators, beside its model.

Every call goes to the contract in process and to the model; what a call returns is compared at once, and all that both
remember at the end. `python -m benchmarks.simulation --seed 1` runs it alone.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from keifu.abi import Receipt
from keifu.errors import CheckFailed
from keifu.evm import LocalEvm
from keifu.fuzz.models.staking import HubModel, Position, Service, Terms
from keifu.keys import keccak256

__all__ = ["OPERATORS", "Outcome", "simulate"]

COIN = 10**18
DAY = 86_400
EPOCH, UNBONDING = DAY, 14 * DAY
OPERATORS, DELEGATORS = 8_000, 100_000
EPOCHS = 32
RECOMMIT_AT = 3  # epoch of the second commitment; it reaches delegators' coins once they could have left
# Of all operators or delegators, one in so many does it in each epoch.
REWARDED, SLASHED, LEAVING, CLAIMING = 10, 200, 50, 50
BOND_COINS = 10_000  # below this, and at least what the hub asks for
UNLIMITED = 2**256 - 1
NOBODY = "0x" + "00" * 20


@dataclass(frozen=True)
class Outcome:
    """Calls that both sides agreed on, and wall-clock seconds with the comparison at the end."""

    operations: int
    seconds: float
    slashes: int
    deep_slashes: int  # those that reached delegators


def _address(role: str, number: int) -> str:
    return "0x" + keccak256(f"keifu {role} {number}".encode())[12:].hex()


class _Simulation:
    """Contract and model. Accounts are addresses; nobody signs in process."""

    def __init__(self, operators: int, delegators: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.evm = LocalEvm()
        self.payer, self.owner = self.evm.account("payer"), self.evm.account("owner")
        self.service = self.evm.account("service").address
        self.operators = [_address("operator", number) for number in range(operators)]
        self.delegators = [_address("delegator", number) for number in range(delegators)]
        self.at: dict[str, str] = {}  # delegator -> operator
        self.token = self.evm.deploy("KeifuToken", self.payer, sender=self.payer)
        insurance = self.evm.account("insurance")
        self.hub = self.evm.deploy("StakingHub", self.token, self.owner, insurance, UNBONDING, EPOCH, sender=self.owner)
        self.model = HubModel(Terms(UNBONDING, EPOCH, self.evm.now))
        self.token.approve(self.hub, UNLIMITED, sender=self.payer)
        self.leaving: list[tuple[str, str, int]] = []  # delegator, operator, half-period of open tickets
        self.operations = self.slashes = self.deep_slashes = 0

    def both(self, expected: object, call: Callable[[], Receipt], compare: bool = True) -> None:
        """Count one call that the model has made already and the contract makes now."""
        value = call().value
        if compare and value != expected:
            raise CheckFailed(f"call {self.operations}: the contract says {value}, the model {expected}")
        self.operations += 1

    def found(self) -> None:
        """Operators register, bond and commit; everybody delegates to one of them."""
        hub, model = self.hub, self.model
        horizon, victim, prover = UNBONDING, 4_000, 1_000
        model.list_service(self.service, Service(horizon, victim, prover))
        self.both(
            None, lambda: hub.list_service(self.service, horizon, victim, prover, NOBODY, sender=self.owner), False
        )
        for number, operator in enumerate(self.operators):
            commission, bond = number % 2_000, self.random.randrange(1_000, BOND_COINS) * COIN
            self.token.transfer(operator, bond, sender=self.payer)
            self.token.approve(hub, bond, sender=operator)
            model.register_operator(operator, commission)
            self.both(None, lambda: hub.register_operator(commission, "", sender=operator))  # noqa: B023
            model.bond(operator, bond)
            self.both(None, lambda: hub.bond(bond, sender=operator))  # noqa: B023
            model.commit(operator, self.service, bond)
            self.both(None, lambda: hub.commit(self.service, bond, sender=operator))  # noqa: B023
        for delegator in self.delegators:
            self.delegate(delegator)

    def delegate(self, delegator: str) -> None:
        operator = self.at.setdefault(delegator, self.random.choice(self.operators))
        amount = (10 + self.random.randrange(1_000)) * COIN
        shares = self.model.stake(operator, delegator, amount)
        self.both(shares, lambda: self.hub.stake_for(operator, delegator, amount, 0, sender=self.payer))

    def epoch(self) -> None:
        """Emission and fees come in, some are slashed, some claim, some leave in part."""
        self.evm.warp(EPOCH)
        self.model.now = self.evm.now
        hub, model, choose = self.hub, self.model, self.random
        self.model.fund_emission(1_000 * COIN)
        self.both(None, lambda: hub.fund_emission(1_000 * COIN, sender=self.payer))
        for operator in choose.sample(self.operators, len(self.operators) // REWARDED):
            model.reward(operator, 10 * COIN)
            self.both(None, lambda: hub.reward(operator, 10 * COIN, sender=self.payer))  # noqa: B023
        for operator in choose.sample(self.operators, len(self.operators) // SLASHED):
            self.slash(operator, choose.randrange(1, 2 * BOND_COINS * COIN))
        for delegator in choose.sample(self.delegators, len(self.delegators) // CLAIMING):
            at = self.at[delegator]
            paid = model.claim_rewards(at, delegator)
            self.both(paid, lambda: hub.claim_rewards(at, delegator, sender=delegator))  # noqa: B023
        for delegator in choose.sample(self.delegators, len(self.delegators) // LEAVING):
            self.leave(delegator)
        if model.epoch == RECOMMIT_AT:
            self.commit_more()
        self.withdraw()

    def commit_more(self) -> None:
        """Every operator commits all that its bond and its delegators allow."""
        for operator in self.operators:
            state = self.model.operators[operator]
            room = min(state.stake, self.model.terms.bond_multiple * state.bond.active) - state.committed
            if state.bond.jailed or room <= 0:
                continue
            self.model.commit(operator, self.service, room)
            self.both(None, lambda: self.hub.commit(self.service, room, sender=operator))  # noqa: B023

    def withdraw(self) -> None:
        """Every ticket that has matured is paid."""
        ripe = [ticket for ticket in self.leaving if self.model.now >= self.model.maturity(ticket[2])]
        self.leaving = [ticket for ticket in self.leaving if self.model.now < self.model.maturity(ticket[2])]
        for delegator, operator, half in dict.fromkeys(ripe):
            paid = self.model.withdraw(delegator, operator, half)
            ticket = int(operator, 16) << 96 | half
            self.both(paid, lambda: self.hub.withdraw(ticket, sender=delegator))  # noqa: B023

    def slash(self, operator: str, amount: int) -> None:
        victim, prover = self.random.sample(self.delegators, 2)
        taken, from_bond, _ = self.model.slash(self.service, operator, amount, victim, prover)
        arguments = (operator, amount, victim, prover, b"\1" * 32)
        self.both(taken, lambda: self.hub.slash(*arguments, sender=self.service))
        self.slashes += taken > 0
        self.deep_slashes += taken > from_bond

    def leave(self, delegator: str) -> None:
        operator = self.at[delegator]
        state = self.model.operators[operator]
        held = state.positions.get(delegator, Position())
        shares = held.shares if held.shares < 2 * COIN else held.shares // 2
        if held.generation != state.generation or shares == 0:
            return
        half = self.model.unstake(operator, delegator, shares)
        self.leaving.append((delegator, operator, half))
        ticket = int(operator, 16) << 96 | half
        self.both(ticket, lambda: self.hub.unstake(operator, shares, 0, sender=delegator))

    def compare(self) -> None:
        """All that both remember. Raises CheckFailed at the first difference."""
        hub, model = self.hub, self.model
        self.equal("totals", tuple(hub.totals())[:2], (model.stake_total, model.insurance))
        self.equal("balance", self.token.balanceOf(hub), model.balance)
        for name in self.operators:
            state, bond = model.operators[name], model.operators[name].bond
            expected = (bond.active, bond.leaving, bond.unlock, bond.jailed, state.active, state.shares)
            self.equal(name, tuple(hub.operator_state(name))[:6], expected)
            self.equal(name, hub.effective(self.service, name), model.effective(self.service, name))
        for delegator, operator in self.at.items():
            state = model.operators[operator]
            position = state.positions.get(delegator, Position())
            shares = position.shares if position.generation == state.generation else 0
            self.equal(delegator, hub.position(operator, delegator)[0], shares)
            self.equal(delegator, hub.credit(delegator), model.credits.get(delegator, 0))
        for owner, operator, half in model.tickets:
            worth = model.ticket_worth(owner, operator, half)
            self.equal(owner, hub.ticket(owner, int(operator, 16) << 96 | half)[0], worth)

    def equal(self, what: str, actual: Any, expected: Any) -> None:
        if actual != expected:
            raise CheckFailed(f"{what}: the contract has {actual}, the model {expected}")


def simulate(operators: int = OPERATORS, delegators: int = DELEGATORS, epochs: int = EPOCHS, seed: int = 1) -> Outcome:
    """Run it; raises CheckFailed when contract and model differ."""
    started = time.perf_counter()
    simulation = _Simulation(operators, delegators, seed)
    simulation.found()
    for _ in range(epochs):
        simulation.epoch()
    simulation.compare()
    return Outcome(simulation.operations, time.perf_counter() - started, simulation.slashes, simulation.deep_slashes)


@click.command(epilog="Example: python -m benchmarks.simulation --operators 80 --delegators 1000 --seed 7")
@click.option("--operators", default=OPERATORS, show_default=True)
@click.option("--delegators", default=DELEGATORS, show_default=True)
@click.option("--epochs", default=EPOCHS, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(operators: int, delegators: int, epochs: int, seed: int) -> None:
    """Simulate the staking hub beside its model and print operations a second."""
    outcome = simulate(operators, delegators, epochs, seed)
    click.echo(
        f"seed {seed}: {outcome.operations:,} operations, {outcome.slashes:,} slashes, "
        f"{outcome.deep_slashes:,} of them reached delegators, {outcome.seconds:.0f} s, "
        f"{outcome.operations / outcome.seconds:,.0f} operations/s; contract and model agree"
    )


if __name__ == "__main__":
    main()
