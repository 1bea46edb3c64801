"""`keifu cost`: what the suite costs beside list prices. The work is done in keifu/cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keifu.cli._print import table
from keifu.cli._types import OUT_PATH
from keifu.cli.verbs import json_option, verb

if TYPE_CHECKING:
    from keifu.cost.report import Report

__all__ = ["cli"]

RESULTS = Path("benchmarks/results.json")


def _print_template(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    del param
    if wanted and not ctx.resilient_parsing:
        from keifu.cost.inputs import own_prices

        click.echo(own_prices().decode(), nl=False)
        ctx.exit()


@verb("cost", example="keifu cost --prices prices.toml --page cost.html")
@click.option(
    "--results", type=click.Path(path_type=Path, dir_okay=False), default=RESULTS, show_default=True,
    help="What the benchmarks measured.",
)  # fmt: skip
@click.option(
    "--prices", type=click.Path(path_type=Path, dir_okay=False), help="Your prices.  [default: those of this version]"
)
@click.option("--commit", default="", metavar="HASH", help="Commit that the results have to be of.")
@click.option("--page", "page_file", type=OUT_PATH, help="File for a page of HTML with a picture.")
@click.option(
    "--template", is_flag=True, is_eager=True, expose_value=False, callback=_print_template,
    help="Print prices and assumptions of this version, to start a file of your own from.",
)  # fmt: skip
@json_option
def cli(results: Path, prices: Path | None, commit: str, page_file: Path | None, json_out: bool) -> None:
    """Compute what payments, answers, storage and records cost here and elsewhere, from measured gas, bytes and
    processor time and dated prices. What no benchmark has measured is said to be so, and never guessed."""
    from keifu.cost.page import page
    from keifu.cost.reading import read_report

    report = read_report(results, prices, commit)
    if page_file is not None:
        page_file.write_text(page(report), encoding="utf-8")
    if json_out:
        click.echo(json.dumps(report.data(), indent=2))
    else:
        _print(report)


def _print(report: Report) -> None:
    from keifu.cost.text import HEADS, cells, chart, inputs_table, reasons

    click.echo(f"{report.measured}\n")
    table(HEADS, [cells(row) for row in report.rows])
    click.echo()
    for line in chart(report):
        click.echo(line)
    click.echo("\nWhere this suite is not cheaper, and what is not counted:")
    for line, why in reasons(report):
        click.echo(f"* {line}\n  {why}")
    click.echo()
    table(("input", "value", "unit", "as of", "source"), inputs_table(report))
