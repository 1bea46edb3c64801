"""ENV-7 and ENV-8: promote, heartbeat, slash, over four contracts at once."""

from __future__ import annotations

import pytest

from audit.systems.heartbeats import Heartbeats
from evmstorm.fuzz import Engine
from evmstorm.fuzz.hypothesis import sequences
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import Bug, search_for_bug
from keifu.spec.court import ACQUITTED, CONVICTED
from tests.profiles import quick_or_deep

CALLS = 12_000
FILE = "registry/Environments.vy"
BUGS = [
    Bug("truth is evidence", FILE, " or _record.digest == _heartbeat.digest:\n", ":\n"),
    Bug("any record is the promoted one", FILE, "record_id(_record) == self._artefact(word)", "record_id(_record) != 0x"
        + "00" * 32),
    Bug("judged by the first promotion", FILE, "[convert(_heartbeat.promotionSeq, uint256)]", "[1]"),
]  # fmt: skip

test_both_rooms_keep_their_invariants = sequences(Heartbeats, examples=10)


def test_a_campaign_slashes_by_both_ways_and_acquits() -> None:
    engine = Engine(Heartbeats)
    search, system, reached = Search(engine, seed=1), engine.system, set()
    wanted = {"service", (CONVICTED, True), (ACQUITTED, False)}
    assert isinstance(system, Heartbeats)

    while engine.calls < CALLS and not wanted <= reached:
        assert search.step() is None
        reached |= {(case.verdict, system.truth[number]) for number, case in system.law.cases.items()}
        reached |= {"service" for _ in system.spent}

    assert wanted <= reached
    assert not reached & {(CONVICTED, False)}


@pytest.mark.parametrize("bug", quick_or_deep(BUGS[:1], BUGS), ids=lambda bug: bug.name)
def test_a_wrong_judgement_of_heartbeats_is_found(bug: Bug) -> None:
    result = search_for_bug(Heartbeats, bug, seconds=20)

    assert result.example is not None
    assert result.steps <= 2, result.example.script()
