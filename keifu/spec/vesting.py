"""What the vesting contracts should do, in plain Python: tests compare the contracts with it, status draws it.

All amounts are wei, all times unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["EVENT_DIVISOR", "MONTHS", "MONTH_SECONDS", "SUPPLY", "SWEEP_DELAY", "Ledger", "Schedule"]

# The same numbers as contracts/lib/constants.vy: a test compares them.
MONTH_SECONDS = 2_629_800  # a twelfth of a Julian year
MONTHS = 36
EVENT_DIVISOR = 3
SUPPLY = 10**27
SWEEP_DELAY = 2 * 12 * MONTH_SECONDS  # from the last step, at least


@dataclass(frozen=True)
class Schedule:
    """One part in `divisor` at the start (0: none), the rest in equal steps that count from the cliff on."""

    start: int
    step: int = MONTH_SECONDS
    steps: int = MONTHS
    divisor: int = EVENT_DIVISOR
    cliff: int = 0  # steps

    @property
    def end(self) -> int:
        """When all is vested."""
        return self.start + self.step * self.steps

    def passed(self, at: int) -> int:
        """Steps that count at `at`, from the start on."""
        passed = min((at - self.start) // self.step, self.steps)
        return passed if passed >= self.cliff else 0

    def vested(self, total: int, at: int) -> int:
        """How much of `total` is vested at `at`."""
        if at < self.start:
            return 0
        first = total // self.divisor if self.divisor else 0
        return first + (total - first) * self.passed(at) // self.steps

    def times(self) -> Iterable[int]:
        """The start and the end of each step."""
        return range(self.start, self.end + 1, self.step)


@dataclass
class Ledger:
    """Grants paid by one schedule: what TGEDistributor keeps."""

    schedule: Schedule
    totals: list[int]
    paid: dict[int, int] = field(default_factory=dict)

    def due(self, index: int, at: int) -> int:
        return self.schedule.vested(self.totals[index], at) - self.paid.get(index, 0)

    def claim(self, index: int, at: int) -> int:
        """Pay what is due; the amount."""
        due = self.due(index, at)
        self.paid[index] = self.paid.get(index, 0) + due
        return due

    @property
    def paid_out(self) -> int:
        return sum(self.paid.values())
