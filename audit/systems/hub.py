"""StakingHub beside its model: delegation, rewards, commitments, slashing, jail and leaving, honest and hostile."""

from __future__ import annotations

import pickle
from typing import Any

from audit.systems._hub import (
    OPERATORS,
    PARTS,
    SERVICES,
    UNBONDING,
    WHOLE,
    Coins,
    HubDifferential,
)
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import RAW_OUTCOME, Steps, action, invariant
from evmstorm.fuzz.values import Choice, Who
from keifu.spec.staking import Commitment, HubModel, Service
from keifu.units import COIN

COMMISSIONS = (0, 1, 1_001, 10_000, 10_001)
EVIDENCE = b"\x01" * 32


class Hub(HubDifferential):
    """Delegation, rewards, commitments, slashing and leaving."""

    # operators --------------------------------------------------------------------------------------------------------

    @action("hub.register_operator", Choice(COMMISSIONS), Choice(("", "ipfs://x")), weight=1)
    def register(self, who: str, commission: int, metadata: str) -> Steps:
        if who not in (*self.operators, self["arbiter"]):
            return None
        done = yield from self.both(lambda m: m.register_operator(who, commission))
        if done is not None:
            self.emitted("hub.TermsAnnounced", operator=who, commission_bps=commission, metadata=metadata)

    @action("hub.set_terms", Choice(COMMISSIONS), Choice(("", "ipfs://x")), sender=(*OPERATORS, "victim"), weight=2)
    def set_terms(self, who: str, commission: int, metadata: str) -> Steps:
        done = yield from self.both(lambda m: m.set_terms(who, commission))
        if done is not None and self.sometimes():
            self.emitted("hub.TermsAnnounced", operator=who, commission_bps=commission, metadata=metadata)

    @action("hub.bond", Coins(2_000 * COIN), sender=(*OPERATORS, *OPERATORS, "victim"))
    def bond(self, who: str, amount: int) -> Steps:
        done = yield from self.both(lambda m: m.bond(who, amount), who, amount)
        if done is not None and self.sometimes():
            self.emitted("hub.Bonded", operator=who, amount=amount)

    def bond_of(self, who: str) -> int:
        return self.model.operators[who].bond.active if who in self.model.operators else COIN

    @action("hub.unbond", Coins("bond_of"), sender=(*OPERATORS, *OPERATORS, "victim"), weight=3)
    def unbond(self, who: str, amount: int) -> Steps:
        done = yield from self.both(lambda m: m.unbond(who, amount))
        if done is not None and self.sometimes():
            bond = self.model.operators[who].bond
            self.emitted("hub.Unbonding", operator=who, amount=bond.leaving, unlock=bond.unlock)

    @action("hub.withdraw_bond", Who(), sender=OPERATORS, weight=3)
    def withdraw_bond(self, who: str, receiver: str) -> Steps:
        paid = yield from self.paying(lambda m: m.withdraw_bond(who), receiver)
        if paid is not None and self.sometimes():
            self.emitted("hub.BondWithdrawn", operator=who, receiver=receiver, amount=paid)

    @action("hub.unjail", sender=(*OPERATORS, "victim"), weight=3)
    def unjail(self, who: str) -> Steps:
        done = yield from self.both(lambda m: m.unjail(who))
        if done is not None and self.sometimes():
            self.emitted("hub.Unjailed", operator=who)

    # services ---------------------------------------------------------------------------------------------------------

    def room_of(self, who: str) -> int:
        operator = self.model.operators.get(who)
        return max(0, min(operator.stake, 10 * operator.bond.active) - operator.committed) if operator else COIN

    @action("hub.commit", Choice("services"), Coins("room_of"), sender=(*OPERATORS, *OPERATORS, "victim"), weight=7)
    def commit(self, who: str, service: str, amount: int) -> Steps:
        done = yield from self.both(lambda m: m.commit(who, service, amount))
        if done is not None and self.sometimes():
            held = self.model.operators[who].commitments[service]
            wanted = {"current": held.current, "next": held.next, "since": held.since}
            self.emitted("hub.CommitmentChanged", service=service, operator=who, **wanted)

    def promised_by(self, who: str) -> int:
        operator = self.model.operators.get(who)
        return max((item.next for item in operator.commitments.values()), default=COIN) if operator else COIN

    def promises(self, who: str) -> list[tuple[str, int]]:
        held = self.model.operators[who].commitments.items()
        return [(service, item.next) for service, item in held if item.next] or [(self.services[0], 0)]

    @action("", Choice("promises"), Choice(PARTS), sender=OPERATORS)
    def uncommit_part(self, who: str, promise: tuple[str, int], part: int) -> Steps:
        service, amount = promise[0], promise[1] * part // WHOLE
        order = self.tx("hub.uncommit", service, amount, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.uncommit(who, service, amount), order=order)

    @action("hub.uncommit", Choice("services"), Coins("promised_by"), sender=OPERATORS, weight=2)
    def uncommit(self, who: str, service: str, amount: int) -> Steps:
        yield from self.both(lambda m: m.uncommit(who, service, amount))

    @action("hub.settle_commitment", Choice("services"), Choice("operators"), weight=2)
    def settle_commitment(self, who: str, service: str, operator: str) -> Steps:
        def run(model: HubModel) -> None:
            held = model._settled(model.operators[operator], service)
            if service in model.operators[operator].commitments:
                model.operators[operator].commitments[service] = Commitment(held.next, held.next, held.since)

        yield from self.both(run)

    def worth_taking(self, who: str) -> int:
        names = self.model.operators
        return max((self.model.effective(service, name) for service in self.services for name in names), default=0)

    @action(
        "hub.slash", Choice("operators"), Coins("worth_taking"), Choice((ZERO_ADDRESS,)), Who(), Choice((EVIDENCE,)),
        sender=(*SERVICES, *SERVICES, "victim"), weight=7,
    )  # fmt: skip
    def slash(self, who: str, operator: str, amount: int, victim: str, prover: str, evidence: bytes) -> Steps:
        yield from self.slashed(who, who, operator, amount, "", prover)

    @action("", Choice("services"), Choice("operators"), Coins("worth_taking"), Who(), sender=("arbiter", "victim"))
    def slash_for(self, who: str, service: str, operator: str, amount: int, prover: str) -> Steps:
        values = (service, operator, amount, self["victim"], prover, EVIDENCE)
        if who != self.model.services[service].arbiter:
            yield self.tx("hub.slash_for", *values, sender=who, fails="hub: not the arbiter")
            return
        order = self.tx("hub.slash_for", *values, sender=who, raw_outcome=True)
        yield from self.slashed(who, service, operator, amount, self["victim"], prover, order)

    def slashed(
        self, who: str, service: str, operator: str, amount: int, victim: str, prover: str, order: Any = RAW_OUTCOME
    ) -> Any:
        """A slash and what it must leave alone (HUB-4, HUB-5, HUB-6)."""
        model = self.model
        model.now = self.now
        slashable, insurance = model.slashable(operator), model.insurance
        matured = {key: model.ticket_worth(*key) for key in model.tickets if model.now >= model.maturity(key[2])}
        answers: list[tuple[int, int, int]] = []

        def run(on: HubModel) -> int:
            answers.append(on.slash(service, operator, amount, victim, prover))
            return answers[-1][0]

        done = yield from self.both(run, order=order)
        if done is None:
            return
        taken, from_bond, residue = answers[-1]
        assert model.slashable(operator) == slashable - taken - residue, "HUB-4: takes exactly what it says"
        assert model.insurance - insurance >= taken - from_bond * 8 // 10, "HUB-5: victim and prover get too much"
        assert all(model.ticket_worth(*key) == worth for key, worth in matured.items()), "HUB-6: a matured ticket fell"
        if taken and self.sometimes():
            terms = model.services[service]
            self.emitted(
                "hub.Slashed", service=service, operator=operator, evidence=EVIDENCE, from_bond=from_bond,
                from_delegators=taken - from_bond + residue,
                to_victim=from_bond * terms.victim // 10_000 if victim else 0,
                to_prover=from_bond * terms.prover // 10_000 if prover else 0,
            )  # fmt: skip

    @action("hub.remove_service", Choice("services"), sender="victim", weight=1, always_reverts=True)
    def remove_service_as_nobody(self, who: str, service: str) -> str:
        return "hub: not the owner"

    @action("", Choice("services"), weight=1)
    def remove_service(self, who: str, service: str) -> Steps:
        if who != self["arbiter"]:
            return None  # what is removed stays removed: seldom, or nothing else happens
        order = self.tx("hub.remove_service", service, sender=self.owner, raw_outcome=True)
        done = yield from self.both(lambda m: m.remove_service(service), order=order)
        if done is not None:
            until = self.now + self.model.services[service].horizon
            self.emitted("hub.ServiceRemoved", service=service, slashes_until=until)

    @action("", Choice((0, 1, UNBONDING, UNBONDING + 1)), Choice((0, 8_000, 8_001)), Who(), weight=1)
    def list_service(self, who: str, horizon: int, victim: int, service: str) -> Steps:
        values = (service, horizon, victim, 0, ZERO_ADDRESS)
        order = self.tx("hub.list_service", *values, sender=self.owner, raw_outcome=True)
        done = yield from self.both(lambda m: m.list_service(service, Service(horizon, victim, 0, "")), order=order)
        if done is not None:
            self.emitted(
                "hub.ServiceListed", service=service, horizon=horizon, victim_bps=victim, prover_bps=0,
                arbiter=ZERO_ADDRESS,
            )  # fmt: skip

    # rewards ----------------------------------------------------------------------------------------------------------

    @action("hub.reward", Choice("operators"), Coins(1_000 * COIN), sender="victim", weight=5)
    def reward(self, who: str, operator: str, amount: int) -> Steps:
        done = yield from self.both(lambda m: m.reward(operator, amount), who, amount)
        if done is not None and self.sometimes():
            self.emitted("hub.Rewarded", operator=operator, payer=who, amount=amount)

    @action("hub.fund_emission", Coins(1_000 * COIN), sender="victim", weight=4)
    def fund_emission(self, who: str, amount: int) -> Steps:
        done = yield from self.both(lambda m: m.fund_emission(amount), who, amount)
        if done is not None and self.sometimes():
            self.emitted("hub.EmissionFunded", payer=who, amount=amount)

    @action("hub.poke", Choice("operators"), weight=1)
    def poke(self, who: str, operator: str) -> Steps:
        yield from self.both(lambda m: m.open(operator) and 0)

    @action("hub.pay_insurance", weight=2)
    def pay_insurance(self, who: str) -> Steps:
        paid = yield from self.paying(lambda m: m.pay_insurance(), self.insurance)
        if paid is not None and self.sometimes():
            self.emitted("hub.InsurancePaid", amount=paid)

    @action("", Coins(10**24), sender="victim", weight=1)
    def donate(self, who: str, amount: int) -> Steps:
        if amount > self.stored(who):
            return None
        yield self.tx("token.transfer", self["hub"], amount, sender=who)
        self.donated += amount

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("HUB-3", at_end=True)
    def commitments_are_backed(self) -> bool:
        """What all services together may take from an operator is there to be taken."""
        model = self.model
        model.now = self.now
        for name in self.operators:
            effective = [self.ask("hub.effective", service, name) for service in self.services]
            slashable = self.ask("hub.slashable", name)
            if effective != [model.effective(service, name) for service in self.services]:
                return False
            if slashable != model.slashable(name) or sum(effective) > slashable:
                return False
        return True

    @invariant("HUB-1", at_end=True)
    def balance_covers_what_is_owed(self) -> bool:
        """Coins cover stake, tickets, credits, insurance and rewards."""
        self.model.now = self.now
        return self.model.surplus() >= 0

    @invariant("HUB-2", at_end=True)
    def surplus_is_dust(self) -> bool:
        """The surplus, donations aside, is at most one wei an operation, and one more for each 2^84 shares."""
        self.model.now = self.now
        return self.model.surplus() <= self.model.dust(self.operations)

    @invariant("HUB-9", at_end=True)
    def everyone_can_leave(self) -> bool:
        """Everybody gets out what the model says, whatever happened before."""
        model = self.revived(pickle.dumps(self.model))
        model.now = self.now
        for name in self.operators:
            operator = model.operators[name]
            for owner, position in list(operator.positions.items()):
                if position.shares and position.generation == operator.generation and owner in self.addresses:
                    self.do("hub.unstake", name, position.shares, sender=owner)
                    model.unstake(name, owner, position.shares)
        self.evm.warp(2 * UNBONDING)
        model.now = self.now
        for owner, name, half in list(model.tickets):
            if owner in self.addresses and not model.tickets[owner, name, half].is_nothing:
                paid = self.do("hub.withdraw", int(name, 16) << 96 | half, sender=owner)
                if paid != model.withdraw(owner, name, half):
                    return False
        return True
