"""What a compute node does at the market: it offers its services, signs covers of channels, answers demands, and
works on orders."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any

from keifu.chain.sender import Sender
from keifu.chain.suite import COMPUTE, HUB, ORDERS
from keifu.compute.again import Again
from keifu.compute.client.checks import Prices
from keifu.compute.market.demands import read_demand
from keifu.compute.market.services import service_reserve
from keifu.compute.promises import Offer
from keifu.compute.receipt import Receipts
from keifu.keys import Account
from keifu.node.chain import NodeChain
from keifu.node.compute.covering import Covering
from keifu.node.compute.demanded import Demanded
from keifu.node.compute.offering import Offering, Wanted
from keifu.node.compute.ordered import Ordered
from keifu.node.sections import ComputeWork
from keifu.node.work import Body, Check
from keifu.payments.book import Book
from keifu.units import coins

__all__ = ["AtMarket", "market_checks", "services_of"]

NOWHERE = bytes(32)


class AtMarket:
    """Of the thread of the rounds, but for what `covering` and `ordered` answer."""

    def __init__(
        self,
        body: Body,
        settings: ComputeWork,
        token: str,
        receipt: Account,
        book: Book,
        sender: Sender,
        submit: Callable[[Coroutine[Any, Any, Any]], Future[Any]],
        again: Again,
        reprice: Callable[[bytes, Prices], None],
    ) -> None:
        chain, own = body.chain, settings.market
        market = chain.suite.at(chain.client, COMPUTE)
        services = services_of(settings, token)
        book.most_kept = own.kept
        self.receipt = receipt
        self.offering = Offering(chain, market, sender, own, receipt, services, body.folder.path, reprice)
        self.covering = Covering(
            chain, market, Receipts(chain.id, market.address).domain, own, receipt, self.offering, body.database,
            is_busy=lambda channel, operator: read_demand(market, channel, operator).is_open,
        )  # fmt: skip
        self.demanded = Demanded(
            chain, market, self.offering.operator, book, body.folder.money_file, sender, body.database, body.alerts,
            submit, again.answer,
        )  # fmt: skip
        self.ordered: Ordered | None = None
        if ORDERS in chain.suite.addresses and own.endpoint:
            self.ordered = Ordered(
                chain, token, own.orders, receipt, self.offering, sender, body.database, body.alerts, submit, again
            )

    def answer(self) -> None:
        """Those who ask for covers, or bring orders."""
        self.covering.step()
        if self.ordered is not None:
            self.ordered.answer()

    def look(self, head: int, now: int) -> None:
        """Compare with the chain, and do what is due. Raises RpcError and CheckFailed."""
        self.offering.step(now)
        self.demanded.step(head, now)
        if self.ordered is not None:
            self.ordered.step(now)

    def facts(self) -> dict[str, Any]:
        return {
            "operator": self.offering.operator,
            "receipt_key": self.receipt.address,
            "services": self.offering.facts(),
            "demands": self.demanded.facts(),
            "orders": self.ordered.facts() if self.ordered else {},
        }


def services_of(settings: ComputeWork, token: str) -> list[Wanted]:
    """One for the environment, and one bound to none for what is passed on. Of several prices the highest counts."""
    found = []
    if settings.environment:
        prices = Prices(settings.request, settings.million_in, settings.million_out)
        found.append((bytes.fromhex(settings.environment), prices))
    if models := settings.models.values():
        columns = zip(*((item.request, item.million_in, item.million_out) for item in models), strict=True)
        found.append((NOWHERE, Prices(*map(max, columns))))
    return [
        Wanted(
            environment,
            Offer(token, prices.request, prices.million_in, prices.million_out, settings.credit, settings.claim_after),
        )
        for environment, prices in found
    ]


def market_checks(settings: ComputeWork, chain: NodeChain, account: Account) -> Iterator[Check]:
    """What the doctor looks at."""
    own = settings.market
    if not own.endpoint or COMPUTE not in chain.suite.addresses:
        return
    operator = own.operator or account.address
    market, hub = chain.suite.at(chain.client, COMPUTE), chain.suite.at(chain.client, HUB)
    needed = service_reserve(market) * len(services_of(settings, "")) + own.cap
    lock = hub.lock_of(market.address, operator)
    words = f"{coins(lock)} of {coins(needed)} coins are locked by {operator}"
    yield Check("lock", lock >= needed, words, "keifu staking lock --service ComputeMarket")
