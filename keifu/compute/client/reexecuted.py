"""When an answer of a float model is shown as *re-executed*: while a promise stands by which a panel judges it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from keifu.compute.receipt import Receipt

__all__ = ["JUDGED_BYTES", "Promised", "can_be_shown", "of_receipt", "why_not_reexecuted"]

JUDGED_BYTES = 2_048  # of a request, and of an answer, that are shown to a panel


@dataclass(frozen=True)
class Promised:
    """What an operator promised a channel's payer at ReExecution, as the chain has it now. Times in unix seconds."""

    number: int
    operator: str
    channel: bytes
    digest: bytes
    since: int  # 0 where it was never accepted
    last: int
    stands: bool  # whether a demand can be opened, or is open
    has_panel: bool = True  # whether its pool has one now

    def is_about(self, receipt: Receipt, operator: str) -> bool:
        """Whether a demand can show the receipt: of this operator, channel, model and time."""
        return (
            self.operator.lower() == operator.lower()
            and (self.channel, self.digest) == (receipt.channel_id, receipt.digest)
            and 0 < self.since <= receipt.time <= self.last
        )


def of_receipt(promises: Iterable[Promised | None], receipt: Receipt, operator: str) -> Promised | None:
    """The first under which the receipt can be shown; one that nobody judges only where there is no other."""
    unjudged = None
    for item in promises:
        if item is not None and item.is_about(receipt, operator):
            if item.stands and item.has_panel:
                return item
            unjudged = unjudged or item
    return unjudged


def can_be_shown(request: bytes, response: bytes) -> bool:
    """Whether a demand brings both sides' bytes."""
    return all(0 < len(body) <= JUDGED_BYTES for body in (request, response))


def why_not_reexecuted(
    receipt: Receipt, request: bytes, response: bytes, operator: str, promise: Promised | None
) -> str:
    """What is missing so that a panel could judge an answer here; empty when nothing is."""
    if promise is None or not promise.is_about(receipt, operator):
        return "you have accepted no promise about it that you know of"
    if not promise.stands:
        return f"promise {promise.number} is over"
    if not promise.has_panel:
        return f"the pool of promise {promise.number} has too few slots for a panel now"
    if not can_be_shown(request, response):
        return f"a panel is shown 1 to {JUDGED_BYTES:,} bytes of a request and of an answer"
    return ""
