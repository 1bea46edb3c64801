"""ape's build is brought up to date by a process beside, where there is something to do."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests import beforehand

CONTROLLER = SimpleNamespace(rootpath=".")
WORKER = SimpleNamespace(rootpath=".", workerinput={})


class Started(subprocess.Popen):
    """Waits to be ended, in place of what was asked for."""

    all: list[Started]

    def __init__(self, command, **options):
        self.asked = command[1:]
        super().__init__([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, **options)
        self.all.append(self)

    def wait(self, timeout=None):
        if self.stdin and not self.stdin.closed:
            self.stdin.close()
        return super().wait(timeout)


@pytest.fixture
def started(monkeypatch):
    Started.all = []
    monkeypatch.setattr(beforehand.subprocess, "Popen", Started)
    return Started.all


@pytest.fixture
def brought(monkeypatch):
    """How often this process itself looked."""
    found = []
    monkeypatch.setattr(beforehand, "_bring_up_to_date", lambda: found.append(1))
    return found


@pytest.mark.parametrize(("config", "is_current"), [(CONTROLLER, True), (WORKER, True), (WORKER, False)])
def test_nothing_is_started_where_all_is_done_or_others_do_it(monkeypatch, started, brought, config, is_current):
    monkeypatch.setattr(beforehand, "is_current", lambda _: is_current)
    with beforehand.compiled_by_ape(config) as wait:
        wait(None)
    assert (started, brought) == ([], [1])


def test_two_processes_work_beside_and_are_waited_for(monkeypatch, started, brought):
    monkeypatch.setattr(beforehand, "is_current", lambda _: False)
    with beforehand.compiled_by_ape(CONTROLLER) as wait:
        assert [process.asked for process in started] == [["-m", "tests.beforehand"]]
        wait(None)
        compiling, reading = started
        assert "--collect-only" in reading.asked
        assert (compiling.poll() is not None, reading.poll() is not None, brought) == (True, True, [1])


def test_what_was_started_ends_with_a_run_that_breaks_off(monkeypatch, started):
    monkeypatch.setattr(beforehand, "is_current", lambda _: False)
    with pytest.raises(ValueError, match="broken off"), beforehand.compiled_by_ape(CONTROLLER):
        raise ValueError("broken off")
    assert [process.poll() is not None for process in started] == [True]
