"""Worlds of the storage network by their numbers.

    python -m audit.storage_world --seed 17                 what happened in world 17, step by step
    python -m audit.storage_world --seed 1 --worlds 1000    many; prints those in which a rule is broken

Exit status 1 when a rule is broken.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from audit.storage_world.world import play

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=0, help="how many, from this seed on; their traces are left out")
    given = parser.parse_args(arguments)
    broken = blocks = stored = lost = missed = 0
    for seed in range(given.seed, given.seed + max(1, given.worlds)):
        outcome = play(seed)
        blocks, stored = blocks + outcome.blocks, stored + outcome.stored
        lost, missed = lost + outcome.lost, missed + outcome.missed
        if not given.worlds:
            print("\n".join(outcome.notes))
        if outcome.broken:
            broken += 1
            print(f"world {seed} at block {outcome.blocks}: {outcome.broken}", flush=True)
    print(
        f"{max(1, given.worlds)} worlds, {broken} broken; {blocks} blocks, {stored} deals stored, "
        f"{lost} files without k shards left, {missed} epochs missed"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
