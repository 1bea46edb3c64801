"""From a kept answer to its demand: which promise it falls under, and the demand that is open about it."""

from __future__ import annotations

from collections.abc import Iterable

from keifu.chain import Deployer, Deployment
from keifu.compute.client.kept import KeptAgain
from keifu.errors import UsageError
from keifu.reexecution.actions import open_demand
from keifu.reexecution.reading import Demand, Promise, Reading

__all__ = ["doubt", "promise_about"]


def promise_about(reading: Reading, numbers: Iterable[int], item: KeptAgain) -> Promise:
    """The first of the promises that the answer falls under. Raises UsageError."""
    receipt = item.signed.receipt
    for number in numbers:
        found = reading.promise(number)
        is_of = (found.channel, found.terms.digest) == (receipt.channel_id, receipt.digest)
        if is_of and 0 < found.since <= receipt.time <= found.terms.last:
            return found
    raise UsageError(
        "no promise of yours is about this answer: its channel, model and second",
        remedy="--promise NUMBER, or keifu reexecute accept before the next answer",
    )


def doubt(chain: Deployer, suite: Deployment, reading: Reading, promise: Promise, item: KeptAgain) -> Demand:
    """Open a demand about an answer; the one that is open already, where it is about this very receipt. Raises Revert,
    UsageError and CheckFailed."""
    if promise.demand:
        found = reading.demand(promise.demand)
        if found.receipt == item.signed.receipt.struct_hash:
            return found
    number = open_demand(chain, suite, promise, item.signed, item.request, item.response)
    return reading.demand(number)
