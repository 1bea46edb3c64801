"""A report of mutation scores repeats when it is true, and is refused when it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from ethwire.errors import CheckFailed, InputError
from evmstorm.mutation import mutate, scores, trial

SAMPLE = 3


@pytest.fixture(scope="module", autouse=True)
def short_searches() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "CORPUS_CALLS", 2_000)
        patch.setattr(trial, "CALLS", 2_000)
        yield


@pytest.fixture(scope="module")
def score() -> scores.ContractScore:
    return scores.scored(mutate.score("Meter", sample=SAMPLE, seed=4))


def test_the_sample_of_a_true_report_agrees(score: scores.ContractScore) -> None:
    report = scores.report_of([score], "test")

    (part,) = scores.check(report, each=2, seed=1, processes=2)

    assert part.contract == "Meter"
    assert sum(part.fates.values()) == 2
    assert report.made == SAMPLE


def test_another_fate_is_noticed(score: scores.ContractScore) -> None:
    turned = {"killed": "survived", "survived": "killed", "broken": "killed"}
    mutants = {
        name: f"{turned.get(fate, fate)} {code}"
        for name, (fate, _, code) in ((name, record.partition(" ")) for name, record in score.mutants.items())
    }
    report = scores.report_of([msgspec.structs.replace(score, mutants=mutants)], "test")

    with pytest.raises(CheckFailed, match=r"Meter: .* was '.*', is '"):
        scores.check(report, each=1, seed=1, processes=1)


def test_other_code_is_noticed(score: scores.ContractScore) -> None:
    mutants = {name: record[:-1] + ("0" if record[-1] != "0" else "1") for name, record in score.mutants.items()}
    report = scores.report_of([msgspec.structs.replace(score, mutants=mutants)], "test")

    with pytest.raises(CheckFailed, match="Meter"):
        scores.check(report, each=1, seed=1, processes=1)


def test_a_report_of_other_sources_is_refused(score: scores.ContractScore) -> None:
    report = scores.report_of([msgspec.structs.replace(score, key="0" * 64)], "test")

    assert scores.current(report) == []
    with pytest.raises(CheckFailed, match="of other code"):
        scores.check(report, each=1, seed=1, processes=1)


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mutation.json"
    path.write_text("{}")

    with pytest.raises(InputError, match="no report of mutation scores"):
        scores.read(path)
