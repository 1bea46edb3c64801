"""What a node shows in disputes, one thread for all: each turn has its own answer, and no fault stops the others."""

from __future__ import annotations

import sqlite3
from concurrent.futures import wait
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.errors import CheckFailed
from keifu.inference.disputes import Case, Stage, Turn
from keifu.inference.disputes.reading import Opened
from keifu.node.compute.defending import AGAIN_SECONDS, Defence
from keifu.node.compute.disputed import ALL_SECONDS, Disputed
from keifu.node.compute.traces import Traces
from keifu.units import DAY

ONE, DEADLINE = b"\x01" * 32, 1_900_000_000
CASE = Case(ONE, ONE, ONE, ONE, 3, 2, 1, 4)
OPENED = Opened(ONE, "0x" + "0b" * 20, "0x" + "0c" * 20, ONE, ONE, 700, 0)
ASKED = Turn(
    ZERO_ADDRESS, ONE, CASE.hash, ZERO_ADDRESS, ZERO_ADDRESS, DEADLINE, Stage.CHUNKS, DEADLINE, 1, ONE, 1, 0, 3, ONE,
)  # fmt: skip


@pytest.fixture
def timer():
    return [0.0]


@pytest.fixture
def defence(timer):
    made = Defence(SimpleNamespace(ids=broken), lambda: iter(()), lambda: timer[0])
    yield made
    made.close()


def broken(*_about):
    raise OSError("the disk is gone")


def answered(defence, turn):
    """The second look: the first one begins to compute."""
    assert defence.move(CASE, turn) is None
    wait([made for made, _ in defence._moves.values()])
    return defence.move(CASE, turn)


def test_two_questions_of_one_second_have_two_answers(defence, monkeypatch):
    """A block that is taken back may have asked for something else by the same second."""
    monkeypatch.setattr(defence, "_make", lambda _case, turn: ("show_chunks", (turn.slot,)))
    assert answered(defence, ASKED) == ("show_chunks", (3,))
    assert answered(defence, replace(ASKED, slot=5)) == ("show_chunks", (5,))


def test_whatever_fails_is_a_fault_of_this_dispute_alone(defence, timer):
    failed = pytest.raises(CheckFailed, match="the answer was not computed: OSError")
    with failed:
        answered(defence, ASKED)
    with failed:  # nothing is computed over and over
        defence.move(CASE, ASKED)
    timer[0] = AGAIN_SECONDS
    with failed:
        defence.move(CASE, ASKED)
    with failed:
        answered(defence, ASKED)


class Reading:
    """Of an endpoint that does not give a log while `withholds` is set."""

    withholds = True

    def __init__(self):
        self.disputes = SimpleNamespace(address=ZERO_ADDRESS, evidence_window=lambda: 0)
        self.game = SimpleNamespace(address=ZERO_ADDRESS)

    def opened(self, *, operator, first_block):
        found = [] if self.withholds or first_block > OPENED.block else [OPENED]
        return found if operator == OPENED.operator else []

    def standing(self, opened):
        return None

    def outcome(self, opened):
        return None


def test_a_dispute_whose_log_was_withheld_is_found_within_the_hour(tmp_path, monkeypatch):
    monkeypatch.setattr("keifu.node.compute.disputed.find_events", lambda *_, **__: iter(()))
    monotonic = [0.0]
    monkeypatch.setattr("keifu.node.compute.disputed.time", SimpleNamespace(monotonic=lambda: monotonic[0]))
    chain = SimpleNamespace(client=None, record=SimpleNamespace(first_block=1))
    reading, database = Reading(), sqlite3.connect(":memory:", isolation_level=None)
    alerts, traces = SimpleNamespace(tell=lambda *_, **__: None), Traces(tmp_path / "traces.sqlite")
    disputed = Disputed(chain, reading, OPENED.operator, None, database, alerts, traces, None, 1)
    disputed.step(1_000, DEADLINE)
    reading.withholds = False
    disputed.step(1_000, DEADLINE)
    assert disputed.facts() == {"kept": 0}
    monotonic[0] = ALL_SECONDS
    disputed.step(OPENED.block, DEADLINE)
    assert disputed.facts() == {"open": 1, "kept": 0}
    traces.close()


def test_what_answers_a_dispute_that_cannot_be_read_now_is_kept(tmp_path, monkeypatch):
    """The endpoint gives other events than the chain has: nobody knows of which second the receipt is."""
    monkeypatch.setattr("keifu.node.compute.disputed.find_events", lambda *_, **__: iter(()))
    monotonic = [0.0]
    monkeypatch.setattr("keifu.node.compute.disputed.time", SimpleNamespace(monotonic=lambda: monotonic[0]))
    chain = SimpleNamespace(client=None, record=SimpleNamespace(first_block=1))
    reading, database = Reading(), sqlite3.connect(":memory:", isolation_level=None)
    alerts = SimpleNamespace(tell=lambda *_, **__: None)
    traces = Traces(tmp_path / "traces.sqlite", clock=lambda: DEADLINE - 30 * DAY)
    traces.keep(ONE, [1, 2], [3])
    disputed = Disputed(chain, reading, OPENED.operator, None, database, alerts, traces, None, 1)
    reading.withholds = False

    def standing(opened):
        raise CheckFailed("its events make another turn", remedy="ask another endpoint")

    monkeypatch.setattr(reading, "standing", standing)
    disputed.step(OPENED.block, DEADLINE)
    assert disputed.facts() == {"open": 1, "kept": 1}
    monkeypatch.undo()
    monkeypatch.setattr("keifu.node.compute.disputed.find_events", lambda *_, **__: iter(()))
    monkeypatch.setattr("keifu.node.compute.disputed.time", SimpleNamespace(monotonic=lambda: ALL_SECONDS))
    disputed.step(OPENED.block, DEADLINE)  # it is over
    assert disputed.facts()["kept"] == 0
    traces.close()
