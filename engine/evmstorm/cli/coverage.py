"""`evmstorm coverage`: which lines and branches of the contracts a campaign ran."""

from __future__ import annotations

from pathlib import Path

import click

from evmstorm.cli._command import Command, chosen_systems, project_option

__all__ = ["cli"]


@click.command(cls=Command, example="vault --corpus .cache/fuzz/corpus")
@click.argument("systems", nargs=-1, metavar="[SYSTEM | FILE.py]...")
@click.option(
    "--corpus",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of a campaign's corpus (a folder a system).",
)
@click.option(
    "--calls",
    type=int,
    default=40_000,
    show_default=True,
    help="Calls and waits of the campaign that is run when no corpus is given.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the short campaign.")
@click.option(
    "--html",
    "pages",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/coverage"),
    show_default=True,
    help="Folder for the pages.",
)
@click.option(
    "--lcov",
    "tracefile",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Trace file for other tools.  [default: lcov.info beside the pages]",
)
@project_option
@click.option("--packages", is_flag=True, help="Show imported packages too, not only contracts/.")
@click.option("--least", type=float, default=0.0, help="Fail below this coverage of lines or branches (%).")
def cli(
    systems: tuple[str, ...],
    corpus: Path | None,
    calls: int,
    seed: int,
    pages: Path,
    tracefile: Path | None,
    packages: bool,
    least: float,
) -> int:
    """Run a campaign's sequences on a traced EVM and report which lines and branches of the source ran."""
    from evmstorm import project  # noqa: PLC0415
    from evmstorm.coverage import Coverage, print_table, write_html, write_lcov  # noqa: PLC0415
    from evmstorm.coverage import corpus as corpora  # noqa: PLC0415

    chosen = [project.load(name) for name in chosen_systems(systems)]
    coverage = Coverage(dict.fromkeys(name for system in chosen for name in system.contracts))
    for system in chosen:
        folder = corpus / system.title() if corpus is not None else None
        sequences = corpora.corpus(system, folder=folder, calls=calls, seed=seed)
        done = corpora.replay(system, sequences, coverage)
        click.echo(f"{system.title()}: {len(sequences)} sequences, {done} calls, seed {seed}", err=True)
    files = coverage.report(packages=packages)
    print_table(files)
    write_lcov(files, tracefile or pages / "lcov.info")
    click.echo(f"pages: {write_html(files, pages)}", err=True)
    ran = [(sum(f.lines_hit for f in files), sum(len(f.lines) for f in files))]
    ran.append((sum(f.outcomes_hit for f in files), sum(f.outcomes for f in files)))
    return 1 if any(100 * hit < least * of for hit, of in ran) else 0
