"""Where clients ask for a cover of their channel: over HTTP, beside the answers.

    GET  /keifu/cover    the terms: whose word it is, up to what restitution, for what price and how long
    POST /keifu/cover    {"restitution": "…"}, with a voucher of the channel in PAYMENT-SIGNATURE: a signed cover

Covers of disputes are asked for at `/keifu/cover/disputes`. The voucher only shows that the channel's authorizer asks;
one that names nothing will do.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

import msgspec

from keifu.compute.cashier import SIGNATURE, Cashier, number
from keifu.compute.http import JSON, Exchange
from keifu.compute.market.covers import SignedCover
from keifu.compute.service import Till
from keifu.errors import KeifuError
from keifu.payments.book import Account, Refused

__all__ = ["COVER_PATH", "DISPUTE_COVER_PATH", "Desk", "Signs", "answered"]

COVER_PATH, DISPUTE_COVER_PATH = b"/keifu/cover", b"/keifu/cover/disputes"
CONFLICT = 409


async def answered(exchange: Exchange, reply: Awaitable[bytes]) -> None:
    """Answer with the document that `reply` gives, or say why there is none."""
    try:
        document = await reply
    except Refused as refused:
        exchange.fail(CONFLICT, "invalid_request_error", refused.code, refused.message)
    except (ValueError, RecursionError) as error:
        exchange.fail(400, "invalid_request_error", "invalid_body", f"the request cannot be read: {error}")
    except KeifuError as error:
        exchange.fail(503, "server_error", "chain", f"the chain does not answer: {error}", b"retry-after: 5\r\n")
    else:
        exchange.reply(200, document, JSON)


class Signs(Protocol):
    """Who decides about covers, and signs them."""

    def terms(self) -> bytes:
        """As JSON."""

    async def sign(self, account: Account, restitution: int) -> SignedCover:
        """On the disk before it is given out. Raises Refused, or KeifuError when the chain does not answer."""


class _Asked(msgspec.Struct):
    restitution: str


class Desk:
    """Of the answering thread."""

    def __init__(self, cashier: Cashier, till: Till, signs: Signs) -> None:
        self._cashier, self._till, self._signs = cashier, till, signs

    async def handle(self, exchange: Exchange) -> None:
        if exchange.method in (b"GET", b"HEAD"):
            exchange.reply(200, self._signs.terms())
            return
        if exchange.method != b"POST":
            exchange.fail(405, "invalid_request_error", "method", "ask by POST", b"allow: GET, POST\r\n")
            return
        await answered(exchange, self._signed(exchange))

    async def _signed(self, exchange: Exchange) -> bytes:
        wanted = number(msgspec.json.decode(exchange.body, type=_Asked).restitution)
        account = await self._channel(exchange)
        return (await self._signs.sign(account, wanted)).encode()

    async def _channel(self, exchange: Exchange) -> Account:
        """The channel whose authorizer asks. Raises Refused."""
        header = exchange.headers.get(SIGNATURE)
        if header is None:
            raise Refused("voucher_payload", "a voucher of the channel shows who asks")
        account = self._cashier.corrects(exchange.headers)
        if account is None:
            await self._till.open(header.decode("latin-1"))
            account = self._cashier.corrects(exchange.headers)
        if account is None:
            raise Refused("channel_not_found", "there is no such channel")
        return account
