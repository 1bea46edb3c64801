"""What owners of stake do in the description of GrantProgram: stake, leave, and object."""

from __future__ import annotations

from typing import Any

from audit.systems._grant_program import DELEGATORS, WHOLE, Proposal
from audit.systems._grant_program_oracles import GrantOracles
from evmstorm.fuzz.system import Steps, action
from evmstorm.fuzz.values import Amount, Choice
from keifu.units import COIN

__all__ = ["GrantStake"]


class GrantStake(GrantOracles):
    """Positions at the hub, and objections with what they are worth."""

    def known(self, who: str) -> list[Proposal]:
        return self.proposals[1:][-5:]

    # stake ------------------------------------------------------------------------------------------------------------

    @action("", Choice((0, 0, 7)), Amount(500 * COIN, most=1_000 * COIN), sender=DELEGATORS, weight=3)
    def stake(self, who: str, sub: int, amount: int) -> Steps:
        room = 7_000 * COIN - sum(self.staked.values())
        if COIN <= amount <= min(room, self.coins[self["token"]](who)):
            yield self.tx("hub.stake", self["operator"], amount, 0, sub, sender=who)
            self.staked[who, sub] = self.staked.get((who, sub), 0) + amount
            self.moves(self["token"], who, -amount)

    @action("", Choice((0, 0, 7)), sender=DELEGATORS, weight=3)
    def unstake(self, who: str, sub: int) -> Steps:
        if amount := self.staked.pop((who, sub), 0):
            ticket = yield self.tx("hub.unstake", self["operator"], amount, 0, sub, sender=who)
            self.leaving[who, sub, int.from_bytes(ticket, "big")] += amount

    @action("", sender=DELEGATORS, weight=3)
    def withdraw(self, who: str) -> Steps:
        """Coins that have left go to the other delegator, who may stake them."""
        for (owner, sub, ticket), amount in list(self.leaving.items()):
            done = yield self.tx("hub.withdraw", ticket, sub, sender=owner, raw_outcome=True)
            if done is not None:
                other = next(self[role] for role in DELEGATORS if self[role] != owner)
                yield self.tx("token.transfer", other, amount, sender=owner)
                self.moves(self["token"], other, amount)
                del self.leaving[owner, sub, ticket]

    @action(
        "", Choice(((), ("operator",), ("rival",), ("rival", "operator", "stranger"), ("rival", "rival"))), weight=4
    )
    def count_stake(self, who: str, names: tuple[str, ...]) -> Steps:
        """WIT-1: by anybody, one or several, oftener than once."""
        operators = [self[name] for name in names]
        if len(operators) == 1:
            total = yield self.tx("witness.count", operators[0], sender=who)
            self.count(operators)
            assert int.from_bytes(total, "big") == sum(self.counted.values()), "WIT-1: another sum"
        else:
            yield self.tx("witness.count_many", operators, sender=who)
            self.count(operators)
        self.emitted("witness.StakeCounted", count=len(operators))

    def count(self, operators: list[str]) -> None:
        self.counted |= {operator: self.pool(operator) for operator in operators}

    def carried_ones(self, who: str) -> list[Proposal]:
        fits = [item for item in self.known(who) if item.is_carried and self.now <= item.notice_end]
        return [*fits * 6, *self.known(who)]

    @action("", Choice("carried_ones"), Choice((0, 0, 0, 7)), Choice(("operator", "operator", "operator", "stranger")),
            sender=(*DELEGATORS, *DELEGATORS, "stranger"), weight=10)  # fmt: skip
    def object_to(self, who: str, proposal: Any, sub: int, operator: str) -> Steps:
        """GRT-5"""
        if not proposal:
            return
        weight = self.staked.get((who, sub), 0) if operator == "operator" else 0
        done = yield from self.judged(
            "GRT-5", self.call("object", proposal.number, self[operator], sub, sender=who),
            (not proposal.is_carried, "not carried"),
            (self.now > proposal.notice_end, "notice is over"),
            ((who, sub) in proposal.objected and operator == "operator", "has objected"),
            (weight == 0, "nothing staked there"),
        )  # fmt: skip
        if done is None:
            return
        proposal.objected[who, sub] = weight
        self.count([self["operator"]])
        objections, total = sum(proposal.objected.values()), sum(self.counted.values())
        proposal.whole = min(max(proposal.whole, total), total + objections)
        proposal.stopped = objections * WHOLE >= proposal.whole * proposal.programme.objection_bps
        self.emitted("grants.Stopped", count=int(proposal.stopped))
        self.emitted(
            "grants.Objected", proposal=proposal.number, owner=self.keys[who, sub], operator=self["operator"],
            weight=weight, objections=objections,
        )  # fmt: skip
        self.emitted("witness.StakeCounted", operator=self["operator"], amount=self.pool(self["operator"]), total=total)
