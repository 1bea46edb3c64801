"""Reports: a receipt of another artefact than was promoted, or two receipts of one number.

A prover commits to the first receipt in one block and shows it in a later one, so that nobody takes its reward who
copies its call from the queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.chain import Deployer, Deployment
from keifu.chain.logs import said_in
from keifu.chain.suite import COMPUTE
from keifu.compute.market.refusals import explained, place_of, send
from keifu.compute.promises import commitment, shown
from keifu.compute.receipt import Receipt, SignedReceipt
from keifu.errors import Revert, UsageError
from keifu.provenance import Record

__all__ = ["NO_RECORD", "commit", "contradictions", "report", "report_after_commit", "report_false", "report_two"]

_NOTHING = bytes(32)
PAUSE_SECONDS, TRIES = 1.0, 120  # until the next block
SOON = ("compute: not committed", "compute: time has not come")  # what a later block mends
# What stands in a record's place with two receipts.
NO_RECORD: tuple[Any, ...] = (ZERO_ADDRESS, 0, _NOTHING, _NOTHING, _NOTHING, _NOTHING, "", "", "", [])


def commit(chain: Deployer, suite: Deployment, receipt: Receipt) -> None:
    """Say that the sender knows a receipt that is to be reported: the first of what it will show. Raises Revert."""
    send(chain, suite, COMPUTE, "commit_proof", commitment(receipt.struct_hash, chain.sender))


def report_false(chain: Deployer, suite: Deployment, signed: SignedReceipt, record: Record) -> int:
    """Show a receipt of another digest than its promotion's artefact has, whose record is given; wei credited to the
    sender. It was committed to in an earlier block. Raises Revert."""
    return report(chain, suite, [signed], record)


def report_two(chain: Deployer, suite: Deployment, first: SignedReceipt, second: SignedReceipt) -> int:
    """Show two receipts of one number in one channel; as `report_false`."""
    return report(chain, suite, [first, second])


def report(chain: Deployer, suite: Deployment, receipts: Sequence[SignedReceipt], record: Record | None = None) -> int:
    """Either of the two."""
    if not (len(receipts) == 1 and record is not None) and not (len(receipts) == 2 and record is None):  # noqa: PLR2004
        raise UsageError(
            f"{len(receipts)} receipts {'with' if record else 'without'} a record",
            remedy="one receipt with the record that was promoted, or two receipts",
        )
    where = place_of(suite, COMPUTE)
    given = record.args if record is not None else NO_RECORD
    with explained():
        receipt = chain.transact(where, COMPUTE, "report", [shown(item) for item in receipts], given)
    said = said_in(receipt, "Reported")
    # The payer stays there when the cover is over.
    payer = chain.call(where, COMPUTE, "cover_of", said["channel"], said["operator"])[0]
    own = said["restitution"] if payer.lower() == chain.sender.lower() else 0
    return int(said["reward"] + own)


def report_after_commit(
    chain: Deployer,
    suite: Deployment,
    receipts: Sequence[SignedReceipt],
    record: Record | None = None,
    *,
    pause: Callable[[], None] = lambda: time.sleep(PAUSE_SECONDS),
    tries: int = TRIES,
) -> int:
    """Commit, wait for a later block, and report. Raises Revert; a report that was refused is made again by the same
    call, and the commitment stands."""
    commit(chain, suite, receipts[0].receipt)
    for _ in range(tries):
        try:
            return report(chain, suite, receipts, record)
        except Revert as refusal:
            if refusal.reason not in SOON:
                raise
        pause()
    return report(chain, suite, receipts, record)


def contradictions(receipts: Iterable[SignedReceipt]) -> list[tuple[SignedReceipt, SignedReceipt]]:
    """Pairs of different receipts of one number in one channel. Whose keys signed them is another question."""
    seen: dict[tuple[bytes, int], SignedReceipt] = {}
    found = []
    for signed in receipts:
        first = seen.setdefault((signed.receipt.channel_id, signed.receipt.number), signed)
        if first.receipt.struct_hash != signed.receipt.struct_hash:
            found.append((first, signed))
    return found
