"""The table that a run prints."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks._bars import bars
from benchmarks._calibration import REFERENCE_SECONDS
from benchmarks._peers import PUBLISHED, UNITS, load
from benchmarks._rows import Result, number
from keifu.errors import KeifuError

__all__ = ["show", "show_settings"]

_MET = {True: "[green]yes[/]", False: "[red]no[/]", None: "[yellow]not measured[/]"}


def show(console: Console, results: Sequence[Result], measured: Collection[str]) -> None:
    """One line a row, the bars that no row of `measured` takes yet, then the sum."""
    table = Table(title="Keifu beside its peers", show_lines=False, pad_edge=False)
    for column, justify in (("id", "left"), ("ours", "right"), ("peer", "right"), ("ratio", "right")):
        table.add_column(column, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("bar", justify="right", max_width=24)
    table.add_column("met?", no_wrap=True)
    table.add_column("how compared", overflow="fold")
    for result in results:
        bar = result.row.bar
        peer = number(result.peer) + (" (quoted)" if result.quoted else "")
        ratio = f"{result.ratio:.2f}" if result.ratio is not None else "–"
        limit = f"{'≤' if bar.lower_is_better else '≥'} {number(bar.figure)} {bar.unit}" if bar else "no bar"
        met = _MET[result.met] if bar or result.ours is None else "–"
        how = "; ".join(part for part in (result.row.how, result.note) if part)
        table.add_row(result.row.id, number(result.ours), peer, ratio, limit, met, how)
    console.print(table)
    judged = [result for result in results if result.met is not None]
    passed = sum(1 for result in judged if result.met)
    absent = sum(1 for result in results if result.ours is None)
    not_yet = [id_ for id_ in bars() if id_ not in measured]
    if not_yet:
        console.print(f"not yet: {', '.join(not_yet)}")
    console.print(
        f"{passed} of {len(judged)} bars met; {absent} rows not measured; {len(not_yet)} measures of rooms not built. "
        f"The calibration loop beside a timed row takes {REFERENCE_SECONDS:.2f} s on the machine that its bar assumes."
    )


def show_settings(console: Console) -> None:
    """Compiler and settings of each peer, and ours."""
    from importlib.metadata import version  # noqa: PLC0415

    console.print(f"ours: Vyper {version('vyper')}, default optimisation (gas), cancun; anvil, one transaction a block")
    for unit in UNITS:
        console.print(f"{', '.join(unit.contracts)}: {unit}")
    for name in PUBLISHED:
        try:
            console.print(f"{name}: {load(name).made_with}")
        except KeifuError as error:
            console.print(f"{name}: {error}")
