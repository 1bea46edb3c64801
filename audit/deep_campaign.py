"""The committed deep campaign: `python -m audit.deep_campaign` runs it, `--sample` checks a random part of it."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import click

from ethwire.commands import exit_status
from evmstorm.fuzz import deep
from evmstorm.reports import write_report

REPORT = Path("audit/reports/fuzz.json")
# Slices of each system: most where most value lies, fewer where a search is slow.
SLICES = {
    "claims": 8, "distributor": 12, "escrow": 24, "escrow_batches": 8, "escrow_hooked": 12, "grants": 12, "hub": 24,
    "hub_neutral": 6, "hub_edges": 2, "sample_service": 6, "provenance": 10, "registry_edges": 2,
    "environment_edges": 2, "token": 12, "commit_reveal": 8, "drand": 2, "randomness": 3, "create3": 2, "timelock": 4,
    "court": 4, "court_edges": 2, "court_juries": 2, "insurance": 4, "heartbeats": 4,
}  # fmt: skip
SAMPLED = 3


@click.command()
@click.option("--sample", is_flag=True, help="Run a few random slices of the report again and compare.")
@click.option("--seed", type=int, default=0, help="Of the sample; 0 draws one.")
@click.option("--processes", type=int, default=2, show_default=True)
def main(sample: bool, seed: int, processes: int) -> int:
    """Search every system in slices that repeat from their seeds; the report goes to audit/reports/fuzz.json, and what
    it already holds for the same code and descriptions is not done again."""
    if sample:
        drawn = seed or random.SystemRandom().randrange(1, 1 << 32)
        click.echo(f"sample with seed {drawn}")
        for part in deep.check(deep.read(REPORT), parts=SAMPLED, seed=drawn):
            click.echo(f"{part.system} seed {part.seed}: {part.calls + part.waits:,} calls, as reported")
        return 0
    # Seeds in the outer loop: whatever happens, every system was searched about as much.
    most = max(SLICES.values())
    jobs = [(system, seed) for seed in range(1, most + 1) for system, slices in SLICES.items() if seed <= slices]

    def show(part: deep.Slice) -> None:
        click.echo(
            f"{part.system} seed {part.seed}: {part.calls + part.waits:,} in {part.seconds} s {part.finding[:200]}"
        )

    command = f"python -m audit.deep_campaign --processes {processes}"
    before = deep.read(REPORT).slices if REPORT.exists() else []
    report = deep.campaign(jobs, command=command, processes=processes, before=before, on_slice=show)
    write_report(REPORT, report)
    click.echo(f"{report.calls:,} calls and waits, {len(report.findings)} findings: {REPORT}")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(exit_status(main, program="deep_campaign"))
