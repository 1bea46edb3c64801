"""Which oracle finds which attack when it is put back, after how many calls and how much processor time.

    python -m audit.seeded_attacks --seed 1 --calls 100000

All 23 attacks on the first edition of hub, court and randomness, by the campaigns that look for them. Every search
starts from nothing, and is the same again with the same seed.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audit.seeded_bugs import commit_reveal, court, hub
from evmstorm.fuzz.system import System
from evmstorm.mutation.seeded_bugs import Bug, search_for_bug
from evmstorm.project import load

__all__ = ["NUMBERS", "PLANTED", "Found", "found_by_number", "main", "search_all"]

NUMBERS = range(1, 24)

# The campaigns that look for it, in turn: the first one that finds it ends the search.
PLANTED: list[tuple[Bug, tuple[str, ...]]] = [
    *((bug, ("hub", "hub_neutral")) for bug in hub.ATTACKS),
    *((bug, ("court",)) for bug in court.ATTACKS),
    *((bug, ("commit_reveal",)) for bug in commit_reveal.ATTACKS),
]

ORACLES = {"ORA-1": "profit", "ORA-2": "promise", "ORA-3": "harm", "ORA-4": "delay", "ORA-5": "neutrality"}
HEAD = "| attack | campaign | found by | calls | steps | processor s |\n|---|---|---|---|---|---|\n"
NAMED = ("profit", "promise", "harm", "delay", "neutrality")
NUMBERED = re.compile(r"[A-Z]{3}-\d+")


@dataclass(frozen=True)
class Found:
    """What became of one search. `by` is an oracle, or the invariant or answer that was not what the log says."""

    attack: str
    system: str
    by: str
    calls: int
    steps: int
    seconds: float  # of the processor, without compiling

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
    calls: int, seed: int, planted: Iterable[tuple[Bug, tuple[str, ...]]] = tuple(PLANTED)
) -> Iterator[Found]:
    """Each bug by its campaigns in turn, until one of them has found it."""
    for bug, systems in planted:
        for name in systems:
            found = _search(bug, name, load(name), calls, seed)
            yield found
            if found.by != "-":
                break


def _search(bug: Bug, name: str, system: type[System], calls: int, seed: int) -> Found:
    found = search_for_bug(system, bug, seed=seed, calls=calls)
    example = found.example
    by = named(example.finding, example.message) if example else "-"
    return Found(bug.name, name, by, found.calls, found.steps, found.seconds)


def found_by_number(found: Iterable[Found]) -> set[int]:
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
    options = parser.parse_args(args)
    sys.stdout.write(f"seed {options.seed}\n{HEAD}")
    done: list[Found] = []
    for item in search_all(options.calls, options.seed):
        done.append(item)
        sys.stdout.write(
            f"| {item.attack} | {item.system} | {item.by} | {item.calls:,} | {item.steps} | {item.seconds:.1f} |\n"
        )
        sys.stdout.flush()
    numbers = found_by_number(done)
    middle = statistics.median(item.seconds for item in done)
    missed = ", ".join(map(str, sorted(set(NUMBERS) - numbers))) or "none"
    sys.stdout.write(f"{len(numbers)} of {len(NUMBERS)} attacks found, median {middle:.1f} s; missed: {missed}\n")
    return 1 if set(NUMBERS) - numbers else 0


if __name__ == "__main__":
    sys.exit(main())
