"""What people have at a contract that covers channels: the compute market, and the contract of disputes."""

from __future__ import annotations

from audit.systems._compute import LOCK, ComputeLog
from evmstorm.fuzz.system import invariant
from evmstorm.oracles.profit import check_paid_in_full, check_profit

__all__ = ["ComputeWealth"]


class ComputeWealth(ComputeLog):
    """Credits, locks and covers, by the contract that the description calls its market."""

    def credit(self, who: str) -> int:
        return self.ask("market.credits", who)

    def together(self) -> int:
        """What everybody holds together who may be a friend of an operator."""
        owned = sum(self.ask("hub.lock_of", self["market"], operator) for operator in self.operators)
        return owned + sum(self.credit(who) for who in self.addresses)

    def bystanders(self) -> int:
        """What those have who do nothing: a lock, what it reserves, and a cover."""
        quiet = self["quiet operator"]
        there = self.ask("hub.lock_of", self["market"], quiet) + self.ask("market.reserved", quiet)
        return int(there + self.answer_of("market.cover_of", self.bystander.name, quiet)[6])

    @invariant("ORA-1", at_end=True)
    def nobody_gains(self) -> bool:
        """Profit: each has what the log entitles it to, with its lock and what it may take."""
        held = {who: self.stored(who) + self.credit(who) + self.ask("hub.credit", who) for who in self.addresses}
        for operator in self.operators:
            held[operator] += self.ask("hub.lock_of", self["market"], operator)
        owed = {who: self.funded[who] + self.moved[who] + (LOCK if who in self.operators else 0) for who in held}
        check_paid_in_full(held, owed, 0)
        # The hub divides prices between operator and delegators, an epoch later.
        check_profit(held, {who: wei + self.earned[who] for who, wei in owed.items()}, 0)
        return True
