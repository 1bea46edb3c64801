"""Runs behind a node that changes one field of one answer: what came of each, and the command that makes many."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass

__all__ = ["Attempt", "Outcome", "main"]


@dataclass(frozen=True)
class Outcome:
    """What came of a run: `fault` is empty when all is well, `reported` what was changed, `errors` what came out."""

    fault: str
    reported: str
    errors: tuple[str, ...]


Attempt = Callable[[int], Outcome]  # a run by its seed


def main(about: str | None, prepared: AbstractContextManager[Attempt], arguments: Sequence[str] | None) -> int:
    """The command of a search; prints each failed run as JSON. Exit status 1 when one failed."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    kinds: Counter[str] = Counter()
    failed = 0
    with prepared as attempt:
        for seed in range(given.seed, given.seed + given.runs):
            outcome = attempt(seed)
            kinds["stopped and started again" if outcome.errors else "went on"] += bool(outcome.reported)
            if outcome.fault:
                failed += 1
                print(json.dumps({"seed": seed, **asdict(outcome)}), flush=True)
    print(f"{given.runs} runs, {failed} failed; {dict(kinds)}")
    return 1 if failed else 0
