"""CRT-1 to CRT-11 under Hypothesis, and a court that has a case in every phase to begin with."""

from __future__ import annotations

import pytest

from audit.systems.court import Court
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from keifu.spec.court import GUILTY, INNOCENT, NO_QUORUM

CALLS = 6_000

test_court_keeps_its_invariants = sequences(Court, examples=10)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(Court)


def test_the_court_has_a_case_in_every_phase(engine: Engine) -> None:
    assert engine.run(b"") is None
    court = engine.system
    assert isinstance(court, Court)

    found = [(court.phase(case), court.turn(case)) for case in court.model.cases]

    assert found == [
        ("reveal", 2), ("closed", 0), ("reveal", 1), ("reveal", 1), ("appeal", 0), ("appeal", 0), ("reveal", 0),
        ("vote", 0), ("vote", 0),
    ]  # fmt: skip
    assert all(court.written(case) for case in court.model.cases)


def test_a_campaign_reaches_every_verdict_in_every_turn(engine: Engine) -> None:
    court, search, reached = engine.system, Search(engine, seed=1), set()
    assert isinstance(court, Court)

    while engine.calls < CALLS:
        assert search.step() is None
        reached |= {(case.turn, case.verdict) for case in court.model.cases.values() if case.verdict}

    assert {(0, GUILTY), (0, INNOCENT), (0, NO_QUORUM), (1, GUILTY), (2, INNOCENT), (2, GUILTY)} <= reached
    done = {item.name: count.ok for item, count in zip(engine.actions, engine.counts, strict=True)}
    assert all(done[name] > 10 for name in ("reveal_vote", "appeal", "execute", "claim_juror", "penalise", "collect"))
