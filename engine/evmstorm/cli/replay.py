"""`evmstorm replay FILE`: a counterexample on a real node, or as a regression test."""

from __future__ import annotations

from pathlib import Path

import click

from evmstorm.cli._command import Command, project_option

__all__ = ["cli"]


@click.command(cls=Command, example=".cache/fuzz/findings/vault-exit-refusal-6657d200.json")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as-test", "as_test", is_flag=True, help="Write a regression test instead.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the test of --as-test.  [default: tests/e2e]",
)
@project_option
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def cli(file: Path, as_test: bool, out: Path | None, as_json: bool) -> int:
    """Send the steps of FILE to a fresh anvil and compare reverts and state; exit status 1 while the fault is there."""
    import json  # noqa: PLC0415

    from evmstorm import project  # noqa: PLC0415
    from evmstorm.fuzz.counterexample import Counterexample  # noqa: PLC0415

    example = Counterexample.load(file)
    system = project.load(project.choose_for(Path(example.described)) if example.described else example.system)
    if as_test:
        from evmstorm.fuzz.regression import write  # noqa: PLC0415

        click.echo(f"wrote {write(example, out or Path('tests/e2e'))}")
        return 0
    from evmstorm.fuzz.replay import replay  # noqa: PLC0415

    outcome = replay(example, system)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "finding": outcome.finding.id if outcome.finding else None,
                    "transactions": outcome.transactions,
                    "reverts": outcome.reverts,
                    "compared": outcome.slots,
                    "differences": [str(item) for item in outcome.differences],
                    "stale": outcome.stale,
                }
            )
        )
    else:
        click.echo(example.script())
        if outcome.stale:
            click.echo("the code has changed since this was found")
        click.echo(
            f"anvil: {outcome.transactions} transactions, {outcome.reverts} refused, {outcome.slots} slots and "
            f"balances compared, {len(outcome.differences)} differences"
        )
        for difference in outcome.differences:
            click.echo(f"  {difference}")
        click.echo(f"the fault is there: {outcome.finding.id}" if outcome.finding else "the fault is gone")
    return 1 if outcome.finding or outcome.differences else 0
