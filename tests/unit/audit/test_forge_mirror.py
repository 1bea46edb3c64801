"""The hub's description that is timed against forge's: content with the hub, not with a seeded bug."""

from collections.abc import Iterator

import pytest

from audit.second_engines.forge import SEEDED_BUGS, seconds_of
from audit.second_engines.forge_mirror import HubMirror, reasons
from evmstorm.fuzz.engine import Engine, Finding
from evmstorm.fuzz.search import Search
from evmstorm.mutation.seeded_bugs import compile_with
from tests.profiles import DEEP


def findings(engine: Engine, sequences: int) -> Iterator[Finding]:
    search = Search(engine, seed=1, guided=False)
    for _ in range(sequences):
        if (finding := search.step()) is not None:
            yield finding
            return


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(HubMirror)


def test_nothing_is_found(engine: Engine) -> None:
    assert list(findings(engine, 60)) == []


def test_every_action_succeeds_and_is_refused_in_words(engine: Engine) -> None:
    list(findings(engine, 60))

    assert [item.name for item, count in zip(engine.actions, engine.counts, strict=True) if count.ok == 0] == []
    assert "hub: below minimum stake" in reasons()


if DEEP:  # another compile of the hub

    def test_the_seeded_bug_is_found() -> None:
        engine = Engine(HubMirror, compile_with(SEEDED_BUGS["HubInvariants"]))

        assert [finding.id for finding in findings(engine, 60)] == ["HUB-12"]


def test_durations_as_forge_prints_them() -> None:
    assert seconds_of("4s 12ms 307µs 309ns") == pytest.approx(4.012307309)
    assert seconds_of("1m 2.5s") == 62.5
