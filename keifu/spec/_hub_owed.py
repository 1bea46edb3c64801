"""What the staking hub owes: the sums that its balance must cover."""

from __future__ import annotations

from abc import ABC, abstractmethod

from keifu.spec._hub_state import PRECISION, Bucket, Operator

__all__ = ["Owed"]


class Owed(ABC):
    """The part of the model that only reads."""

    now: int
    operators: dict[str, Operator]
    tickets: dict[tuple[str, str, int], Bucket]
    credits: dict[str, int]
    stake_total: int
    insurance: int
    emission: int
    epoch_touched: int
    history: dict[int, tuple[int, int]]
    paid_in: int
    paid_out: int

    @abstractmethod
    def maturity(self, half: int) -> int: ...

    @abstractmethod
    def ticket_worth(self, owner: str, name: str, half: int) -> int: ...

    @property
    def balance(self) -> int:
        """Wei that the hub holds, donations aside."""
        return self.paid_in - self.paid_out

    def liabilities(self) -> int:
        """Wei that the hub owes by shares, tickets and words; rewards on their way are counted by `rewards`."""
        owed = self.stake_total + self.insurance + sum(self.credits.values())
        owed += sum(operator.bond.leaving for operator in self.operators.values())
        for name, operator in self.operators.items():
            for half, bucket in operator.buckets.items():
                if self.now < self.maturity(half):
                    owed += bucket.tokens
            owed += sum(
                self.ticket_worth(owner, at, half)
                for owner, at, half in self.tickets
                if at == name and self.now >= self.maturity(half)
            )
        return owed

    def rewards(self) -> int:
        """Wei times PRECISION: fees and emission to come, and what shares earned and nobody claimed."""
        owed = self.emission
        for operator in self.operators.values():
            owed += operator.fees
            for position in operator.positions.values():
                current = position.generation == operator.generation
                end = operator.index if current else operator.closed.get(position.generation, 0)
                owed += position.shares * max(end - position.index, 0)
            # Emission that the operator's next roll will find.
            reached, running = self.history.get(operator.epoch, (0, 0))
            top, top_running = self.history.get(self.epoch_touched, (0, 0))
            if operator.epoch < self.epoch_touched:
                owed += operator.start * running + operator.stake * (top - reached - running + top_running)
            else:
                owed += operator.start * top_running
        return owed

    def surplus(self) -> int:
        """Wei times PRECISION that the hub's books hold beyond what it owes, donations aside."""
        return (self.balance - self.liabilities()) * PRECISION - self.rewards()

    def dust(self, operations: int) -> int:
        """Most that `surplus` may be: a payment is rounded down to the wei, a mean index up, which is a wei for each
        2^84 shares."""
        return operations * (PRECISION + max((item.shares for item in self.operators.values()), default=0))
