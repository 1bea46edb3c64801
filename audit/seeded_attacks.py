"""Which oracle finds which attack when it is planted back, and after how many calls.

    python -m audit.seeded_attacks --seed 1 --calls 100000

Every search starts from nothing, and is the same again with the same seed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from audit.seeded_bugs import hub
from evmstorm.fuzz.system import System
from evmstorm.mutation.seeded_bugs import Bug, search_for_bug
from evmstorm.project import load

__all__ = ["PLANTED", "Found", "main", "search_all"]

# The campaigns that look for it, in turn.
PLANTED: list[tuple[Bug, tuple[str, ...]]] = [(bug, ("hub", "hub_neutral")) for bug in hub.ATTACKS]

ORACLES = {"ORA-1": "profit", "ORA-2": "promise", "ORA-3": "harm", "ORA-4": "delay", "ORA-5": "neutrality"}
HEAD = "| attack | campaign | found by | calls | steps | s |\n|---|---|---|---|---|---|\n"
NAMED = ("profit", "promise", "harm", "delay", "neutrality")


@dataclass(frozen=True)
class Found:
    """What became of one search. `by` is an oracle, or the invariant or answer that was not what the log says."""

    attack: str
    system: str
    by: str
    calls: int
    steps: int
    seconds: float  # without compiling


def named(finding: str, message: str) -> str:
    """The oracle behind a finding."""
    for oracle in NAMED:
        if message.startswith(f"{oracle}:"):
            return oracle
    number = finding.split(":", maxsplit=1)[0]
    return ORACLES.get(number, number if "-" in number else "the log's answer")


def search_all(calls: int, seed: int) -> Iterator[Found]:
    for bug, systems in PLANTED:
        yield from (_search(bug, name, load(name), calls, seed) for name in systems)


def _search(bug: Bug, name: str, system: type[System], calls: int, seed: int) -> Found:
    found = search_for_bug(system, bug, seed=seed, calls=calls)
    example = found.example
    by = named(example.finding, example.message) if example else "-"
    return Found(bug.name, name, by, found.calls, found.steps, found.seconds)


def main(args: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000, help="most calls and waits a search")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(args)
    sys.stdout.write(f"seed {options.seed}\n{HEAD}")
    times: list[float] = []
    missed: set[str] = {bug.name for bug, _ in PLANTED}
    for item in search_all(options.calls, options.seed):
        row = f"| {item.attack} | {item.system} | {item.by} | {item.calls:,} | {item.steps} | {item.seconds:.1f} |\n"
        sys.stdout.write(row)
        sys.stdout.flush()
        if item.by != "-":
            times.append(item.seconds)
            missed.discard(item.attack)
    sys.stdout.write(f"median {statistics.median(times):.1f} s; missed: {', '.join(sorted(missed)) or 'none'}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
