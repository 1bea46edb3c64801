"""What the timelock owns, from a command: queue, come back after the delay, execute."""

from __future__ import annotations

from typing import Any

from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.suite import TIMELOCK
from keifu.chain.timelock import advance, is_done, operation
from keifu.errors import CheckFailed

__all__ = ["TIMELOCK", "queue_or_execute"]


def queue_or_execute(
    client: ChainClient, chain: Deployer, suite: Deployment, name: str, function: str, *args: Any
) -> int:
    """Queue a call of the contract `name`, or execute it when it was queued and the delay is over.

    Unix seconds from which it can be executed; 0 when it has been executed now. Raises Revert with the target's own
    reason before anything is queued, and CheckFailed for what is done already.
    """
    timelock, target = suite[TIMELOCK], getattr(suite.at(client, name), function)
    call = operation(suite[name], target.encode(*args))
    if is_done(chain, timelock, call):
        raise CheckFailed("the timelock has done this already", remedy="nothing is left to do")
    # What would be refused later is refused now.
    return advance(chain, timelock, call, before=lambda: target.call(*args, sender=timelock))
