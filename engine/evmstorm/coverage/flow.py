"""Counts that flow like the source: what goes into a statement comes out of it. A single instruction under a wrong
position would break one of these sums."""

from __future__ import annotations

from evmstorm.coverage._places import Decision
from evmstorm.coverage._report import CREATION, RUNTIME, Counts, Coverage, count_instructions

__all__ = ["Flow", "flow_of"]


class Flow:
    """`faults` in words; how many sums were `checked`, and how many statements `ran`."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.checked = 0
        self.ran = 0

    def check(self, holds: bool, fault: str) -> None:
        self.checked += 1
        if not holds:
            self.faults.append(fault)


def flow_of(coverage: Coverage, contract: str) -> Flow:
    """Every sum that the counts of `contract` must keep."""
    source, counts, flow = coverage.sources[contract], Counts(), Flow()
    for part in (CREATION, RUNTIME):
        count_instructions(counts, source, part, coverage._hits[contract, part])
    for place, statement in source.statements.items():
        if place not in counts.statements:
            continue
        ran, where = counts.statements[place], f"{place.path}:{place.line}"
        if statement.before in counts.statements:
            flow.check(ran <= counts.statements[statement.before], f"{where} ran more often than the one before it")
        if statement.opens is not None and Decision(statement.opens[0], 0) in counts.decisions:
            chosen = counts.decisions[Decision(statement.opens[0], 0)][statement.opens[1]]
            flow.check(ran == chosen, f"{where} ran {ran} times, was chosen {chosen} times")
        if place.kind in {"If", "Assert"} and Decision(place, 0) in counts.decisions:
            decided = sum(counts.decisions[Decision(place, 0)])
            flow.check(decided <= ran, f"{where} decided more often than it ran")
    flow.ran = sum(count > 0 for count in counts.statements.values())
    return flow
