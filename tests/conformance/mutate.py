"""Forge any number of bundles by mutation: `python -m tests.conformance.mutate --bundles 100000 --seed 1`.

Both verifiers, in Python and in TypeScript, are asked about each. Prints how many were refused by which check; exit
status 1 when one was believed, or when the two name different checks.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.conformance.forged import Question, refusal
from tests.conformance.make import FOLDER
from tests.conformance.mutants import mutants
from tests.conformance.typescript import TypeScript, typescript

__all__ = ["main"]

DIFFERENT = "another check in TypeScript"
WRONG = ("", DIFFERENT)
SMALL = 100  # records; each mutant of a larger bundle takes seconds to make, so there are few
OF_LARGE = 20


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bundles", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    cases = json.loads((FOLDER / "suite.json").read_text())["good"]
    seen: Counter[str] = Counter()
    with typescript() as other:
        small = [case for case in cases if case["records"] <= SMALL]
        large = [case for case in cases if case["records"] > SMALL]
        rest = chosen.bundles - OF_LARGE * len(large)
        shares = [rest // len(small) + (number < rest % len(small)) for number in range(len(small))]
        for case, share in [*zip(small, shares, strict=True), *((case, OF_LARGE) for case in large)]:
            seen += _refusals(case, share, chosen.seed, other)
            print(f"{case['name']}: {seen.total()} mutants so far", file=sys.stderr, flush=True)
    wrong = sum(count for check, count in seen.items() if check in WRONG)
    print(f"{seen.total()} mutants, {seen.total() - wrong} refused by both verifiers: {dict(seen)}")
    return 1 if wrong else 0


def _refusals(case: Mapping[str, Any], share: int, seed: int, other: TypeScript) -> Counter[str]:
    """How many mutants of one good bundle each check refused."""
    data, question, seen = (FOLDER / f"{case['name']}.bundle").read_bytes(), Question.read(case), Counter[str]()
    made, round_number = 0, 0
    while made < share:
        round_number += 1
        for mutant, how in mutants(data, random.Random(f"{seed} {case['name']} {round_number}"), share - made):
            found, theirs = refusal(mutant, question), other.ask(mutant, question)["check"]
            found = found if found == theirs else DIFFERENT
            seen[found] += 1
            made += 1
            if found in WRONG:
                print(f"{found or 'believed'}: {case['name']}, {how}", file=sys.stderr)
    return seen


if __name__ == "__main__":
    sys.exit(main())
