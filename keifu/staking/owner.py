"""Calls that only the timelock may make: queue, wait, execute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keifu.abi import Contract

__all__ = ["through_timelock"]

NO_PREDECESSOR = bytes(32)
SALT = bytes(32)


def through_timelock(
    timelock: Contract, target: Contract, function: str, *args: Any, sender: Any, wait: Callable[[int], None]
) -> None:
    """Schedule `target.function(*args)`, let `wait(seconds)` pass the delay, execute. `sender` proposes and executes.

    Raises Revert with the target's or the timelock's reason.
    """
    delay = timelock.get_minimum_delay()
    payload = getattr(target, function).encode(*args)
    timelock.schedule(target.address, 0, payload, NO_PREDECESSOR, SALT, delay, sender=sender)
    wait(delay)
    timelock.execute(target.address, 0, payload, NO_PREDECESSOR, SALT, sender=sender)
