"""Where clients hand in the requests of their orders, and fetch the answers: over HTTP, beside the answers.

    POST /keifu/order    {"order": 3, "requests": ["…", …], "deadline": …, "signature": "…"}, bytes in base64

The order's client signs for its number, the root over its requests, and a time soon. So nobody else reads the answers,
also not somebody who guesses the requests. Asked again, it says how far the order is; once its results stand on the
chain, it gives the answers with their receipts.
"""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec

from ethwire.eip712 import Domain, StructType
from keifu.compute.desk import answered
from keifu.compute.http import Exchange

__all__ = ["LONGEST_ASKING", "ORDER_PATH", "OrderAsked", "OrderDesk", "OrderReply", "Takes", "asking_digest"]

ORDER_PATH = b"/keifu/order"
LONGEST_ASKING = 600  # seconds for which one signature asks
LONGEST_SIGNATURE = 4_096  # bytes; wallets that are contracts take longer ones than keys make
_ASKING = StructType("OrderAsking", order="uint256", requests="bytes32", deadline="uint64")


def asking_digest(chain_id: int, orders: str, number: int, root: bytes, deadline: int) -> bytes:
    """What an order's client signs (EIP-712); `orders` is the address of ComputeOrders, `deadline` in unix seconds."""
    return Domain("Keifu Orders", "1", chain_id, orders).digest(_ASKING, number, root, deadline)


class OrderAsked(msgspec.Struct):
    """Who asks for an order's answers brings its requests."""

    order: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
    requests: Annotated[list[bytes], msgspec.Meta(min_length=1)]
    deadline: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
    signature: Annotated[bytes, msgspec.Meta(max_length=LONGEST_SIGNATURE)]


class OrderReply(msgspec.Struct):
    """How far an order is, and when its results are submitted: the answers, and the texts of their receipts."""

    order: int
    state: str
    why: str = ""
    answers: list[bytes] = []
    receipts: list[str] = []


class Takes(Protocol):
    """Who decides about orders, and works on them."""

    async def take(self, asked: OrderAsked) -> OrderReply:
        """On the disk before it is answered. Raises Refused, or KeifuError when the chain does not answer."""


class OrderDesk:
    """Of the answering thread."""

    def __init__(self, takes: Takes) -> None:
        self._takes = takes

    async def handle(self, exchange: Exchange) -> None:
        if exchange.method != b"POST":
            exchange.fail(405, "invalid_request_error", "method", "ask by POST", b"allow: POST\r\n")
            return
        await answered(exchange, self._taken(exchange.body))

    async def _taken(self, body: bytes) -> bytes:
        return msgspec.json.encode(await self._takes.take(msgspec.json.decode(body, type=OrderAsked)))
