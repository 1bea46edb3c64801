"""Epochs of the staking hub, in plain Python: who earns what, epoch by epoch."""

from __future__ import annotations

from collections import defaultdict

from keifu.spec._hub_owed import Owed
from keifu.spec._hub_state import (
    BPS,
    MAX_INDEX,
    OPEN_BUCKETS,
    PRECISION,
    Bucket,
    Operator,
    Position,
    Service,
    Terms,
    check,
)

__all__ = ["Books"]


class Books(Owed):
    """Epochs, shares and rewards: what contracts/staking/lib/ledger.vy and positions.vy keep."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.now = terms.genesis
        self.operators: dict[str, Operator] = {}
        self.services: dict[str, Service] = {}
        self.tickets: dict[tuple[str, str, int], Bucket] = {}
        self.credits: defaultdict[str, int] = defaultdict(int)
        self.stake_total = 0
        self.insurance = 0
        self.emission = 0
        self.epoch_touched = 1
        self.history: dict[int, tuple[int, int]] = {}
        self.paid_in = 0
        self.paid_out = 0

    # epochs ----------------------------------------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        return (self.now - self.terms.genesis) // self.terms.epoch_length + 1

    def _half(self) -> int:
        return self.now // (self.terms.unbonding // 2)

    def maturity(self, half: int) -> int:
        return (half + OPEN_BUCKETS) * (self.terms.unbonding // 2)

    def _roll_totals(self) -> None:
        now = self.epoch
        if self.epoch_touched == now:
            return
        reached, running = self.history.get(self.epoch_touched, (0, 0))
        increment = 0
        if self.stake_total >= self.terms.min_stake:
            increment = self.emission // self.stake_total
            self.emission -= increment * self.stake_total
        self.history[now] = (reached + running, increment)
        self.epoch_touched = now

    def open(self, name: str) -> Operator:
        """The operator with its books at the current epoch."""
        check(name in self.operators, "hub: unknown operator")
        operator, now = self.operators[name], self.epoch
        if operator.epoch == now:
            return operator
        self._roll_totals()
        touched, running = self.history.get(operator.epoch, (0, 0))
        emitted = operator.start * running + operator.stake * (self.history[now][0] - touched - running)
        gross = emitted + operator.fees  # times PRECISION
        whole = gross // PRECISION
        own = whole * self.commission(operator, now) // BPS
        own += (whole - own) * operator.bond.active // operator.stake if operator.stake else 0
        if operator.shares == 0:
            own = whole
        operator.increment, operator.fees = 0, gross - own * PRECISION
        if operator.shares:
            operator.increment = min(operator.fees // operator.shares, MAX_INDEX - operator.index)
            operator.fees -= operator.increment * operator.shares
        operator.index += operator.increment
        if operator.epoch + 1 < now:  # the rollover is a full epoch late: already earned
            operator.increment = 0
        self.credits[name] += own
        operator.previous_start = operator.start if operator.epoch + 1 == now else operator.stake
        operator.start = operator.stake
        operator.epoch = now
        return operator

    def commission(self, operator: Operator, epoch: int) -> int:
        return operator.next_commission if epoch >= operator.commission_from else operator.commission

    def _change_total(self, delta: int, insurance: int = 0) -> None:
        self._roll_totals()
        self.stake_total += delta
        self.insurance += insurance

    # positions -------------------------------------------------------------------------------------------------------

    def linear(self, operator: Operator) -> int:
        elapsed = (self.now - self.terms.genesis) % self.terms.epoch_length
        return operator.index - operator.increment + operator.increment * elapsed // self.terms.epoch_length

    def _reached(self, operator: Operator, position: Position) -> int:
        if position.generation != operator.generation:
            return operator.closed.get(position.generation, 0)
        return self.linear(operator)

    def _pending(self, operator: Operator, position: Position) -> int:
        ahead = max(self._reached(operator, position) - position.index, 0)
        return position.shares * ahead // PRECISION

    def _join(self, operator: Operator, owner: str, shares: int) -> None:
        position = operator.positions.get(owner, Position())
        if position.generation != operator.generation:
            self.credits[owner] += self._pending(operator, position)
            position = Position(0, operator.index, operator.generation)
        total = position.shares + shares
        index = -(-(position.index * position.shares + operator.index * shares) // total)
        operator.positions[owner] = Position(total, index, operator.generation)

    def _leave(self, operator: Operator, owner: str, shares: int) -> None:
        position = operator.positions.get(owner, Position())
        enough = position.generation == operator.generation and position.shares >= shares
        check(enough, "hub: not enough shares")
        reached = max(self.linear(operator), position.index)
        self.credits[owner] += shares * (reached - position.index) // PRECISION
        operator.fees += shares * (operator.index - reached)
        position.shares -= shares
        check(position.shares == 0 or position.shares >= self.terms.min_stake, "hub: dust left")

    # rewards ---------------------------------------------------------------------------------------------------------

    def reward(self, name: str, amount: int) -> None:
        check(amount > 0, "hub: zero amount")
        self.open(name).fees += amount * PRECISION
        self.paid_in += amount

    def fund_emission(self, amount: int) -> None:
        check(amount > 0, "hub: zero amount")
        self._roll_totals()
        self.emission += amount * PRECISION
        self.paid_in += amount

    def pay_insurance(self) -> int:
        self._roll_totals()
        amount, self.insurance = self.insurance, 0
        self.paid_out += amount
        return amount
