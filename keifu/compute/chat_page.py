"""A page to chat with a node's models: each reply is compared with its receipt in the browser, while it comes.

GET /chat          the page
GET /chat/terms    the market and chain whose receipts count, and the models that chat
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from keifu.compute.http import JSON, Exchange
from keifu.compute.model import Model

__all__ = ["chat_pages"]

_FOLDER = Path(__file__).with_name("pages")
_FILES = {
    b"/chat": ("chat.html", b"text/html; charset=utf-8"),
    b"/chat/chat.css": ("chat.css", b"text/css"),
    b"/chat/chat.js": ("chat.js", b"text/javascript"),
    b"/chat/receipts.js": ("receipts.js", b"text/javascript"),
}
_POLICY = (
    b"content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    b" base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    b"x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n"
)
Page = Callable[[Exchange], Awaitable[None]]


def chat_pages(models: Mapping[str, Model], chain_id: int, market: str) -> dict[bytes, Page]:
    """By their paths. `models` may change."""

    async def terms(exchange: Exchange) -> None:
        names = [name for name, model in models.items() if "chat/completions" in model.endpoints]
        document = {"chain_id": chain_id, "market": market.lower(), "models": names}
        _reply(exchange, msgspec.json.encode(document), JSON)

    return {path: _file(*item) for path, item in _FILES.items()} | {b"/chat/terms": terms}


def _file(name: str, kind: bytes) -> Page:
    async def page(exchange: Exchange) -> None:
        _reply(exchange, (_FOLDER / name).read_bytes(), b"content-type: " + kind + b"\r\n")

    return page


def _reply(exchange: Exchange, body: bytes, kind: bytes) -> None:
    if exchange.method in (b"GET", b"HEAD"):
        exchange.reply(200, body, kind, _POLICY)
    else:
        exchange.fail(405, "invalid_request_error", "method", "read it by GET", b"allow: GET\r\n")
