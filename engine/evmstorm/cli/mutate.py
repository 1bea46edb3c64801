"""`evmstorm mutate`: how many small changes of a contract its campaign notices."""

from __future__ import annotations

from pathlib import Path

import click

from evmstorm.cli._command import Command, machine_option, project_option

__all__ = ["cli"]


@click.command(cls=Command, example="Vault --sample 50")
@click.argument("contract")
@click.option("--sample", type=int, default=0, help="Test N random mutants.  [default: all]", metavar="N")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed that everything random follows from.")
@click.option("--processes", type=int, default=2, show_default=True, help="Processes that work side by side.")
@click.option("--bar", type=float, default=0.9, show_default=True, help="Exit status 1 below this score.")
@click.option(
    "--solc",
    type=click.Path(path_type=Path),
    help="Solidity's compiler, or the folder of its npm package.  [default: Foundry's, the PATH's or the project's]",
)
@project_option
@machine_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def cli(contract: str, sample: int, seed: int, processes: int, bar: float, solc: Path | None, as_json: bool) -> int:
    """Change the source in every small way and see whether the campaign finds out; list what it does not."""
    import msgspec  # noqa: PLC0415

    from evmstorm.evm import solc as compilers  # noqa: PLC0415
    from evmstorm.mutation import mutate, scores  # noqa: PLC0415

    if solc is not None:
        compilers.choose(solc)

    def report(done: int, total: int, fate: str) -> None:
        if done % 10 == 0 or fate == "alive":
            click.echo(f"{done}/{total} {fate}", err=True)

    result = mutate.score(contract, sample=sample, seed=seed, processes=processes, on_progress=report)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(scores.scored(result)), indent=2).decode())
    else:
        for outcome in result.outcomes:
            if outcome.fate == "survived":
                place = f"{outcome.mutant.file}:{outcome.mutant.line}"
                click.echo(f"{place} ({outcome.mutant.kind})\n  - {outcome.before}\n  + {outcome.after}")
                click.echo(f"  {outcome.by}")
        fates = ", ".join(f"{result.count(fate)} {fate}" for fate in mutate.FATES)
        click.echo(f"{result.contract}: {result.made} mutants: {fates}")
        click.echo(f"score {result.score:.1%}, {result.per_minute:.0f} mutants a minute, seed {seed}")
    return 0 if result.score >= bar else 1
