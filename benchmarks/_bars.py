"""The bars: for each measure which way is better, how far it must get, and what stands behind the figure."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Bar", "bars"]

FILE = Path(__file__).parent / "bars.tsv"


@dataclass(frozen=True)
class Bar:
    """One line of bars.tsv. `against` says in words where the figure comes from."""

    id: str
    lower_is_better: bool
    figure: float
    unit: str
    against: str

    def met_by(self, value: float) -> bool:
        return value <= self.figure if self.lower_is_better else value >= self.figure


@cache
def bars() -> dict[str, Bar]:
    """Every bar by id, in the order of the file."""
    with FILE.open(newline="") as file:
        return {
            line["id"]: Bar(
                id=line["id"],
                lower_is_better=line["better"] == "lower",
                figure=float(line["bar"]),
                unit=line["unit"],
                against=line["measured against"],
            )
            for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        }
