"""`rate.profit`: what the oracles cost. The same sequences of the hub's campaigns with all five and without, in turn.

`python -m benchmarks.oracles` prints both. Profit, promise, harm and delay are asked by `keifu fuzz hub`, neutrality by
`keifu fuzz hub_neutral`, so both campaigns are run.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

from audit.seeded_attacks import NUMBERS, found_by_number, search_all
from audit.systems.hub import Hub
from audit.systems.hub_neutral import HubNeutral
from benchmarks._lab import Lab
from evmstorm.fuzz.engine import Engine
from evmstorm.fuzz.search import Search
from evmstorm.fuzz.system import Invariant, System
from keifu.errors import CheckFailed

__all__ = ["attacks_found", "rate"]

SEEDS = (1, 2, 3)
CALLS = 6_000  # of each campaign, side and seed
SEARCH_CALLS = 60_000  # for one attack, at most


def _without(found: list[Invariant]) -> list[Invariant]:
    return [item for item in found if not item.id.startswith("ORA-")]


class _BareHub(Hub):
    """The hub's campaign with its model and without the oracles."""

    @classmethod
    def invariants(cls) -> list[Invariant]:
        return _without(super().invariants())

    def slashing(self, service: str, operator: str, damages: int, penalty: int) -> Any:
        order = self.tx("hub.slash", operator, damages, penalty, sender=service, raw_outcome=True)
        yield from self.both(lambda m: m.slash(service, operator, damages, penalty), order)


class _BareNeutral(HubNeutral):
    """The same of the second campaign."""

    @classmethod
    def invariants(cls) -> list[Invariant]:
        return _without(super().invariants())


def _seconds(system: type[System], seed: int) -> float:
    """Of the processor, for a call."""
    engine = Engine(system)
    search = Search(engine, seed, guided=False)
    began = time.process_time()
    while engine.calls + engine.waits < CALLS:
        if (finding := search.step()) is not None:
            raise CheckFailed(f"{finding.id}: {finding.message}")
    return (time.process_time() - began) / (engine.calls + engine.waits)


def _both(systems: tuple[type[System], ...], seed: int) -> float:
    return sum(_seconds(system, seed) for system in systems)


def rate(_: Lab | None = None) -> float:
    """Calls a second with the oracles, of those without."""
    return statistics.median(_both((_BareHub, _BareNeutral), seed) / _both((Hub, HubNeutral), seed) for seed in SEEDS)


def attacks_found(_: Lab | None = None) -> int:
    """How many of the attacks on the first edition are found when they are put back."""
    numbers = found_by_number(search_all(SEARCH_CALLS, 1))
    return len(numbers & set(NUMBERS))


if __name__ == "__main__":
    print(f"rate.profit {rate():.2f}")
