"""What the emission schedule gives to each epoch, from the log of who funded it when."""

from __future__ import annotations

from dataclasses import dataclass, field

from keifu.spec.refusals import check

__all__ = ["Emission"]


@dataclass
class Emission:
    """Epochs `first` to `first + epochs - 1`; whoever funds spreads equally over those that are not over."""

    first: int
    epochs: int
    fundings: list[tuple[int, int]] = field(default_factory=list)  # (first epoch that gets a part, wei an epoch)

    @property
    def end(self) -> int:
        """The first epoch after the last one with emission."""
        return self.first + self.epochs

    def fund(self, epoch: int, amount: int) -> int:
        """What is taken of `amount`: equal whole parts."""
        start = max(epoch, self.first)
        check(start < self.end, "hub: emission is over")
        part = amount // (self.end - start)
        check(part > 0, "hub: zero amount")
        self.fundings.append((start, part))
        return part * (self.end - start)

    def of(self, epoch: int) -> int:
        """Wei that the schedule gives to `epoch`."""
        if not self.first <= epoch < self.end:
            return 0
        return sum(part for start, part in self.fundings if start <= epoch)

    def changes(self) -> list[int]:
        """Epochs from which on it gives another sum."""
        return [self.first, self.end, *(start for start, _ in self.fundings)]
