"""Calls that only the timelock may make: queued, and executed once the delay is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keifu.chain._deployer import Deployer
from keifu.chain.suite import TIMELOCK

__all__ = ["Operation", "advance", "is_done", "operation"]

Operation = tuple[str, int, bytes, bytes, bytes]  # target, value, payload, predecessor, salt
NONE = bytes(32)  # no predecessor, no salt: a call is one operation, however often it is asked for


def operation(target: str, payload: bytes) -> Operation:
    """A call as the timelock takes it."""
    return target, 0, payload, NONE, NONE


def is_done(chain: Deployer, timelock: str, call: Operation) -> bool:
    """Whether the timelock has executed this call before."""
    return bool(chain.call(timelock, TIMELOCK, "is_operation_done", _number(chain, timelock, call)))


def advance(chain: Deployer, timelock: str, call: Operation, before: Callable[[], Any] = lambda: None) -> int:
    """Queue a call, or execute it when it is ready; unix seconds from which it can be executed, 0 when it was.

    `before` is called when it is going to be queued. Raises Revert with the target's or the timelock's reason.
    """
    number = _number(chain, timelock, call)
    if chain.call(timelock, TIMELOCK, "is_operation_ready", number):
        chain.call(timelock, TIMELOCK, "execute", *call)
        return 0
    if not chain.call(timelock, TIMELOCK, "is_operation_pending", number):
        before()
        chain.call(timelock, TIMELOCK, "schedule", *call, chain.call(timelock, TIMELOCK, "get_minimum_delay"))
    ready: int = chain.call(timelock, TIMELOCK, "get_timestamp", number)
    return ready


def _number(chain: Deployer, timelock: str, call: Operation) -> bytes:
    number: bytes = chain.call(timelock, TIMELOCK, "hash_operation", *call)
    return number
