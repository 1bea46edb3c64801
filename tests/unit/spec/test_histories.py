"""Numbers that change from time to time."""

from __future__ import annotations

from keifu.spec.histories import History


def test_a_history_answers_for_every_second() -> None:
    held = History()
    held.set(10, 5)
    held.set(20, 3)
    held.set(20, 8)

    assert (held.before(10), held.at(10), held.at(19), held.before(20), held.at(20), held.now) == (0, 5, 5, 5, 8, 8)


def test_the_least_counts_what_lasted_no_second() -> None:
    held = History()
    held.set(10, 5)
    held.set(20, 3)
    held.set(20, 8)

    assert held.least(11, 20) == 5
    assert held.least(11, 21) == 3
    assert held.least(10, 21) == 0  # acts of the first second come after it
    assert held.least(21, 30) == 8
