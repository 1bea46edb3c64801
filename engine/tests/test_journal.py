"""A run of mutants that was stopped goes on where it was, and ends as one that was not stopped."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from evmstorm.forks import forked
from evmstorm.mutation import mutate, trial
from evmstorm.mutation.journal import Journal, Subject
from evmstorm.mutation.known import explored
from evmstorm.mutation.mutants import mutants
from evmstorm.mutation.trial import Verdict, in_vain

KEY = Subject("contract and seed", {"vault": "as it is", "meter": "as it is"})
SAMPLE = 2


class Stopped(Exception):
    """As if somebody had ended the process."""


@pytest.fixture(autouse=True)
def short_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "CORPUS_CALLS", 1_000)
    monkeypatch.setattr(trial, "CALLS", 1_000)


def test_what_was_written_is_known_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "vault.jsonl"
    Journal(path, KEY).add("a mutant", Verdict("killed", "vault: INV-1", "c0de"))

    again = Journal(path, KEY)

    assert again.known == {"a mutant": Verdict("killed", "vault: INV-1", "c0de")}
    again.add("another", Verdict("alive"))
    assert [*Journal(path, KEY).known] == ["a mutant", "another"]


def test_verdicts_of_another_source_or_seed_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "vault.jsonl"
    Journal(path, KEY).add("a mutant", Verdict("killed"))

    assert Journal(path, Subject("other source", KEY.systems)).known == {}
    assert Journal(path, KEY).known == {}, "the file was begun anew"


@pytest.mark.parametrize(
    "systems", [{"vault": "changed", "meter": "as it is"}, {"meter": "as it is"}], ids=["changed", "gone"]
)
def test_what_another_system_noticed_stands_when_a_description_changes(tmp_path: Path, systems: dict[str, str]) -> None:
    path = tmp_path / "vault.jsonl"
    journal = Journal(path, KEY)
    standing = {
        "by a system as it was": Verdict("killed", "meter: setup: refused"),
        "too large": Verdict("killed", "too large to deploy"),
        "no program": Verdict("broken", "vault: is what the compiler says, too"),
        "a twin": Verdict("same"),
    }
    for name, verdict in {
        **standing,
        "by the other": Verdict("killed", "vault: INV-1"),
        "by nobody": Verdict("alive", "meter: as the right code in 3 sequences"),
    }.items():
        journal.add(name, verdict)

    assert Journal(path, Subject(KEY.sources, systems)).known == standing


def test_what_nobody_noticed_is_looked_at_again_by_a_new_system(tmp_path: Path) -> None:
    path = tmp_path / "vault.jsonl"
    journal = Journal(path, KEY)
    journal.add("by one", Verdict("killed", "vault: INV-1"))
    journal.add("by nobody", Verdict("alive", in_vain({"meter": "saw nothing", "vault": "saw little"})))

    again = Journal(path, Subject(KEY.sources, {"meter": "changed", "vault": "as it is", "new": "one"}))

    assert [*again.known] == ["by one"]
    spared = {"by nobody": {"vault": "saw little"}}
    assert again.spared == spared, "it need not look again"
    stopped = Journal(path, Subject(KEY.sources, {"meter": "changed again", "vault": "as it is", "new": "one"}))
    assert stopped.spared == spared
    stopped.add("by nobody", Verdict("killed", "new: saw it"))
    assert Journal(path, KEY).known == {"by one": Verdict("killed", "vault: INV-1")}


def test_who_looked_in_vain_does_not_look_again() -> None:
    looker = trial.Trial("Meter", 1)
    looker.know("meter", explored("meter", 1, 200))
    file = "contracts/Meter.vy"
    mutant = next(item for item in mutants(file, looker.texts[file]) if item.kind == "operator")
    looker.spared = {mutant.name: {"meter": "saw nothing"}}

    ((_, verdict),) = forked(looker.replay, [mutant], 1)

    assert verdict is not None
    assert (verdict.fate, verdict.by, verdict.code) == ("alive", "meter: saw nothing", None)


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "vault.jsonl"
    Journal(path, KEY).add("a mutant", Verdict("killed"))
    path.write_bytes(path.read_bytes() + b'{"mutant":"half of')

    assert [*Journal(path, KEY).known] == ["a mutant"]
    assert path.read_bytes().endswith(b"}\n")


def test_time_of_earlier_runs_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("evmstorm.mutation.journal.time.monotonic", lambda: clock[0])
    path = tmp_path / "vault.jsonl"
    journal = Journal(path, KEY)
    clock[0] += 40
    journal.add("a mutant", Verdict("killed"))
    clock[0] += 1_000  # nobody ran it

    again = Journal(path, KEY)
    clock[0] += 2

    assert again.seconds == 42


@cache
def whole() -> mutate.Score:
    """A run that nobody stopped."""
    return mutate.score("Meter", sample=SAMPLE, seed=4, processes=1)


def test_a_stopped_run_ends_as_one_that_was_not(tmp_path: Path) -> None:
    path = tmp_path / "vault.jsonl"

    def stop(done: int, total: int, fate: str) -> None:
        if done > 0:
            raise Stopped

    with pytest.raises(Stopped):
        mutate.score("Meter", sample=SAMPLE, seed=4, processes=1, journal=Journal(path, KEY), on_progress=stop)
    journal = Journal(path, KEY)
    assert len(journal.known) == 1
    looked_at: list[str] = []
    again = mutate.score(
        "Meter",
        sample=SAMPLE,
        seed=4,
        processes=1,
        journal=journal,
        on_progress=lambda done, total, fate: looked_at.append(fate),
    )

    assert len(looked_at) == SAMPLE - 1
    assert [(item.mutant, item.fate, item.code_id) for item in again.outcomes] == [
        (item.mutant, item.fate, item.code_id) for item in whole().outcomes
    ]
