"""Calls that only the timelock may make: queue, wait, execute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keifu.abi import Contract
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.errors import CheckFailed

__all__ = ["queue_or_execute", "through_timelock"]

TIMELOCK = "Timelock"
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


def queue_or_execute(
    client: ChainClient, chain: Deployer, suite: Deployment, name: str, function: str, *args: Any
) -> int:
    """Queue a call of the contract `name`, or execute it when it was queued and the delay is over.

    Unix seconds from which it can be executed; 0 when it has been executed now. Raises Revert with the target's own
    reason before anything is queued, and CheckFailed for what is done already.
    """
    lock, target = suite.at(client, TIMELOCK), suite.at(client, name)
    call = (target.address, 0, getattr(target, function).encode(*args), NO_PREDECESSOR, SALT)
    operation = lock.hash_operation(*call)
    if lock.is_operation_done(operation):
        raise CheckFailed("the timelock has done this already", remedy="nothing is left to do")
    if lock.is_operation_ready(operation):
        chain.call(lock.address, TIMELOCK, "execute", *call)
        return 0
    if not lock.is_operation_pending(operation):
        getattr(target, function).call(*args, sender=lock.address)  # what would be refused later is refused now
        chain.call(lock.address, TIMELOCK, "schedule", *call, lock.get_minimum_delay())
    ready: int = lock.get_timestamp(operation)
    return ready
