"""`python -m benchmarks --area tge`: measure, print the table, write benchmarks/results.json."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
from rich.console import Console

from benchmarks import _results, table
from benchmarks._areas import AREAS, rows
from benchmarks._calibration import calibrate
from benchmarks._lab import Lab
from benchmarks._report import show, show_settings
from benchmarks._rows import Result, Row, measure
from keifu.errors import CheckFailed

__all__ = ["main"]


def _measured(wanted: Sequence[Row], console: Console) -> Iterator[Result]:
    """The rows one after another. Raises CheckFailed, naming the row, when one gives a wrong result."""
    with Lab() as lab, console.status("") as status:
        for done, row in enumerate(wanted, 1):
            status.update(f"{row.id} ({done} of {len(wanted)})")
            before = calibrate() if row.is_timed else 0.0
            try:
                result = measure(row, lab)
            except (AssertionError, CheckFailed) as error:
                raise CheckFailed(f"{row.id}: {error}") from error
            if row.is_timed and result.ours is not None:
                result = result.with_note(f"calibration loop {max(before, calibrate()):.2f} s")
            yield result


@click.command(epilog="Example: python -m benchmarks --area tge --quick")
@click.option("--area", type=click.Choice([*AREAS, "all"]), default="all", show_default=True, help="What to measure.")
@click.option("--quick", is_flag=True, help="Leave out the rows that take more than a few seconds.")
@click.option("--only", multiple=True, metavar="ID", help="Measure this row alone; repeatable.")
@click.option("--strict", is_flag=True, help="Exit with 1 when a bar is missed.")
@click.option("--no-save", is_flag=True, help="Leave benchmarks/results.json as it is.")
def main(area: str, *, quick: bool, only: tuple[str, ...], strict: bool, no_save: bool) -> None:
    """Measure Keifu beside its peers, on one anvil, from one run."""
    console = Console()
    if not console.is_terminal:
        console.width = 200
    show_settings(console)
    unknown = set(only) - {row.id for row in rows(area)}
    if unknown:
        raise click.BadParameter(f"{area} has no row {', '.join(sorted(unknown))}", param_hint="--only")
    wanted = [row for row in rows(area) if not (quick and row.heavy) and (not only or row.id in only)]
    results: list[Result] = []
    try:
        results.extend(_measured(wanted, console))
    except CheckFailed as error:
        console.print(f"[red]wrong result[/]: {error}")
        raise SystemExit(error.exit_code) from error
    finally:  # what was measured is kept, whatever happened then
        show(console, results, {row.id for row in rows("all")})
        if not no_save:
            _results.save(_results.merge(_results.load(), results, _results.commit()))
            table.main([])
            console.print(
                f"written: benchmarks/{_results.FILE.name} and the tables of README.md and docs/benchmarks.md"
            )
    if strict and any(result.met is False for result in results):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
