"""Where clients hand in the requests of their orders, and fetch the answers: over HTTP, beside the answers.

    POST /keifu/order    {"order": 3, "requests": ["…", …]}, each in base64

The chain has the root over an order's requests alone, so the requests themselves show who asks. Asked again, it says
how far the order is; once its results stand on the chain, it gives the answers with their receipts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol

import msgspec

from keifu.compute.desk import answered
from keifu.compute.http import Exchange

__all__ = ["ORDER_PATH", "OrderDesk", "OrderReply", "Takes"]

ORDER_PATH = b"/keifu/order"


class OrderReply(msgspec.Struct):
    """How far an order is, and when its results are submitted: the answers, and the texts of their receipts."""

    order: int
    state: str
    why: str = ""
    answers: list[bytes] = []
    receipts: list[str] = []


class Takes(Protocol):
    """Who decides about orders, and works on them."""

    async def take(self, number: int, requests: Sequence[bytes]) -> OrderReply:
        """On the disk before it is answered. Raises Refused, or KeifuError when the chain does not answer."""


class _Asked(msgspec.Struct):
    order: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
    requests: Annotated[list[bytes], msgspec.Meta(min_length=1)]


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
        asked = msgspec.json.decode(body, type=_Asked)
        return msgspec.json.encode(await self._takes.take(asked.order, asked.requests))
