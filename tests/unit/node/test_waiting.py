"""A node that waits for requests goes on when its time is over, also when a signal came meanwhile."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from keifu.node.relayer.desk import Desk

WAIT, FIRST, AGAIN = 0.01, 0.005, 1.0  # seconds


@pytest.fixture
def interrupted() -> Iterator[list[int]]:
    """A signal whose handler ends after the time; a second one ends what still waits."""
    came: list[int] = []

    def handle(number: int, _: Any) -> None:
        came.append(number)
        if len(came) > 1:
            raise AssertionError("it waits on")
        time.sleep(4 * WAIT)

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, FIRST, AGAIN)
    yield came
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_signal_as_the_time_ends_leaves_no_node_waiting(interrupted: list[int]) -> None:
    nothing: Any = SimpleNamespace()
    client: Any = SimpleNamespace(chain_id=1)
    onchain: Any = SimpleNamespace(contract=SimpleNamespace(MIN_WITHDRAW_DELAY=lambda: 1, MAX_WITHDRAW_DELAY=lambda: 2))
    desk = Desk(client, onchain, nothing, nothing, nothing, nothing, nothing)
    while not interrupted:
        assert desk.step(WAIT) is False
    assert len(interrupted) == 1
