"""Results of an order: a receipt for each of its requests, in their order, under the order's own channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keifu.abi import encode_args
from keifu.compute.market.orders import Order, request_tree
from keifu.compute.receipt import Evidence, Receipt, Receipts, SignedReceipt
from keifu.errors import CheckFailed, UsageError
from keifu.keys import Account, keccak256

__all__ = ["Promoted", "order_channel", "require_requests", "result_of", "sign_results"]

_NOTHING = bytes(32)


@dataclass(frozen=True)
class Promoted:
    """By what an order is answered: the number of a promotion, and the digest of what was promoted."""

    seq: int = 0
    digest: bytes = _NOTHING


def order_channel(chain_id: int, orders: str, number: int) -> bytes:
    """The channel that receipts of an order name: no channel of payments has this id."""
    return keccak256(encode_args(["uint256", "address", "uint256"], [chain_id, orders, number]))


def require_requests(order: Order, requests: Sequence[bytes]) -> None:
    """Raises CheckFailed when these are not the requests that were ordered."""
    if len(requests) != order.count or request_tree(requests).root != order.requests:
        raise CheckFailed(
            f"these are not the {order.count:,} requests of order {order.number}",
            remedy="one request a line, byte by byte and in the order in which they were placed",
        )


def sign_results(
    receipts: Receipts,
    key: Account,
    channel_id: bytes,
    order: Order,
    exchanges: Sequence[tuple[bytes, bytes]],
    *,
    promoted: Promoted,
    time: int,
) -> list[SignedReceipt]:
    """Receipts of (request, answer) for each request of an accepted order, all under one signature. Results are of the
    time since it was accepted. Raises CheckFailed for one that was not, and UsageError."""
    if not order.accepted:
        raise CheckFailed(f"order {order.number} is not accepted", remedy="accept the order first")
    if len(exchanges) != order.count:
        raise UsageError(f"{len(exchanges):,} answers to {order.count:,} requests", remedy="one answer a request")
    found = [
        result_of(channel_id, order.environment, at, request, answer, promoted=promoted, time=time)
        for at, (request, answer) in enumerate(exchanges)
    ]
    return receipts.sign(key, found)


def result_of(
    channel_id: bytes,
    environment: bytes,
    index: int,
    request: bytes,
    answer: bytes,
    *,
    promoted: Promoted,
    time: int,
    units: tuple[int, int] = (0, 0),
    evidence: Evidence = Evidence.UNVERIFIED,
) -> Receipt:
    """The receipt of one answer: an order's fee is on the chain, so it names none."""
    return Receipt(
        channel_id=channel_id,
        number=index + 1,
        environment=environment,
        promotion_seq=promoted.seq,
        digest=promoted.digest,
        request_hash=keccak256(request),
        response_hash=keccak256(answer),
        input_root=_NOTHING,
        output_root=_NOTHING,
        trace_root=_NOTHING,
        input_units=units[0],
        output_units=units[1],
        fee=0,
        charged=0,
        evidence=evidence,
        time=time,
    )
