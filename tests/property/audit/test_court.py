"""CRT-1 to CRT-13 under Hypothesis, and a court that has a case in every phase to begin with."""

from __future__ import annotations

import pytest

from audit.systems.court import Court
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from keifu.spec.court import ACQUITTED, ANSWER, CALL, COMMIT, CONVICTED, REVEAL, VOID

CALLS = 12_000

test_court_keeps_its_invariants = sequences(Court, examples=10)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(Court)


def test_the_court_has_a_case_in_every_phase(engine: Engine) -> None:
    assert engine.run(b"") is None
    court = engine.system
    assert isinstance(court, Court)

    found = [(case.phase, bool(case.hearings[0].votes)) for case in court.law.cases.values()]

    assert found == [(CALL, False), (REVEAL, True), (COMMIT, True), (ANSWER, False)]


def test_a_campaign_reaches_every_verdict_in_both_hearings(engine: Engine) -> None:
    court, search, reached = engine.system, Search(engine, seed=1), set()
    wanted = {(0, ACQUITTED), (0, CONVICTED), (0, VOID), (1, ACQUITTED), (1, CONVICTED)}
    assert isinstance(court, Court)

    def often() -> bool:
        done = {item.name: count.ok for item, count in zip(engine.actions, engine.counts, strict=True)}
        return all(done[name] > 10 for name in ("rehear", "claim", "show_absent", "pull", "join_court", "leave"))

    while engine.calls < CALLS and not (wanted <= reached and often()):
        assert search.step() is None
        reached |= {(case.hearing, case.verdict) for case in court.law.cases.values() if case.verdict}

    assert wanted <= reached
    assert often()
