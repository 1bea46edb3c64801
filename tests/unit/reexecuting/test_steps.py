"""What is due in a demand follows from the contract's windows, to the second."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.keys import keccak256
from keifu.reexecution.reading import Demand, Promise, Slot, Stage, Terms, mature, pool_key, seal
from keifu.reexecution.steps import Step, due
from keifu.units import DAY

OPENED, DRAWN = 1_000_000, 1_100_000
TERMS = Terms(b"\1" * 32, b"\2" * 32, 3, 2, 8, 800, 0, 2_000_000)
PROMISE = Promise(1, "0xaa", "0xbb", b"\3" * 32, TERMS, 900_000, 3_000_000, 1, 1, False)
WAITING = Demand(1, 1, 7, b"\4" * 32, OPENED, 5, 3, Stage.WAITING, 0, 0, 0, 0, False, 0, 0, 0, 0)
WORKING = replace(WAITING, stage=Stage.WORKING, drawn=DRAWN, accuse_until=DRAWN + 4 * DAY)


def step(demand, now, *, has_seed=False, has_verdict=False):
    return due(demand, PROMISE, now, has_seed=has_seed, has_verdict=has_verdict).step


def test_a_panel_is_drawn_by_its_seed_within_three_days():
    last = OPENED + 3 * DAY
    assert step(WAITING, last) == Step.SEED
    assert step(WAITING, last, has_seed=True) == Step.DRAW
    assert step(WAITING, last + 1, has_seed=True) == Step.CLOSE


@pytest.mark.parametrize(
    ("differs", "after", "expected"),
    [
        (0, DAY, Step.COMMIT),
        (0, DAY + 1, Step.REVEAL),
        (2, 2 * DAY, Step.REVEAL),
        (1, 2 * DAY + 1, Step.CLOSE),
        (2, 2 * DAY + 1, Step.ACCUSE),
        (2, 4 * DAY, Step.ACCUSE),
        (2, 4 * DAY + 1, Step.CLOSE),
    ],
)
def test_a_panel_seals_shows_and_is_heard(differs, after, expected):
    assert step(replace(WORKING, differs=differs, answered=3), DRAWN + after) == expected


def test_a_case_is_waited_for_and_its_verdict_pulled():
    accused = replace(WORKING, stage=Stage.ACCUSED, case_id=9)
    assert step(accused, DRAWN + 9 * DAY) == Step.COURT
    assert step(accused, DRAWN + 9 * DAY, has_verdict=True) == Step.PULL
    found = due(accused, PROMISE, DRAWN, has_seed=True, has_verdict=False)
    assert "keifu court case 9" in found.words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"drawn": 0}, "no panel was drawn"),
        ({"answered": 1}, "1 members answered, too few"),
        ({"answered": 3, "differs": 1}, "1 of 3 members that answered found a difference"),
        ({"answered": 3, "outcome": 2, "case_id": 9}, "case 9 ended convicted"),
    ],
)
def test_how_it_ended_is_said(changes, words):
    found = due(replace(WORKING, stage=Stage.OVER, **changes), PROMISE, 0, has_seed=True, has_verdict=True)
    assert (found.step, found.is_for_anybody) == (Step.OVER, False)
    assert words in found.words


def test_only_slots_a_week_old_of_nobody_involved_count():
    now = 10_000_000
    slots = [
        Slot("0x" + "11" * 20, now - 7 * DAY, 0, 0, 0),
        Slot("0x" + "22" * 20, now - 7 * DAY + 1, 0, 0, 0),
        Slot("0x" + "33" * 20, now - 9 * DAY, now, 0, 0),
        Slot("0x" + "44" * 20, now - 9 * DAY, now + 1, 0, 0),
        Slot("0x" + "55" * 20, now - 9 * DAY, 0, 0, 0),
        Slot(ZERO_ADDRESS, 0, 0, 0, 0),
    ]
    found = [slot.executor for slot in mature(slots, now, ["0x" + "55" * 20])]
    assert found == ["0x" + "11" * 20, "0x" + "44" * 20]


def test_pools_and_seals_are_hashes_of_words():
    word = (8).to_bytes(32, "big")
    assert pool_key(b"\1" * 32, b"\2" * 32, 8) == keccak256(b"\1" * 32 + b"\2" * 32 + word)
    member = "0x" + "ab" * 20
    expected = keccak256(word + (2).to_bytes(32, "big") + b"\5" * 32 + b"\6" * 32 + bytes(12) + b"\xab" * 20)
    assert seal(8, 2, b"\5" * 32, b"\6" * 32, member) == expected
