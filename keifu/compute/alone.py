"""A provider without a chain, for measurements and tests: channels and what they hold are given, nothing is claimed.

    python -m keifu.compute.alone settings.json

Prints the address that it serves, and ends when its input is closed. Its keys are those of local roles.
"""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from pathlib import Path

import msgspec
import uvloop

from keifu.compute.cashier import Cashier, Offer
from keifu.compute.chat_page import chat_pages
from keifu.compute.http import Limits, Server
from keifu.compute.model import Model
from keifu.compute.sealing import Sealer
from keifu.compute.service import Service
from keifu.compute.settling import Settler
from keifu.keys import Account
from keifu.payments.book import Book, Held
from keifu.payments.x402 import Config
from keifu.serving import collect_seldom

__all__ = ["RECEIPT_ROLE", "RECEIVER_ROLE", "Funded", "Settings", "offer_of", "service_of"]

RECEIPT_ROLE, RECEIVER_ROLE = "receipt key", "receiver"


class Funded(msgspec.Struct):
    """A channel, and what it holds."""

    config: Config
    balance: str


class Settings(msgspec.Struct):
    """`models` is "module:function", which gives a list of models."""

    models: str
    book: str
    is_paid: bool = True
    chain_id: int = 31_337
    channels: str = "0x" + "c4" * 20
    market: str = "0x" + "3a" * 20
    token: str = "0x" + "70" * 20
    credit: int = 0
    host: str = "127.0.0.1"
    port: int = 0
    funded: list[Funded] = []


def offer_of(settings: Settings) -> Offer:
    receiver = Account.from_role(RECEIVER_ROLE).address
    return Offer(
        settings.chain_id, settings.channels, receiver, receiver, settings.token, "Token", "1", 900,
        credit=settings.credit,
    )  # fmt: skip


def service_of(settings: Settings) -> tuple[Service, Book | None]:
    module, _, name = settings.models.partition(":")
    made: list[Model] = getattr(import_module(module), name)()
    models = {model.name: model for model in made}
    pages = chat_pages(models, settings.chain_id, settings.market)
    if not settings.is_paid:
        return Service(models, pages=pages), None
    book = Book(Path(settings.book))
    cashier = Cashier(offer_of(settings), book)
    for item in settings.funded:
        channel = item.config.channel
        book.add(cashier.vouchers.channel_id(channel), channel, Held(int(item.balance), 0))
    sealer = Sealer(Account.from_role(RECEIPT_ROLE), settings.chain_id, settings.market)
    return Service(models, cashier, Settler(cashier, sealer), pages=pages), book


async def _serve(settings: Settings) -> None:
    service, book = service_of(settings)
    server = Server(service.handle, host=settings.host, port=settings.port, limits=Limits(connections=4_096))
    await server.start()
    collect_seldom()
    print(server.url, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()
    if book is not None:
        book.close()


if __name__ == "__main__":
    uvloop.run(_serve(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Settings)))
