"""`evmstorm fuzz`: search the contracts for sequences of calls that break an invariant."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evmstorm.cli._command import Command, chosen_systems, machine_option, project_option

if TYPE_CHECKING:
    from evmstorm.coverage.reached import Reached

__all__ = ["cli"]

COVERAGE_CALLS = 20_000  # of the short campaign that stands for one whose corpus is not kept
DEFAULT_REPORT = ".cache/fuzz/report.html"


@click.command(cls=Command, example="vault --seconds 60 --seed 7")
@click.argument("systems", nargs=-1, metavar="[SYSTEM | FILE.py]...")
@click.option(
    "--profile", type=click.Choice(["quick", "deep"]), default="quick", show_default=True, help="Length of the search."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed that everything random follows from.")
@click.option("--calls", type=int, help="Calls and waits to spend on each system, over all processes.")
@click.option("--seconds", type=float, help="Time to spend on each system instead of a number of calls.")
@click.option("--processes", type=int, help="Processes that search side by side.")
@click.option("--blind", is_flag=True, help="Random sequences only, without coverage guidance.")
@click.option(
    "--corpus",
    metavar="DIRECTORY",
    help="Folder of sequences that reached something new, shared by processes and runs.",
)
@click.option(
    "--machines",
    metavar="REDIS",
    default="",
    help="Address of a Redis, redis://host:port/number: machines that name the same one show what all have searched.",
)
@click.option("--findings", metavar="DIRECTORY", help="Folder for counterexamples.")
@click.option("--report", metavar="FILE", default=DEFAULT_REPORT, show_default=True, help="HTML report.")
@click.option("--coverage", is_flag=True, help="Say which branches the search reached, too.")
@click.option("--junit", help="Write the results as a JUnit report too.", metavar="FILE")
@click.option("--sarif", help="Write the findings as SARIF too.", metavar="FILE")
@click.option("--github", is_flag=True, help="Print findings as GitHub's annotations too.")
@click.option("--list", "listing", is_flag=True, help="Name the systems that the project describes.")
@click.option(
    "--seeded-bugs", is_flag=True, help="Put each seeded bug into the code in turn and search for it instead."
)
@project_option
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
    machines: str,
    findings: str | None,
    report: str,
    coverage: bool,
    junit: str | None,
    sarif: str | None,
    github: bool,
    listing: bool,
    seeded_bugs: bool,
    as_json: bool,
) -> int:
    """Run random sequences of calls against a model and numbered invariants; exit status 1 with a counterexample.

    SYSTEM is a system that the project describes, FILE.py the file of a description, in a project or by itself.
    """
    from evmstorm import project  # noqa: PLC0415
    from evmstorm.fuzz import campaign, outputs  # noqa: PLC0415
    from evmstorm.fuzz import report as reports  # noqa: PLC0415
    from evmstorm.fuzz.machines import Machines  # noqa: PLC0415

    if listing:
        click.echo("\n".join(project.names()))
        return 0
    names = chosen_systems(systems)
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
    with Machines(machines) as others, reports.Progress(names, plan, shown=not as_json) as progress:

        def on_progress(result: campaign.SystemResult) -> None:
            others.tell(result)
            progress.update(result)

        results = campaign.run(names, plan, on_progress=on_progress)
        for result in results:
            others.tell(result, now=True)
    if others.lost:
        click.echo("Redis fell silent during the search: what other machines did is of before", err=True)
    faulty = {result.system for result in results if result.findings}
    reached = [part for name in names for part in _reached(name, plan, faulty)] if coverage else None
    if as_json:
        click.echo(reports.as_json(results, plan, reached).decode())
    else:
        group = click.get_current_context().parent
        reports.print_results(results, plan, program=group.command_path if group else "evmstorm")
        click.echo("".join(f"{part.line()}\n" for part in reached or []), nl=False)
    root = project.root()
    for path, text in ((junit, outputs.as_junit(results)), (sarif, outputs.as_sarif(results, root))):
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text)
    if github:
        click.echo(outputs.as_annotations(results, root), nl=False)
    if report:
        Path(report).parent.mkdir(parents=True, exist_ok=True)
        Path(report).write_text(reports.as_html(results, plan, reached or []))
        click.echo(f"report: {report}", err=as_json)
    return 1 if any(result.findings for result in results) else 0


def _reached(name: str, plan: Any, faulty: set[str]) -> list[Reached]:
    """What ran of each source file. The campaign's corpus is run again, or, where none is kept, a short campaign of the
    same seed."""
    from evmstorm import project  # noqa: PLC0415
    from evmstorm.coverage import Coverage, corpus  # noqa: PLC0415
    from evmstorm.coverage.reached import reached  # noqa: PLC0415

    system = project.load(name)
    title = system.title()
    found = Coverage(system.contracts)
    kept = Path(plan.corpus) / title if plan.corpus else None
    sequences = corpus.corpus(system, folder=kept, calls=COVERAGE_CALLS, seed=plan.seed, faulty=title in faulty)
    corpus.replay(system, sequences, found, faulty=title in faulty)
    return [reached(title, file) for file in found.report()]


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
