"""Which oracle finds which attack when it is put back, after how many calls and how much processor time.

    python -m audit.seeded_attacks --seed 1 --calls 100000

All 23 attacks on the first edition of hub, court and randomness, by the campaigns that look for them. Every search
starts from nothing, and is the same again with the same seed. With --write the table becomes audit/reports/attacks.md.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audit.seeded_bugs import commit_reveal, court, hub
from evmstorm.fuzz.system import System
from evmstorm.mutation.seeded_bugs import Bug, search_for_bug
from evmstorm.project import load

__all__ = ["HEAD", "NUMBERS", "REPORT", "SEEDED", "Detection", "found_by_number", "main", "search_all"]

NUMBERS = range(1, 24)
REPORT = Path("audit/reports/attacks.md")
TITLE = """# Attacks on the first edition of staking, put back

Written by `{command}`.

Each attack is a small change of the contracts. "Found by" is the oracle that noticed it, an invariant, or the answer
that the log of all acts leads to. Steps are those of the shortened example.

"""

# The campaigns that look for it, in turn: the first one that finds it ends the search.
SEEDED: list[tuple[Bug, tuple[str, ...]]] = [
    *((bug, ("hub", "hub_neutral")) for bug in hub.ATTACKS),
    *((bug, ("court",)) for bug in court.ATTACKS),
    *((bug, ("commit_reveal",)) for bug in commit_reveal.ATTACKS),
]

ORACLES = {"ORA-1": "profit", "ORA-2": "promise", "ORA-3": "harm", "ORA-4": "delay", "ORA-5": "neutrality"}
HEAD = "| attack | campaign | found by | calls | steps | processor s |\n|---|---|---|---|---|---|\n"
NAMED = ("profit", "promise", "harm", "delay", "neutrality")
NUMBERED = re.compile(r"[A-Z]{3}-\d+")


@dataclass(frozen=True)
class Detection:
    """What became of one search. `by` is an oracle, or the invariant or answer that was not what the log says."""

    attack: str
    system: str
    by: str
    calls: int
    steps: int
    seconds: float  # of the processor, without compiling

    def __str__(self) -> str:
        """Its row."""
        return f"| {self.attack} | {self.system} | {self.by} | {self.calls:,} | {self.steps} | {self.seconds:.1f} |\n"

    @property
    def number(self) -> int:
        """Of the attack: names begin with "staking-N:"."""
        return int(self.attack.split(":")[0].removeprefix("staking-"))


def named(finding: str, message: str) -> str:
    """The oracle behind a finding."""
    for text in (message, finding):
        word = text.split(":", maxsplit=1)[0]
        if word in NAMED:
            return word
        if NUMBERED.fullmatch(word):
            return ORACLES.get(word, word)
    return "the log's answer"


def search_all(
    calls: int, seed: int, seeded: Iterable[tuple[Bug, tuple[str, ...]]] = tuple(SEEDED)
) -> Iterator[Detection]:
    """Each bug by its campaigns in turn, until one of them has found it."""
    for bug, systems in seeded:
        for name in systems:
            found = _search(bug, name, load(name), calls, seed)
            yield found
            if found.by != "-":
                break


def _search(bug: Bug, name: str, system: type[System], calls: int, seed: int) -> Detection:
    found = search_for_bug(system, bug, seed=seed, calls=calls)
    example = found.example
    by = named(example.finding, example.message) if example else "-"
    return Detection(bug.name, name, by, found.calls, found.steps, found.seconds)


def found_by_number(found: Iterable[Detection]) -> set[int]:
    """Numbers of the attacks of which every form was found."""
    by_number: dict[int, dict[str, bool]] = {}
    for item in found:
        forms = by_number.setdefault(item.number, {})
        forms[item.attack] = forms.get(item.attack, False) or item.by != "-"
    return {number for number, forms in by_number.items() if all(forms.values())}


def main(args: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000, help="most calls and waits a search")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"write {REPORT} when all are found")
    options = parser.parse_args(args)
    sys.stdout.write(f"seed {options.seed}\n{HEAD}")
    done: list[Detection] = []
    for item in search_all(options.calls, options.seed):
        done.append(item)
        sys.stdout.write(str(item))
        sys.stdout.flush()
    numbers = found_by_number(done)
    middle = statistics.median(item.seconds for item in done)
    missed = ", ".join(map(str, sorted(set(NUMBERS) - numbers))) or "none"
    total = f"{len(numbers)} of {len(NUMBERS)} attacks found, median {middle:.1f} s; missed: {missed}\n"
    sys.stdout.write(total)
    if set(NUMBERS) - numbers:
        return 1
    if options.write:
        command = f"python -m audit.seeded_attacks --seed {options.seed} --calls {options.calls} --write"
        rows = "".join(str(item) for item in done if item.by != "-")
        REPORT.write_text(f"{TITLE.format(command=command)}{HEAD}{rows}\n{total}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
