"""StakingHub and its model, called together, and what delegators do."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

from audit.systems._constructors import Deployment, next_address, variations
from audit.systems._differential import HubWords
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, artifacts
from evmstorm.fuzz.system import RAW_OUTCOME, Steps, System, action
from evmstorm.fuzz.values import Amount, Choice, Who
from keifu.keys import keccak256
from keifu.spec.staking import Bucket, HubModel, Position, Service, Terms
from keifu.units import COIN, DAY

EPOCH = DAY
UNBONDING = 14 * EPOCH
FUNDS = 10**26
MAX_AMOUNT = 10**28  # above it the arithmetic's own checks refuse without words
OPERATORS = ("operator", "other operator")
DELEGATORS = ("delegator", "other delegator")
SERVICES = {"storage": Service(2 * EPOCH, 5_001, 2_999), "compute": Service(UNBONDING, 8_000, 0, "arbiter")}

WHOLE = 1_000
PARTS = (1_000, 1_000, 500, 999, 1, 1_001)
EVIDENCE = b"\x01" * 32


class Coins(Amount):
    """An amount, cut where the token has no more coins."""

    def draw(self, system: System, who: str, mode: int, pick: int, value: int) -> int:
        return min(super().draw(system, who, mode, pick, value), MAX_AMOUNT)


class HubDifferential(HubWords):
    """Every call is made on the hub and on the model, and both answer or refuse alike. Delegators' part."""

    contracts = ("StakingHub",)
    actors = (*OPERATORS, *DELEGATORS, *SERVICES, "arbiter", "victim")
    wait_weight = 14

    def setup(self, evm: LocalEvm) -> None:
        owner = evm.account("owner")
        token = evm.deploy("KeifuToken", owner, sender=owner)
        hub = evm.deploy("StakingHub", token, owner, evm.account("insurance"), UNBONDING, EPOCH, sender=owner)
        self.bind(hub=hub, token=token)
        self.owner, self.insurance = owner.address, evm.account("insurance").address
        for who in (*self.roles.values(), self.owner):
            token.approve(hub, 2**256 - 1, sender=who)
        for who in self.roles.values():
            token.transfer(who, FUNDS, sender=owner)
        model = HubModel(self.terms(evm.now))
        for role, service in SERVICES.items():
            arbiter = self[service.arbiter] if service.arbiter else ZERO_ADDRESS
            hub.list_service(self[role], service.horizon, service.victim, service.prover, arbiter, sender=owner)
            model.list_service(self[role], Service(service.horizon, service.victim, service.prover, arbiter))
        for role in OPERATORS:
            hub.register_operator(1_000, "", sender=self[role])
            hub.bond(2_000 * COIN, sender=self[role])
            model.register_operator(self[role], 1_000)
            model.bond(self[role], 2_000 * COIN)
        self.operators = [self[role] for role in OPERATORS]
        self.services = [self[role] for role in SERVICES]
        self.opening = pickle.dumps(model)
        self.read_hub()

    def constructors(self) -> Iterator[Deployment]:
        right = (self["token"], self.owner, self.insurance, UNBONDING, EPOCH)
        yield from variations(
            "StakingHub",
            right,
            (0, self.owner, "hub: token is no contract"),
            (1, ZERO_ADDRESS, "hub: no owner"),
            (2, ZERO_ADDRESS, "hub: no insurance"),
            (3, UNBONDING + 1, "hub: bad unbonding period"),
            (3, EPOCH, None),
            (3, EPOCH + 2, None),
            (3, EPOCH - 2, "hub: epoch beyond unbonding"),
            (4, 0, "hub: no epoch length"),
            (4, 1, None),
            (4, UNBONDING, None),
            (4, UNBONDING + 1, "hub: epoch beyond unbonding"),
        )
        itself = next_address(self.evm, "StakingHub", right)
        yield "StakingHub", (*right[:2], itself, *right[3:]), "hub: no insurance"

    def terms(self, genesis: int) -> Terms:
        source = "staking/lib/ledger.vy"
        return Terms(UNBONDING, EPOCH, genesis, min_stake=artifacts.constant(source, "MIN_STAKE"))

    def start(self) -> None:
        self.model: HubModel = self.revived(self.opening)
        self.spent: dict[str, list[int]] = {}
        self.donated = self.operations = 0

    def deadlines(self) -> list[int]:
        model = self.model
        epoch = model.terms.genesis + model.epoch * EPOCH
        found = [epoch, epoch, *(model.maturity(half) for _, _, half in list(model.tickets)[:4])]
        for operator in model.operators.values():
            found += [operator.bond.unlock, model.terms.genesis + (operator.bond.jailed - 1) * EPOCH]
            found += [item.since for item in operator.commitments.values()]
            found += [item.since + 2 * EPOCH for item in operator.commitments.values()]
        return found + [item.removed + item.horizon for item in model.services.values() if item.removed]

    def done(self, answer: Any) -> None:
        self.operations += 1

    # delegators -------------------------------------------------------------------------------------------------------

    @action("hub.stake", Choice("operators"), Coins(5_000 * COIN), Choice((0, 0, COIN)), sender=DELEGATORS, weight=7)
    def stake(self, who: str, operator: str, amount: int, least: int) -> Steps:
        shares = yield from self.both(lambda m: m.stake(operator, who, amount, least), who, amount)
        if shares is not None:
            self.position_follows(operator, who)
            if self.sometimes():
                self.emitted("hub.Staked", operator=operator, owner=who, amount=amount, shares=shares)

    @action("", Choice("operators"), Who(), Coins(5_000 * COIN), sender=DELEGATORS, weight=2)
    def stake_for(self, who: str, operator: str, owner: str, amount: int) -> Steps:
        order = self.tx("hub.stake_for", operator, owner, amount, 0, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.stake(operator, owner, amount, 0), who, amount, order)

    @action("", Choice("operators"), Coins(5_000 * COIN), sender=DELEGATORS, weight=1)
    def stake_with_useless_permit(self, who: str, operator: str, amount: int) -> Steps:
        signature = (0, 27, b"\x01" * 32, b"\x02" * 32)
        order = self.tx("hub.stake_with_permit", operator, amount, 0, *signature, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.stake(operator, who, amount, 0), who, amount, order)

    def shares_of(self, who: str) -> int:
        return max(shares for _, shares in self.held_by(who))

    def held_by(self, who: str) -> list[tuple[str, int]]:
        positions = [(name, item.positions.get(who, Position())) for name, item in self.model.operators.items()]
        return [(name, held.shares) for name, held in positions if held.shares] or [(self.operators[0], 0)]

    @action("hub.unstake", Choice("operators"), Coins("shares_of"), Choice((0, 0, COIN)), sender=DELEGATORS, weight=3)
    def unstake(self, who: str, operator: str, shares: int, least: int) -> Steps:
        yield from self.leave(who, operator, shares, least)

    @action("", Choice("held_by"), Choice(PARTS), sender=DELEGATORS, weight=6)
    def unstake_part(self, who: str, held: tuple[str, int], part: int) -> Steps:
        operator, shares = held[0], held[1] * part // WHOLE
        order = self.tx("hub.unstake", operator, shares, 0, sender=who, raw_outcome=True)
        yield from self.leave(who, operator, shares, 0, order)

    def leave(self, who: str, operator: str, shares: int, least: int, order: Any = RAW_OUTCOME) -> Any:
        half = self.now // (UNBONDING // 2)

        def run(model: HubModel) -> int:
            assert model.unstake(operator, who, shares, least) == half
            return int(operator, 16) << 96 | half

        done = yield from self.both(run, order=order)
        if done is not None and self.sometimes():
            self.emitted("hub.Unstaked", operator=operator, owner=who, ticket=done, shares=shares)

    def tickets_of(self, who: str) -> list[int]:
        held = [int(name, 16) << 96 | half for owner, name, half in self.model.tickets if owner == who]
        return held + self.spent.get(who, [])[-1:]

    @action("hub.withdraw", Choice("tickets_of"), sender=DELEGATORS, weight=6)
    def withdraw(self, who: str, ticket: int) -> Steps:
        name, half = f"0x{ticket >> 96:040x}", ticket & (1 << 96) - 1
        paid = yield from self.paying(lambda m: m.withdraw(who, name, half), who)
        if paid is not None:
            self.spent.setdefault(who, []).append(ticket)
            if self.sometimes():
                self.emitted("hub.Withdrawn", operator=name, owner=who, ticket=ticket, amount=paid)

    def key(self, who: str, to: str) -> str:
        """Owner key of tickets that move to the operator `to`."""
        return (
            "0x"
            + keccak256(bytes.fromhex(who[2:]).rjust(32, b"\0") + bytes.fromhex(to[2:]).rjust(32, b"\0"))[-20:].hex()
        )

    @action("", Choice("operators"), Choice("operators"), Coins("shares_of"), sender=DELEGATORS, weight=3)
    def redelegate(self, who: str, source: str, to: str, shares: int) -> Steps:
        def run(model: HubModel) -> int:
            half = model.now // (UNBONDING // 2)
            before = model.tickets.pop((who, source, half), None)
            model.unstake(source, who, shares)
            minted = model.tickets.pop((who, source, half))
            if before is not None:
                model.tickets[who, source, half] = before
            held = model.tickets.setdefault((self.key(who, to), source, half), Bucket())
            held.shares = minted.shares + (held.shares if held.generation == minted.generation else 0)
            held.generation = minted.generation
            return int(source, 16) << 96 | half

        order = self.tx("hub.redelegate", source, to, shares, sender=who, raw_outcome=True)
        yield from self.both(run, order=order)

    def moving(self, who: str) -> list[tuple[str, str, int]]:
        """(source, target, half-period) of every ticket on its way."""
        keys = {self.key(who, to): to for to in self.operators}
        return [(name, keys[owner], half) for owner, name, half in self.model.tickets if owner in keys]

    @action("", Choice("moving", ("0x" + "11" * 20, ZERO_ADDRESS, 1)), sender=DELEGATORS, weight=3)
    def complete_redelegation(self, who: str, move: tuple[str, str, int]) -> Steps:
        source, to, half = move
        key = self.key(who, to)

        def run(model: HubModel) -> int:
            return model.deposit(to, who, model.redeem(key, source, half), 0)

        ticket = int(source, 16) << 96 | half
        yield from self.both(
            run, order=self.tx("hub.complete_redelegation", ticket, to, 0, sender=who, raw_outcome=True)
        )

    @action("hub.claim_rewards", Choice("operators"), Who(), sender=(*DELEGATORS, "victim"), weight=5)
    def claim_rewards(self, who: str, operator: str, receiver: str) -> Steps:
        paid = yield from self.paying(lambda m: m.claim_rewards(operator, who), receiver)
        if paid is not None:
            self.position_follows(operator, who)
            if self.sometimes():
                self.emitted("hub.RewardsClaimed", operator=operator, owner=who, receiver=receiver, amount=paid)

    @action("hub.collect", Who(), weight=4)
    def collect(self, who: str, receiver: str) -> Steps:
        paid = yield from self.paying(lambda m: m.collect(who), receiver)
        if paid is not None and self.sometimes():
            self.emitted("hub.Collected", owner=who, receiver=receiver, amount=paid)
