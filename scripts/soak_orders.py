"""Clients that order answers from compute nodes while these are killed, and what is counted about them afterwards."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec

from keifu.chain import ChainClient, Rpc
from keifu.chain.logs import find_events
from keifu.chain.suite import ORDERS, TOKEN
from keifu.compute.client.client import ProviderFault
from keifu.compute.client.ordering import Asker, Fetched, fetch
from keifu.compute.market import orders
from keifu.compute.market.orders import Order, orders_of
from keifu.errors import KeifuError
from keifu.keys import Account
from keifu.local.suite import fund, warp
from keifu.network.folder import Network, Part
from keifu.provenance.verify import Finding
from keifu.units import DAY
from scripts.soak_clients import Clients, providers, sent_by, tally
from scripts.soak_paid import BRIGHTEST, MOST, SIZE

__all__ = ["Orderers"]

COINS = 100  # of each client
COUNT = 5  # requests of an order
WITHIN = 12 * DAY  # the chain of a soak jumps by days
PLACE_SECONDS, ASK_SECONDS, PATIENCE_SECONDS = 8.0, 0.5, 10.0
SENT = ("accept", "submit", "answer", "complete")  # what a provider sends at most once for an order


@dataclass
class _Client:
    """Of one provider."""

    key: Account
    part: Part
    chain: ChainClient
    http: httpx.Client
    requests: dict[bytes, list[bytes]] = field(default_factory=dict)  # by their root
    fetched: dict[int, Fetched] = field(default_factory=dict)  # by the order, once its answers came
    failed: Counter[str] = field(default_factory=Counter)


class Orderers(Clients[_Client]):
    """One client of each provider."""

    def __init__(self, network: Network, chain: ChainClient, seed: int) -> None:
        super().__init__(network, chain, seed)
        self.clients = [self._client(part) for part in providers(network)]
        self.start(self.clients)

    def close(self) -> None:
        for client in self.clients:
            client.http.close()
            client.chain.rpc.close()

    def unsettled(self) -> list[str]:
        """Orders that go on. What nobody took is taken back; when all others wait for time alone, it is turned on."""
        left = [item for client in self.clients for item in self._followed(client)]
        waiting = [order.until for order, has_come in left if order.until and not order.open and has_come]
        if waiting and len(waiting) == len(left):
            warp(self.chain, max(1, max(waiting) - self.chain.now + 1))
        return [f"order {order.number}" for order, _ in left]

    def summary(self) -> str:
        fetched = sum(len(client.fetched) for client in self.clients)
        failed = tally((client.failed for client in self.clients), "nothing")
        return f"{fetched} orders of {COUNT} answers fetched (what failed in between: {failed})"

    # ordering ------------------------------------------------------------------------------------------------------

    def _client(self, part: Part) -> _Client:
        key = Account.from_role(f"orders from {part.role}")
        fund(self.chain, Path(self.network.deployments), key.address, ether=10, coins=COINS)
        return _Client(key, part, ChainClient(Rpc(self.network.rpc)), httpx.Client(timeout=PATIENCE_SECONDS))

    def work(self, client: _Client, dice: random.Random) -> None:
        while not self.stopping.is_set():
            requests = [_request(dice) for _ in range(COUNT)]
            root = orders.request_tree(requests).root
            client.requests[root] = requests
            try:
                orders.place(
                    self.by(client.key, client.chain), self.suite, client.part.account,
                    bytes.fromhex(self.network.environment), root, COUNT, fee=COUNT * MOST,
                    deadline=client.chain.now + WITHIN,
                )  # fmt: skip
            except KeifuError as error:
                client.failed[type(error).__name__] += 1
            for _ in range(int(PLACE_SECONDS / ASK_SECONDS)):
                if self.stopping.wait(ASK_SECONDS):
                    return
                try:
                    for order in self._own(client):
                        self._fetch(client, order)
                except KeifuError as error:
                    client.failed[type(error).__name__] += 1

    def _own(self, client: _Client) -> list[Order]:
        book = self.suite.at(client.chain, ORDERS)
        return orders_of(client.chain, book, self.record.first_block, client_account=client.key.address)

    def _fetch(self, client: _Client, order: Order) -> None:
        """Its answers, unless they have come. Raises KeifuError, CheckFailed for wrong ones among them."""
        if order.number not in client.fetched and not (order.over and not order.until):
            found = self._asked(client, order)
            if found.answers:
                client.fetched[order.number] = found

    def _asked(self, client: _Client, order: Order) -> Fetched:
        asker = Asker(self.network.chain_id, self.suite[ORDERS], client.key.sign)
        url, now = client.part.serves, client.chain.now
        return fetch(client.http, url, order, client.requests[order.requests], asker, now)

    def _followed(self, client: _Client) -> list[tuple[Order, bool]]:
        """Orders that are not over, and whether their answers have come."""
        now, left = client.chain.now, []
        for order in self._own(client):
            if order.over:
                continue
            state = order.state(now)
            if state == "late":
                orders.refund(self.by(client.key, client.chain), self.suite, order.number)
            elif not order.accepted:
                orders.cancel(self.by(client.key, client.chain), self.suite, order.number)
            else:
                try:
                    self._fetch(client, order)
                except ProviderFault as fault:
                    client.failed[type(fault).__name__] += 1
                left.append((order, order.number in client.fetched))
        return left

    # counting ------------------------------------------------------------------------------------------------------

    def verdict(self) -> Iterator[Finding]:
        """Every check, with what was found."""
        book = self.suite.at(self.chain, ORDERS)
        paid = [log.args["order"] for log in find_events(self.chain, book, "Completed", self.record.first_block)]
        placed = [(client, order) for client in self.clients for order in self._own(client)]
        worked = [order for _, order in placed if order.until]
        wrong = [order.number for order in worked if paid.count(order.number) != 1]
        wrong += [order.number for client, order in placed if order.until and order.number not in client.fetched]
        said = f"{len(placed)} placed, {len(paid)} paid, the fee of {len(placed) - len(paid)} went back"
        yield Finding("every order that was worked off was paid, and its answers came", not wrong, str(wrong or said))
        other = [
            order.number for client, order in placed if order.number in client.fetched and not self._same(client, order)
        ]
        yield Finding("an order's receipts stay the same", not other, str(other or "fetched again after all kills"))
        twice = self._sent_twice()
        yield Finding(
            "no provider sent anything twice for an order", not twice, ", ".join(twice) or f"{len(paid)} fees"
        )
        accounts = {account for client in self.clients for account in (client.key.address, client.part.account)}
        owed = sum(book.credits(account) for account in accounts)
        held = self.suite.at(self.chain, TOKEN).balanceOf(book.address)
        yield Finding("orders hold what they owe", held == owed, f"{held} held, {owed} owed")

    def _same(self, client: _Client, order: Order) -> bool:
        return self._asked(client, order).receipts == client.fetched[order.number].receipts

    def _sent_twice(self) -> list[str]:
        book = self.suite.at(self.chain, ORDERS)
        selectors = {book.interface.function(name).selector.hex(): name for name in SENT}
        calls = sent_by(self.chain, (client.part.account for client in self.clients))
        sent = Counter((account, data) for account, to, data in calls if to == book.address.lower())
        return [
            f"{account} {selectors[data[2:10]]}"
            for (account, data), count in sent.items()
            if count > 1 and data[2:10] in selectors
        ]


def _request(dice: random.Random) -> bytes:
    return msgspec.json.encode({"model": "promoted", "input": [dice.randint(0, BRIGHTEST) for _ in range(SIZE)]})
