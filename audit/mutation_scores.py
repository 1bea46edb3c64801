"""The committed mutation scores: `python -m audit.mutation_scores` measures them, `--sample` checks a random part."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import click

from ethwire.commands import exit_status
from evmstorm.mutation import mutate, scores
from evmstorm.mutation.journal import Journal
from evmstorm.reports import write_report

# Those that hold the coins; the others are measured when they are named.
CONTRACTS = ("KeifuToken", "TGEDistributor", "VestingEscrow", "StakingHub", "AlignmentCourt", "Insurance")
REPORT = Path("audit/reports/mutation.json")
SAMPLED = 8  # mutants of each contract
BAR = 0.95
JOURNALS = Path(".cache/mutation")


@click.command()
@click.option("--sample", is_flag=True, help="Compile and search a few mutants of each contract again, and compare.")
@click.option("--seed", type=int, default=0, help="Of the sample, where 0 draws one; or of the searches, 1 by default.")
@click.option("--processes", type=int, default=2, show_default=True)
@click.argument("contracts", nargs=-1)
def main(sample: bool, seed: int, processes: int, contracts: tuple[str, ...]) -> int:
    """Measure every contract that holds value, or the CONTRACTS named, and write audit/reports/mutation.json; scores of
    the other contracts stay if they are of the same sources and descriptions. A run that was stopped goes on where it
    was when it is started again with the same seed."""
    if sample:
        drawn = seed or random.SystemRandom().randrange(1, 1 << 32)
        click.echo(f"sample with seed {drawn}")
        report = scores.read(REPORT)
        for part in scores.check(report, each=SAMPLED, seed=drawn, processes=processes):
            click.echo(f"{part.contract}: {part.fates}, as reported")
        return 0
    click.echo(f"every mutant of every line; seed {seed or 1}")
    for contract in contracts or CONTRACTS:

        def show(done: int, total: int, _: str, contract: str = contract) -> None:
            if done % 50 == 0:
                click.echo(f"{contract}: {done}/{total}")

        journal = Journal(JOURNALS / f"{contract}.jsonl", scores.subject_of(contract, seed or 1))
        result = mutate.score(contract, seed=seed or 1, processes=processes, journal=journal, on_progress=show)
        item = scores.scored(result)
        click.echo(f"{contract}: {item.fates}: score {item.score:.1%}, {item.per_minute:.0f} a minute")
        # After each, as a run takes long; read anew, as another run may have written meanwhile.
        known = {other.contract: other for other in scores.current(scores.read(REPORT))} if REPORT.exists() else {}
        known[contract] = item
        report = scores.report_of([*known.values()], f"python -m audit.mutation_scores --processes {processes}")
        write_report(REPORT, report)
    click.echo(f"{report.made:,} mutants, score {report.score:.1%}, {report.per_minute:.0f} a minute: {REPORT}")
    return 0 if all(item.score >= BAR for item in report.contracts) else 1


if __name__ == "__main__":
    sys.exit(exit_status(main, program="mutation_scores"))
