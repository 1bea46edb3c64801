"""What StakingHub's views say, beside its model."""

from __future__ import annotations

import pickle
from typing import Any

from audit.systems.hub import Hub
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import invariant
from keifu.spec.staking import Commitment, HubModel, Operator, Position

__all__ = ["HubViews"]


class HubViews(Hub):
    """The hub with everything that it tells, asked at the end of each sequence."""

    def at_now(self) -> HubModel:
        model: HubModel = self.revived(pickle.dumps(self.model))
        model.now = self.now
        return model

    def owners(self) -> tuple[str, ...]:
        """Owner keys that the views are asked about."""
        return (self["delegator"], self["other delegator"])

    @invariant("HUB-15", at_end=True)
    def stake_at_the_start_of_epochs(self) -> bool:
        """The stake at the start of the current and the previous epoch is reported, and of no other epoch."""
        model, now = self.at_now(), self.model.epoch
        genesis, length = model.terms.genesis, model.terms.epoch_length
        for name in self.operators:
            asked = [self.ask("hub.stake_at_epoch", name, epoch) for epoch in range(max(now - 1, 0), now + 1)]
            if asked != [_stake_at(model.operators[name], epoch) for epoch in range(max(now - 1, 0), now + 1)]:
                return False
            if not self.refuses("hub.stake_at_epoch", name, now + 1):
                return False
            if now > 1 and not self.refuses("hub.stake_at_epoch", name, now - 2):
                return False
        starts = [self.ask("hub.epoch_start", epoch) for epoch in (1, 4)]
        return starts == [genesis, genesis + 3 * length] and self.refuses("hub.epoch_start", 0)

    @invariant("HUB-12", at_end=True)
    def views_tell_what_is_so(self) -> bool:
        """Positions, rewards, tickets, commitments, terms and operators are reported as the model has them."""
        model = self.at_now()
        return (
            all(self.operator_is_reported(model, name) for name in model.operators)
            and all(self.owner_is_reported(model, name, who) for name in self.operators for who in self.owners())
            and all(self.ticket_is_reported(model, *key) for key in list(model.tickets)[:6])
            and all(self.service_is_reported(model, service) for service in self.services)
        )

    def operator_is_reported(self, model: HubModel, name: str) -> bool:
        item, bond = model.operators[name], model.operators[name].bond
        wanted = (
            bond.active, bond.leaving, bond.unlock, bond.jailed, item.active, item.shares, item.generation,
            model.unbonding(name), item.committed, model.commission(item, model.epoch), item.epoch,
        )  # fmt: skip
        return self.view("operator_state", name) == wanted

    def owner_is_reported(self, model: HubModel, name: str, who: str) -> bool:
        item = model.operators[name]
        held = item.positions.get(who, Position())
        shares = held.shares if held.generation == item.generation else 0
        worth = shares * item.active // item.shares if item.shares else 0
        due = self.revived(pickle.dumps(model)).claim_rewards(name, who)
        return self.view("position", name, who) == (shares, worth) and self.ask("hub.pending_rewards", name, who) == due

    def ticket_is_reported(self, model: HubModel, owner: str, name: str, half: int) -> bool:
        wanted = (model.ticket_worth(owner, name, half), model.maturity(half))
        return self.view("ticket", owner, int(name, 16) << 96 | half) == wanted

    def service_is_reported(self, model: HubModel, service: str) -> bool:
        terms = model.services[service]
        arbiter = terms.arbiter or ZERO_ADDRESS
        if self.view("service", service) != (arbiter, terms.horizon, terms.victim, terms.prover, terms.removed):
            return False
        for name in self.operators:
            held = model.operators[name].commitments.get(service, Commitment())
            if self.view("commitment", service, name) != (held.current, held.next, held.since):
                return False
            if self.ask("hub.committed_at", service, name, self.now) != held.at(self.now):
                return False
        return True

    def view(self, name: str, *args: Any) -> tuple[Any, ...]:
        return tuple(getattr(self.contract("hub"), name)(*args))


def _stake_at(operator: Operator, epoch: int) -> int:
    if operator.epoch < epoch:
        return operator.stake
    return operator.start if operator.epoch == epoch else operator.previous_start
