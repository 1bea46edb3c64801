"""What goes into a statement comes out of it: counts on a large contract, with ten modules, agree with its structure.

A single instruction under a wrong position would break one of these sums.
"""

import random

from audit.second_engines.forge_mirror import HubMirror
from evmstorm.coverage import Coverage, TracedEvm
from evmstorm.coverage._report import CREATION, RUNTIME, _count, _Counts
from evmstorm.coverage._source import Decision, source_code
from evmstorm.fuzz.engine import CHUNK, STEPS, Engine

SEQUENCES = 6


def test_counts_flow_like_the_source() -> None:
    engine = Engine(HubMirror, machine=TracedEvm)
    evm = engine.evm
    assert isinstance(evm, TracedEvm)
    dice = random.Random(1)
    for _ in range(SEQUENCES):
        assert engine.run(dice.randbytes(CHUNK * STEPS)) is None
    coverage = Coverage(["StakingHub"])
    coverage.record(evm.hits)
    source, counts = source_code("StakingHub"), _Counts()
    for part in (CREATION, RUNTIME):
        _count(counts, source, part, coverage._hits["StakingHub", part])

    faults, checked = [], 0
    for place, statement in source.statements.items():
        if place not in counts.statements:
            continue
        ran = counts.statements[place]
        if statement.before in counts.statements:
            checked += 1
            if ran > counts.statements[statement.before]:
                faults.append(f"{place.path}:{place.line} ran more often than the statement before it")
        if statement.opens is not None and Decision(statement.opens[0], 0) in counts.decisions:
            checked += 1
            chosen = counts.decisions[Decision(statement.opens[0], 0)][statement.opens[1]]
            if ran != chosen:
                faults.append(f"{place.path}:{place.line} ran {ran} times, was chosen {chosen} times")
        if place.kind in {"If", "Assert"} and Decision(place, 0) in counts.decisions:
            checked += 1
            if sum(counts.decisions[Decision(place, 0)]) > ran:
                faults.append(f"{place.path}:{place.line} decided more often than it ran")
    assert faults == []
    assert checked > 400
    assert sum(count > 0 for count in counts.statements.values()) > 180
