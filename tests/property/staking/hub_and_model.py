"""A staking hub in process and its model, called together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.storage import Field, Reader
from keifu.spec.staking import HubModel, Terms
from keifu.units import DAY
from tests.property.staking.agreement import agree

UNBONDING = 14 * DAY
EPOCH = DAY
OPERATORS = ("first operator", "second operator")
DELEGATORS = ("delegator", "other delegator", "third delegator")
SERVICES = ("storage service", "compute service")
PARTIES = ("victim", "prover")
HORIZONS = {"storage service": 2 * EPOCH, "compute service": UNBONDING}
FUNDS = 10**26


class World:
    """One deployed hub, put back to its first state before each example."""

    def __init__(self) -> None:
        self.evm = LocalEvm()
        self.owner = self.evm.account("timelock")
        self.sink = self.evm.account("insurance sink")
        roles = (*OPERATORS, *DELEGATORS, *SERVICES, *PARTIES, "payer")
        self.accounts = {role: self.evm.account(role) for role in roles}
        self.token = self.evm.deploy("KeifuToken", self.owner.address, sender=self.owner)
        self.hub = self.evm.deploy("StakingHub", self.token, self.owner, self.sink, UNBONDING, EPOCH, sender=self.owner)
        self.genesis = self.evm.now
        self.fees, self.emission = (self._reader(f"ledger.{name}") for name in ("fees", "emission"))
        for account in self.accounts.values():
            self.token.approve(self.hub, 2**256 - 1, sender=account)
            if account not in (self.accounts[party] for party in PARTIES):
                self.token.transfer(account, FUNDS // 2, sender=self.owner)
        self.start = self.evm.snapshot()

    def _reader(self, variable: str) -> Reader:
        """What no view tells."""
        slot = artifacts.load("StakingHub").slot(variable)
        return Reader(self.evm.raw.slot, self.hub.address, variable, Field(slot, 0, 0, 256))

    def fresh(self) -> None:
        self.evm.restore(self.start)


_WORLD: list[World] = []


def world() -> World:
    if not _WORLD:
        _WORLD.append(World())
    return _WORLD[0]


class HubAndModel:
    """Hub and model, called together."""

    def __init__(self) -> None:
        self.world = world()
        self.world.fresh()
        self.evm, self.hub, self.token = self.world.evm, self.world.hub, self.world.token
        self.model = HubModel(Terms(UNBONDING, EPOCH, self.world.genesis))
        self.model.now = self.evm.now
        self.operations = 0
        self.donated = 0

    def address(self, role: str) -> str:
        return self.world.accounts[role].address

    def both(self, label: str, predicted: Callable[[], Any], call: Callable[[], Any]) -> tuple[bool, Any, Any]:
        """(went through, the model's answer, the receipt); fails unless both agree to the letter."""
        self.operations += 1
        return agree(self.model, label, predicted, call)

    def ticket(self, operator: str, half: int) -> int:
        return int(self.address(operator), 16) << 96 | half

    def account(self, role: str) -> Any:
        return self.world.accounts[role]
