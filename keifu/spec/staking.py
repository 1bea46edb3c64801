"""What the staking hub owes to whom, from a log of what people did, in exact fractions.

    hub = StakingModel(Terms(genesis=now))
    hub.list_service("storage", 7 * DAY, 2)
    hub.register_operator("operator", 1_000)
    hub.lock("storage", "operator", 100 * COIN)
    hub.bind("storage", "operator", 80 * COIN)
    hub.entitled("operator")

It knows no shares, no indices and no words that are settled later: every delegator's coins stand for themselves, every
epoch is paid once it is over from what was there throughout. Whoever drives it sets `now` before each act. An act that
must be refused raises Refused and leaves no trace. `entitled` is all that an account may ever take out, what it has
taken out already included.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from keifu.spec._multiples import Multiple
from keifu.spec._staking_locks import MAX_HORIZON, MAX_MULTIPLE, RAISE_NOTICE, Lock, Service, Terms
from keifu.spec._staking_pools import Pool, Ticket
from keifu.spec._staking_rewards import LEAST_WEIGHT_DAYS, Rewards, Weight
from keifu.spec.refusals import Refused, check

__all__ = [
    "LEAST_WEIGHT_DAYS",
    "MAX_HORIZON",
    "MAX_MULTIPLE",
    "RAISE_NOTICE",
    "Lock",
    "Multiple",
    "Pool",
    "Refused",
    "Service",
    "Slash",
    "StakingModel",
    "Terms",
    "Ticket",
    "Weight",
]


@dataclass(frozen=True)
class Slash:
    """One slash of the log: what it took, and what of that the service got."""

    time: int
    service: str
    operator: str
    damages: int
    penalty: int
    multiple: int
    delegated: Fraction
    dust: Fraction  # what was left in pools and tickets that this emptied
    paid: int


class StakingModel(Rewards):
    """The hub: every method is one call."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self.credits: defaultdict[str, int] = defaultdict(int)  # unlocked, taken back, damages: all there ever was
        self.insurance = Fraction(0)
        self.slashes: list[Slash] = []

    def unlock(self, service: str, operator: str, amount: int, bound: int) -> None:
        super().unlock(service, operator, amount, bound)
        self.credits[operator] += amount

    def take_back(self, service: str, operator: str) -> int:
        amount = super().take_back(service, operator)
        self.credits[operator] += amount
        return amount

    def slash(self, service: str, operator: str, damages: int, penalty: int) -> Slash:
        """Damages first, then the penalty, as far as the lock reaches; delegators answer for the penalty alone."""
        check(self.may_slash(service), "hub: not a slasher")
        lock, multiple = self.locks[service, operator], self.multiple(service, operator)
        damages = min(damages, lock.amount)
        penalty = min(penalty, lock.amount - damages)
        delegated = min(Fraction(multiple * penalty), self.pools[operator].coins + self.unbonding(operator))
        paid = damages * 4 // 5
        lock.amount -= damages + penalty
        lock.bound = min(lock.bound, lock.amount)
        dust = self.cut(operator, delegated)
        self._note(operator)
        self.credits[service] += paid
        self.insurance += damages - paid + penalty + delegated + dust
        done = Slash(self.now, service, operator, damages, penalty, multiple, delegated, dust, paid)
        self.slashes.append(done)
        return done

    # what is owed ----------------------------------------------------------------------------------------------------

    def entitled(self, account: str) -> Fraction:
        """Wei that `account` may take out of the hub or has taken out: credits, rewards, stake and tickets. Locks are
        apart: they are behind a service."""
        self.settle()
        stake = sum((self.staked(operator, account) for operator in self.pools), Fraction(0))
        tickets = sum((item.coins for (owner, _, _), item in self.tickets.items() if owner == account), Fraction(0))
        return self.credits[account] + self.earned[account] + stake + tickets

    def locked(self, operator: str) -> int:
        """Wei behind all services together."""
        return sum(lock.amount for (_, name), lock in self.locks.items() if name == operator)
