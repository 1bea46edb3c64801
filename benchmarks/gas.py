"""The gas check: no figure of ours grows by more than 2 % without a reason in benchmarks/gas.json.

`python -m benchmarks.gas` compares; `python -m benchmarks.gas --update --why "..."` records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks._areas import gas_rows
from benchmarks._lab import Lab
from benchmarks._rows import measure
from keifu.errors import UsageError

__all__ = ["FILE", "Recorded", "growth", "main", "measured", "recorded", "updated"]

FILE = Path(__file__).parent / "gas.json"
TOLERANCE_PERCENT = 2


@dataclass(frozen=True)
class Recorded:
    """A committed figure and why it is what it is."""

    gas: float
    why: str


def recorded(path: Path = FILE) -> dict[str, Recorded]:
    """The committed figures by id."""
    if not path.exists():
        return {}
    return {id_: Recorded(entry["gas"], entry["why"]) for id_, entry in json.loads(path.read_bytes()).items()}


def measured() -> tuple[dict[str, float], dict[str, str]]:
    """Our gas figures now, from one anvil, and why others could not be measured."""
    with Lab() as lab:
        results = [measure(row, lab, peers=False) for row in gas_rows()]
    figures = {result.row.id: result.ours for result in results if result.ours is not None}
    return figures, {result.row.id: result.note for result in results if result.ours is None}


def growth(before: Mapping[str, Recorded], now: Mapping[str, float], missing: Mapping[str, str]) -> list[str]:
    """One line for each figure that grew by more than the tolerance, or is recorded and could not be measured."""
    lines = [
        f"{id_}: {now[id_]:,.0f} gas, {now[id_] / old.gas - 1:+.1%} over {old.gas:,.0f}"
        for id_, old in before.items()
        if id_ in now and now[id_] * 100 > old.gas * (100 + TOLERANCE_PERCENT)
    ]
    return lines + [f"{id_}: {missing.get(id_, 'recorded, but no row')}" for id_ in before if id_ not in now]


def updated(before: Mapping[str, Recorded], now: Mapping[str, float], why: str) -> dict[str, Recorded]:
    """The figures to commit: a figure that did not change keeps its reason. Raises UsageError without a reason."""
    changed = {id_ for id_, gas in now.items() if id_ not in before or before[id_].gas != gas}
    if changed and not why.strip():
        raise UsageError(f"{len(changed)} figures changed", remedy='say why: --update --why "..."')
    return {id_: Recorded(gas, why.strip()) if id_ in changed else before[id_] for id_, gas in now.items()}


def _save(figures: Mapping[str, Recorded], path: Path = FILE) -> None:
    document = {id_: {"gas": figure.gas, "why": figure.why} for id_, figure in figures.items()}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


@click.command(epilog='Example: python -m benchmarks.gas --update --why "claims check a deadline now"')
@click.option("--update", is_flag=True, help="Record the figures of now.")
@click.option("--why", default="", help="The reason that is recorded with each figure that changed.")
def main(*, update: bool, why: str) -> None:
    """Compare our gas with the committed figures; exit with 1 when one grew by more than 2 %."""
    before, (now, missing) = recorded(), measured()
    for id_, gas in now.items():
        old = f"{gas / before[id_].gas - 1:+.2%}" if id_ in before else "new"
        click.echo(f"{id_:24} {gas:>12,.6g} {old}")
    if update:
        try:
            _save(updated(before, now, why))
        except UsageError as error:
            click.echo(error, err=True)
            raise SystemExit(error.exit_code) from None
        return
    if grown := growth(before, now, missing):
        click.echo("\n".join(grown), err=True)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
