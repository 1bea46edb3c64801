"""`evmstorm fuzz`: search the contracts for sequences of calls that break an invariant."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from evmstorm.cli._command import Command, machine_option

__all__ = ["cli"]

DEFAULT_REPORT = ".cache/fuzz/report.html"


@click.command(cls=Command, example="vault --seconds 60 --seed 7")
@click.argument("systems", nargs=-1)
@click.option(
    "--profile", type=click.Choice(["quick", "deep"]), default="quick", show_default=True, help="How much to spend."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed that everything random follows from.")
@click.option("--calls", type=int, help="Calls and waits to spend on each system, over all processes.")
@click.option("--seconds", type=float, help="Time to spend on each system instead of a number of calls.")
@click.option("--processes", type=int, help="Processes that search side by side.")
@click.option("--blind", is_flag=True, help="Random sequences only, without coverage guidance.")
@click.option("--corpus", help="Folder that keeps what reached something new, shared by processes and runs.")
@click.option("--findings", help="Folder for counterexamples.")
@click.option("--report", default=DEFAULT_REPORT, show_default=True, help="HTML report.")
@click.option("--list", "listing", is_flag=True, help="Name the systems that the project describes.")
@click.option(
    "--seeded-bugs", is_flag=True, help="Put each seeded bug into the code in turn and search for it instead."
)
@machine_option
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def cli(
    systems: tuple[str, ...],
    profile: str,
    seed: int,
    calls: int | None,
    seconds: float | None,
    processes: int | None,
    blind: bool,
    corpus: str | None,
    findings: str | None,
    report: str,
    listing: bool,
    seeded_bugs: bool,
    as_json: bool,
) -> int:
    """Run random sequences of calls against a model and numbered invariants; exit 1 with a counterexample."""
    from evmstorm import project  # noqa: PLC0415
    from evmstorm.fuzz import campaign  # noqa: PLC0415
    from evmstorm.fuzz import report as reports  # noqa: PLC0415

    if listing:
        click.echo("\n".join(project.names()))
        return 0
    names = list(systems) or project.names()
    for name in names:
        project.load(name)
    if seeded_bugs:
        return _search_for_seeded_bugs(names, seed)
    chosen: dict[str, Any] = {
        "calls": 0 if seconds and calls is None else calls,
        "seconds": seconds,
        "processes": processes,
        "corpus": corpus,
        "findings": findings,
        "guided": False if blind else None,
    }
    plan = dataclasses.replace(
        campaign.PROFILES[profile], seed=seed, **{key: value for key, value in chosen.items() if value is not None}
    )
    if as_json:
        results = campaign.run(names, plan)
        click.echo(reports.as_json(results, plan).decode())
    else:
        with reports.Progress(names, plan) as progress:
            results = campaign.run(names, plan, on_progress=progress.update)
        group = click.get_current_context().parent
        reports.print_results(results, plan, program=group.command_path if group else "evmstorm")
    if report:
        Path(report).parent.mkdir(parents=True, exist_ok=True)
        Path(report).write_text(reports.as_html(results, plan))
        click.echo(f"report: {report}", err=as_json)
    return 1 if any(result.findings for result in results) else 0


def _search_for_seeded_bugs(names: list[str], seed: int) -> int:
    """Search for every seeded bug of `names`; 1 when one was not found."""
    from statistics import median  # noqa: PLC0415

    from evmstorm import project  # noqa: PLC0415
    from evmstorm.mutation.seeded_bugs import search_for_bug  # noqa: PLC0415

    missed = 0
    for name in names:
        if not (bugs := project.bugs_of(name)):
            continue
        spent = []
        for bug in bugs:
            result = search_for_bug(project.load(name), bug, seed=seed)
            missed += result.example is None
            spent.append(result.seconds)
            how = f"{result.steps} calls: {result.example.finding}" if result.example else "NOT FOUND"
            click.echo(f"{name:<14} {bug.name:<40} {result.seconds:7.3f} s {result.calls:>9,} searched  {how}")
        click.echo(f"{name:<14} median {median(spent):.3f} s")
    return 1 if missed else 0
