"""Processes: their counts add up, a dead one is followed by another, a finding is shrunk and saved."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from ethwire.errors import UsageError
from evmstorm.fuzz import campaign
from evmstorm.fuzz._worker import Job
from evmstorm.fuzz.alive import check_alive
from evmstorm.fuzz.campaign import Plan, SystemResult
from evmstorm.fuzz.system import DescriptionError

FOR_EVER = 10**15


def test_counts_of_two_processes_add_up() -> None:
    (result,) = campaign.run(["vault"], Plan(calls=4_000, processes=2))

    assert 4_000 <= result.calls + result.waits <= 4_300
    assert result.calls == sum(action.ok + action.refused for action in result.actions)
    assert result.findings == []
    assert result.signals > 20


def test_a_dead_worker_loses_only_its_current_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    workers: list[campaign._Process] = []
    start = campaign._Process.start

    def watch(self: campaign._Process, job: Job) -> None:
        start(self, job)
        workers.append(self)

    monkeypatch.setattr(campaign._Process, "start", watch)
    wanted: list[int] = []

    def kill_once(result: SystemResult) -> None:
        """The first worker would go on for ever; the one after it has a little left to do."""
        if result.calls > 1_000 and not wanted:
            wanted.append(result.calls + result.waits + 2_000)
            worker = workers[0]
            worker.job = replace(worker.job, calls=wanted[0])
            assert worker.process.pid
            os.kill(worker.process.pid, signal.SIGKILL)

    (result,) = campaign.run(["vault"], Plan(calls=FOR_EVER, processes=1), on_progress=kill_once)

    assert result.restarts == 1
    assert result.calls + result.waits >= wanted[0]
    assert result.calls == pytest.approx(sum(item.ok + item.refused for item in result.actions), abs=64)


def test_nothing_to_spend_is_refused() -> None:
    with pytest.raises(UsageError, match="a process and a budget"):
        campaign.run(["vault"], Plan(calls=0))


def test_an_action_that_never_succeeds_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = campaign.Engine(campaign.load("vault"))
    counts = [campaign.ActionCount(item.name, 0 if item.name == "exit" else 1, 5_000) for item in engine.actions]

    with pytest.raises(DescriptionError, match="vault: exit was refused 5000 times and never succeeded"):
        check_alive(engine, counts, 1, 1)
