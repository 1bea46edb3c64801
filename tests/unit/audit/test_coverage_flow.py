"""Counts on contracts with several modules agree with their structure."""

from __future__ import annotations

import random

import pytest

from evmstorm import project
from evmstorm.coverage import Coverage, TracedEvm
from evmstorm.coverage.flow import flow_of
from evmstorm.fuzz.engine import CHUNK, STEPS, Engine
from tests.profiles import quick_or_deep

SEQUENCES = 20
LARGE = {"hub": "StakingHub", "court": "AlignmentCourt"}  # half a minute of the compiler
MEASURED = {"escrow": "VestingEscrow"} | quick_or_deep({}, LARGE)
CHECKED, RAN = 150, 90  # at the least, sums and statements


@pytest.mark.parametrize(("system", "contract"), MEASURED.items())
def test_counts_flow_like_the_source(system: str, contract: str) -> None:
    engine = Engine(project.load(system), machine=TracedEvm)
    evm = engine.evm
    assert isinstance(evm, TracedEvm)
    dice = random.Random(1)
    for _ in range(SEQUENCES):
        assert engine.run(dice.randbytes(CHUNK * STEPS)) is None
    coverage = Coverage([contract])
    coverage.record(evm.hits)

    flow = flow_of(coverage, contract)

    assert flow.faults == []
    assert flow.checked > CHECKED
    assert flow.ran > RAN
