"""What a node shows in disputes, one thread for all: each turn has its own answer, and no fault stops the others."""

from __future__ import annotations

from concurrent.futures import wait
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.errors import CheckFailed
from keifu.inference.disputes import Case, Stage, Turn
from keifu.node.compute.defending import Defence

ONE, DEADLINE = b"\x01" * 32, 1_900_000_000
CASE = Case(ONE, ONE, ONE, ONE, 3, 2, 1, 4)
ASKED = Turn(
    ZERO_ADDRESS, ONE, CASE.hash, ZERO_ADDRESS, ZERO_ADDRESS, DEADLINE, Stage.CHUNKS, DEADLINE, 1, ONE, ONE, 1, 3, 0, 0,
    0, 0, bytes(32),
)  # fmt: skip


@pytest.fixture
def defence():
    made = Defence(SimpleNamespace(ids=broken), lambda: iter(()))
    yield made
    made.close()


def broken(*_about):
    raise OSError("the disk is gone")


def answered(defence, turn):
    """The second look: the first one begins to compute."""
    assert defence.move(CASE, turn) is None
    wait(defence._moves.values())
    return defence.move(CASE, turn)


def test_two_questions_of_one_second_have_two_answers(defence, monkeypatch):
    """A block that is taken back may have asked for something else by the same second."""
    monkeypatch.setattr(defence, "_make", lambda _case, turn: ("show_chunks", (turn.slot,)))
    assert answered(defence, ASKED) == ("show_chunks", (3,))
    assert answered(defence, replace(ASKED, slot=5)) == ("show_chunks", (5,))


def test_whatever_fails_is_a_fault_of_this_dispute_alone(defence):
    for _ in range(2):  # and is tried again
        with pytest.raises(CheckFailed, match="the answer was not computed: OSError"):
            answered(defence, ASKED)
