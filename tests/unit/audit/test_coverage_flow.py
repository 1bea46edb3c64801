"""Counts on a large contract, with ten modules, agree with its structure."""

from __future__ import annotations

import random

from audit.second_engines.forge_mirror import HubMirror
from evmstorm.coverage import Coverage, TracedEvm
from evmstorm.coverage.flow import flow_of
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

    flow = flow_of(coverage, "StakingHub")

    assert flow.faults == []
    assert flow.checked > 400
    assert flow.ran > 180
