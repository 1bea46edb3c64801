"""Which answers of this client rest on a record: how a withdrawal reaches those who were answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from keifu.compute.client.store import Request, Store
from keifu.compute.model import ZERO
from keifu.compute.receipt import Receipt

__all__ = ["RestingAnswer", "resting_answers"]


@dataclass(frozen=True)
class RestingAnswer:
    """One answer and the receipt that names what gave it."""

    request: Request
    receipt: Receipt

    def data(self) -> dict[str, Any]:
        request, receipt = self.request, self.receipt
        return {
            "request": request.id, "time": request.time, "key": request.key, "provider": request.provider,
            "model": request.model, "channel": request.channel.hex(), "number": receipt.number,
            "environment": receipt.environment.hex(), "seq": receipt.promotion_seq, "digest": receipt.digest.hex(),
            "fee": str(receipt.fee), "evidence": receipt.evidence.word,
        }  # fmt: skip


def resting_answers(
    store: Store, promotions: Mapping[bytes, Collection[int]], digests: Collection[bytes]
) -> list[RestingAnswer]:
    """Answers whose receipts name one of these promotions, by environment; oldest first. A receipt that is bound to no
    environment names bytes alone: it counts when they are one of `digests`."""
    requests = {(item.channel, item.number): item for item in store.requests() if item.number is not None}
    found = []
    for signed in store.receipts():
        receipt = signed.receipt
        if receipt.environment == ZERO:
            rests = receipt.digest in digests
        else:
            rests = receipt.promotion_seq in promotions.get(receipt.environment, ())
        request = requests.get((receipt.channel_id, receipt.number))
        if rests and request is not None:
            found.append(RestingAnswer(request, receipt))
    return found
