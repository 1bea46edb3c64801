"""When an answer of a float model is shown as *re-executed*: while a promise stands by which a panel judges it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from keifu.compute.receipt import Receipt

__all__ = ["JUDGED_BYTES", "Promised", "of_receipt", "why_not_reexecuted"]

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

    def is_about(self, receipt: Receipt, operator: str) -> bool:
        """Whether a demand can show the receipt: of this operator, channel, model and time."""
        return (
            self.operator.lower() == operator.lower()
            and (self.channel, self.digest) == (receipt.channel_id, receipt.digest)
            and 0 < self.since <= receipt.time <= self.last
        )


def of_receipt(promises: Iterable[Promised | None], receipt: Receipt, operator: str) -> Promised | None:
    """The first under which the receipt can be shown."""
    return next((item for item in promises if item is not None and item.is_about(receipt, operator)), None)


def why_not_reexecuted(
    receipt: Receipt, request: bytes, response: bytes, operator: str, promise: Promised | None
) -> str:
    """What is missing so that a panel could judge an answer here; empty when nothing is."""
    if promise is None or not promise.is_about(receipt, operator):
        return "you have accepted no promise about it that you know of"
    if not promise.stands:
        return f"promise {promise.number} is over"
    if max(len(request), len(response)) > JUDGED_BYTES:
        return f"a panel is shown {JUDGED_BYTES:,} bytes of a request and of an answer"
    return ""
