"""Delegators' coins, one by one: each holds a part of a pool or a ticket, and a slash cuts all of them alike."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from keifu.spec._staking_locks import MAX_AMOUNT, Locks, Terms
from keifu.spec.histories import History
from keifu.spec.refusals import check

__all__ = ["OPEN_TICKETS", "Pool", "Pools", "Ticket"]

OPEN_TICKETS = 3  # half-periods until a ticket matures
SPENT = Fraction(1, 2**32)  # what is left of a coin that was slashed away: nothing


@dataclass
class Pool:
    """One operator's delegators. A unit is a coin that was there before any slash; `worth` is what is left of it."""

    worth: History = field(default_factory=History)
    units: defaultdict[str, History] = field(default_factory=lambda: defaultdict(History))

    @property
    def coins(self) -> Fraction:
        return Fraction(self.worth.now) * sum(Fraction(held.now) for held in self.units.values())


@dataclass
class Ticket:
    """What somebody asked back, and when it is out of reach of slashes."""

    operator: str
    matures: int
    coins: Fraction = Fraction(0)
    left: Fraction = Fraction(1)  # of a coin that came into this half-period's tickets at its beginning


class Pools(Locks):
    """Stakes and tickets."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self.pools: defaultdict[str, Pool] = defaultdict(Pool)
        self.tickets: dict[tuple[str, str, int], Ticket] = {}  # (owner, operator, half-period)
        self.shares: defaultdict[tuple[str, str], int] = defaultdict(int)  # (operator, owner): what the hub answered

    def half(self) -> int:
        return self.now // (self.terms.unbonding // 2)

    def maturity(self, half: int) -> int:
        return (half + OPEN_TICKETS) * (self.terms.unbonding // 2)

    def capacity(self, operator: str) -> Fraction:
        """What the pool may still take: its coins stay within what the operator's own bound coins answer for."""
        return self.exposure[operator].now - self.pools[operator].coins

    def stake(self, owner: str, operator: str, amount: int) -> None:
        check(amount >= self.terms.min_stake, "hub: below minimum stake")
        check(operator in self.commissions, "hub: unknown operator")
        check(amount <= MAX_AMOUNT, "hub: amount too large")
        check(amount <= self.capacity(operator), "hub: pool is full")
        self.touched(operator)
        pool = self.pools[operator]
        if pool.worth.now == 0:
            pool.worth.set(self.now, Fraction(1))
        held = pool.units[owner]
        held.set(self.now, held.now + Fraction(amount) / pool.worth.now)

    def record_shares(self, owner: str, operator: str, shares: int) -> None:
        """The hub answered a stake with so many shares, in which its owner will speak from now on."""
        self.shares[operator, owner] += shares

    def unstake(self, owner: str, operator: str, shares: int) -> Ticket:
        check(shares > 0, "hub: zero amount")
        check(operator in self.commissions, "hub: unknown operator")
        held = self.shares[operator, owner]
        check(shares <= held, "hub: not enough shares")
        check(shares == held or held - shares >= self.terms.min_stake, "hub: dust left")
        self.touched(operator)
        pool, units = self.pools[operator], self.pools[operator].units[owner]
        leaving = units.now * Fraction(shares, held)
        coins = leaving * pool.worth.now
        units.set(self.now, units.now - leaving)
        self.shares[operator, owner] -= shares
        key = (owner, operator, self.half())
        ticket = self.tickets.setdefault(key, Ticket(operator, self.maturity(self.half()), left=self._left(operator)))
        ticket.coins += coins
        return ticket

    def _left(self, operator: str) -> Fraction:
        """How much of a coin the slashes of this half-period left to tickets that were there already."""
        matures = self.maturity(self.half())
        same = [item for item in self.tickets.values() if item.operator == operator and item.matures == matures]
        return max((item.left for item in same), default=Fraction(1))

    def staked(self, operator: str, owner: str) -> Fraction:
        """Coins of `owner` that are at stake with `operator`."""
        pool = self.pools[operator]
        return Fraction(pool.worth.now) * Fraction(pool.units[owner].now)

    def open_tickets(self, operator: str) -> list[Ticket]:
        return [item for item in self.tickets.values() if item.operator == operator and self.now < item.matures]

    def unbonding(self, operator: str) -> Fraction:
        return sum((item.coins for item in self.open_tickets(operator)), Fraction(0))

    def cut(self, operator: str, taken: Fraction) -> Fraction:
        """Take so many coins from pool and open tickets, pro rata; what was taken beyond, because it was dust."""
        pool, open_tickets = self.pools[operator], self.open_tickets(operator)
        whole = pool.coins + self.unbonding(operator)
        if whole == 0 or taken == 0:
            return Fraction(0)
        stays, dust = 1 - taken / whole, Fraction(0)
        for ticket in open_tickets:
            ticket.coins, ticket.left = ticket.coins * stays, ticket.left * stays
            if ticket.left < SPENT:
                dust += ticket.coins
                ticket.coins, ticket.left = Fraction(0), Fraction(1)
        worth = Fraction(pool.worth.now) * stays
        if worth < SPENT:
            dust += worth * sum(Fraction(held.now) for held in pool.units.values())
            for owner, held in pool.units.items():
                held.set(self.now, Fraction(0))
                self.shares[operator, owner] = 0
            worth = Fraction(0)
        pool.worth.set(self.now, worth)
        return dust
