"""Work in forked copies: answers come back, deaths cost one job, and a copy knows what its parent knew."""

from __future__ import annotations

import os
import signal

import pytest

from evmstorm.forks import forked

LONG = 300_000  # bytes: more than a pipe holds


def test_every_job_is_answered() -> None:
    found = dict(forked(lambda job: job * job, range(7), 3))

    assert found == {job: job * job for job in range(7)}


def test_long_answers_come_whole() -> None:
    found = dict(forked(lambda job: bytes([job]) * LONG, (1, 2), 2))

    assert found == {1: b"\x01" * LONG, 2: b"\x02" * LONG}


def test_a_copy_that_dies_loses_its_own_job_only() -> None:
    def work(job: int) -> int:
        if job == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return job

    assert dict(forked(work, range(4), 2)) == {0: 0, 1: 1, 2: None, 3: 3}


def test_an_exception_is_a_death() -> None:
    def work(job: int) -> float:
        return 1 / job

    assert dict(forked(work, (1, 0), 1)) == {1: 1.0, 0: None}


def test_a_copy_knows_what_was_learnt_before_and_changes_nothing() -> None:
    known: list[int] = []

    def work(job: int) -> list[int]:
        known.append(job)
        return list(known)

    answers = []
    for job, answer in forked(work, (1, 2), 1):
        answers.append(answer)
        known.append(-job)

    assert answers == [[1], [-1, 2]]
    assert known == [-1, -2]


def test_stopping_early_leaves_no_copy_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    fork = os.fork
    monkeypatch.setattr(os, "fork", lambda: made.append(pid := fork()) or pid)
    answers = forked(lambda job: os.read(os.pipe()[0], 1) if job else b"", range(3), 3)

    assert next(answers) == (0, b"")
    answers.close()

    assert len(made) == 3
    for pid in made:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
