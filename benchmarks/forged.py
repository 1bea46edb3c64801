"""Forged bundles, made by mutation, before the verifiers in Python and in TypeScript."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from benchmarks._lab import Lab
from benchmarks._rows import Row
from keifu.errors import EnvironmentFault

__all__ = ["ROWS"]

ROOT = Path(__file__).parents[1]
BUNDLES = 100_000


def _refused(_: Lab) -> float:
    """The share that both verifiers refuse, by the same check."""
    command = [sys.executable, "-m", "tests.conformance.mutate", "--bundles", str(BUNDLES), "--seed", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.search(r"^(\d+) mutants, (\d+) refused by both verifiers", done.stdout, re.M)
    if found is None:
        raise EnvironmentFault(
            f"no bundle was forged: {done.stderr[-300:]}", remedy="make setup brings Node's packages"
        )
    return int(found[2]) / int(found[1])


ROWS = (
    Row(
        "score.bundles_refused",
        _refused,
        f"{BUNDLES:,} mutants of the suite's good bundles, by byte and by field, refused by both under the same name",
        heavy=True,
    ),
)
