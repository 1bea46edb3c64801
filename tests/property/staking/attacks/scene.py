"""A hub with people on it, what each of them owns altogether, and what an attack was worth to whom."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from audit.oracles.promise import reserve_of
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.mutation.seeded_bugs import Load
from keifu.units import COIN, DAY

__all__ = ["EPOCHS", "FIRST_EMISSION", "UNBONDING", "Outcome", "Scene", "search"]

UNBONDING = 14 * DAY
FIRST_EMISSION, EPOCHS = 30, 1_460
FUNDS = 10**7 * COIN


@dataclass(frozen=True)
class Outcome:
    """What an attack moved, in wei: attackers' coins before and after, and what everybody else has less."""

    case: str
    before: int
    after: int
    lost: int  # by others; below 0 when they gained

    @property
    def gain(self) -> int:
        return self.after - self.before

    def __str__(self) -> str:
        spent, got = self.before / COIN, self.after / COIN
        return f"{self.case}: attacker spent {spent:,.4f}, got {got:,.4f}; others lost {self.lost / COIN:,.4f} coins"


class Scene:
    """A hub with a service, an operator and delegators; everybody has coins. Money is in coins, time in days."""

    def __init__(self, load: Load = artifacts.load) -> None:
        self.evm = LocalEvm(load)
        owner = self.owner = self.evm.account("owner")
        self.token = self.evm.deploy("KeifuToken", owner, sender=owner)
        sinks = self.evm.account("insurance"), self.evm.account("treasury")
        terms = (UNBONDING, DAY, FIRST_EMISSION, EPOCHS)
        self.hub = self.evm.deploy("StakingHub", self.token, owner, *sinks, *terms, sender=owner)
        self.token.approve(self.hub, 2**256 - 1, sender=owner)
        self.people: dict[str, str] = {}
        self.services: list[str] = []
        self.operators: list[str] = []
        self.tickets: list[tuple[str, int]] = []
        self.reserves: dict[tuple[str, str], int] = {}

    # people ----------------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> str:
        if name not in self.people:
            self.people[name] = self.evm.account(name).address
            self.token.transfer(self.people[name], FUNDS, sender=self.owner)
            self.token.approve(self.hub, 2**256 - 1, sender=self.people[name])
        return self.people[name]

    def service(self, name: str, horizon: float = 14, multiple: int = 4) -> None:
        self.hub.list_service(self[name], int(horizon * DAY), multiple, sender=self.owner)
        self.services.append(name)

    def operator(self, name: str, commission: int = 0, **locks: float) -> None:
        """An operator with coins locked at services."""
        self.hub.register_operator(commission, "", sender=self[name])
        self.operators.append(name)
        for service, coins in locks.items():
            self.lock(service, name, coins)

    def delegators(self, operator: str, service: str, multiple: int) -> None:
        """The operator answers with its delegators at `service`; everybody waits until that counts and earns."""
        self.hub.set_multiple(self[service], multiple, sender=self[operator])
        self.wait(28 + 1)
        self.poke(operator, service)

    # what they do ----------------------------------------------------------------------------------------------------

    def wait(self, days: float) -> None:
        self.evm.warp(int(days * DAY))

    def until_epoch(self, days: float = 0) -> None:
        """To the next start of an epoch, and `days` on (or back)."""
        start = self.hub.epoch_start(self.hub.epoch() + 1)
        self.evm.warp_to(start + int(days * DAY))

    def lock(self, service: str, operator: str, coins: float, payer: str = "") -> None:
        self.hub.lock(self[service], self[operator], int(coins * COIN), sender=self[payer or operator])

    def bind(self, service: str, operator: str, coins: float) -> None:
        self.hub.bind(self[operator], int(coins * COIN), sender=self[service])

    def unlock(self, service: str, operator: str, coins: float, bound: float = 0) -> None:
        self.hub.unlock(self[operator], int(coins * COIN), int(bound * COIN), sender=self[service])

    def slash(self, service: str, operator: str, damages: float, penalty: float = 0) -> tuple[int, int, int]:
        receipt = self.hub.slash(self[operator], int(damages * COIN), int(penalty * COIN), sender=self[service])
        taken: tuple[int, int, int] = tuple(receipt.value)
        return taken

    def poke(self, operator: str, service: str) -> None:
        self.hub.poke(self[operator], self[service], sender=self.owner)

    def stake(self, owner: str, operator: str, coins: float) -> int:
        shares: int = self.hub.stake(self[operator], int(coins * COIN), 0, 0, sender=self[owner]).value
        return shares

    def unstake(self, owner: str, operator: str, shares: int | None = None) -> int:
        held = self.hub.position(self[operator], self[owner])[0] if shares is None else shares
        ticket: int = self.hub.unstake(self[operator], held, 0, 0, sender=self[owner]).value
        self.tickets.append((owner, ticket))
        return ticket

    def emit(self, coins_a_day: float) -> None:
        self.hub.fund_emission(int(coins_a_day * COIN) * EPOCHS, sender=self.owner)

    # an honest service -----------------------------------------------------------------------------------------------

    def promise(self, service: str, operator: str, coins: float) -> int:
        """Reserve what a promise of so many coins needs, as every service must; the reserve in wei."""
        reserve = reserve_of(int(coins * COIN))
        whole = self.reserves.get((service, operator), 0) + reserve
        if whole > self.hub.lock_of(self[service], self[operator]):
            raise ValueError("the lock does not hold another promise")
        self.reserves[service, operator] = whole
        self.hub.bind(self[operator], whole, sender=self[service])
        return reserve

    def claim(self, service: str, operator: str, reserve: int, victim: str) -> int:
        """The promise's own reserve is slashed, the service passes on what it really received; wei for the victim."""
        before = self.hub.credit(self[service])
        self.hub.slash(self[operator], reserve, 0, sender=self[service])
        paid: int = self.hub.credit(self[service]) - before
        self.hub.collect(self[victim], 0, sender=self[service])
        self.reserves[service, operator] -= reserve
        return paid

    # what they own ---------------------------------------------------------------------------------------------------

    def wealth(self, *names: str) -> int:
        """Wei of the people named: wallets, credits, rewards, stake, tickets and locks."""
        with self.evm.anchor():
            for operator in self.pooled():
                self.poke(operator, self.services[0])
            return sum(self._owned(name) for name in names)

    def pooled(self) -> list[str]:
        """Operators with whom somebody may have stake or earn."""
        return self.operators

    def _owned(self, name: str) -> int:
        hub, who = self.hub, self[name]
        owned: int = self.token.balanceOf(who) + hub.credit(who)
        for operator in self.pooled():
            owned += hub.pending_rewards(self[operator], who) + hub.position(self[operator], who)[1]
        if name in self.operators:
            owned += sum(hub.lock_of(self[service], who) for service in self.services)
        leaving: list[int] = [hub.ticket(who, ticket)[0] for owner, ticket in set(self.tickets) if owner == name]
        return owned + sum(leaving)

    def others(self, *attackers: str) -> list[str]:
        return [name for name in self.people if name not in attackers]

    @contextmanager
    def attack(self, case: str, *attackers: str) -> Iterator[list[Outcome]]:
        """What happens inside is one attack; its outcome is in the list afterwards, and printed."""
        before, others = self.wealth(*attackers), self.wealth(*self.others(*attackers))
        found: list[Outcome] = []
        yield found
        lost = others - self.wealth(*self.others(*attackers))
        found.append(Outcome(case, before, self.wealth(*attackers), lost))

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What happens inside is undone at the end, records of services included."""
        tickets, reserves, people = list(self.tickets), dict(self.reserves), dict(self.people)
        operators, services = list(self.operators), list(self.services)
        with self.evm.anchor():
            yield
        self.tickets, self.reserves, self.people = tickets, reserves, people
        self.operators, self.services = operators, services


def search(scene: Scene, attack: Callable[..., Outcome], **grid: list[Any]) -> list[Outcome]:
    """Run the attack with every combination of the values; prints the best one for the attacker, and all are undone."""
    found: list[tuple[dict[str, Any], Outcome]] = []
    for values in itertools.product(*grid.values()):
        chosen = dict(zip(grid, values, strict=True))
        with scene.undone():
            found.append((chosen, attack(scene, **chosen)))
    chosen, best = max(found, key=lambda item: item[1].gain)
    print(f"{best}  [best of {len(found)}: {chosen}]")
    return [outcome for _, outcome in found]
