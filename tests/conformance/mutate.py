"""Forge any number of bundles by mutation: `python -m tests.conformance.mutate --bundles 100000 --seed 1`.

Prints how many were refused by which check; exit status 1 when one was believed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter

from tests.conformance.forged import Question, refusal
from tests.conformance.make import FOLDER
from tests.conformance.mutants import mutants

__all__ = ["main"]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bundles", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    cases = json.loads((FOLDER / "suite.json").read_text())["good"]
    seen: Counter[str] = Counter()
    for number, case in enumerate(cases):
        data = (FOLDER / f"{case['name']}.bundle").read_bytes()
        question = Question.read(case)
        share = chosen.bundles // len(cases) + (number < chosen.bundles % len(cases))
        for mutant, how in mutants(data, random.Random(f"{chosen.seed} {case['name']}"), share):
            found = refusal(mutant, question)
            seen[found] += 1
            if not found:
                print(f"believed: {case['name']}, {how}", file=sys.stderr)
    print(f"{seen.total()} mutants, {seen.total() - seen['']} refused: {dict(seen)}")
    return 1 if seen[""] else 0


if __name__ == "__main__":
    sys.exit(main())
