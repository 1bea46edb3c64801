"""A chain of paper with one order, and a node that works on it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from keifu.chain.sender import Intent
from keifu.chain.sender import State as Sent
from keifu.compute.again import Again
from keifu.compute.client.checks import Prices
from keifu.compute.market.orders import Order, request_tree
from keifu.compute.model import Call, LocalModel, ModelFault, Result
from keifu.compute.order_desk import OrderAsked, asking_digest
from keifu.compute.receipt import Receipt
from keifu.errors import Revert, UsageError
from keifu.keys import Account as Key
from keifu.keys import keccak256
from keifu.merkle.tree import root_of
from keifu.node.compute.order_book import OrderBook
from keifu.node.compute.ordered import Ordered

__all__ = ["CLIENT", "DEADLINE", "FUNCTIONS", "PRICE", "PROVIDER", "REQUESTS", "WINDOW", "Node", "World"]

ADDRESS = {
    name: "0x" + f"{place:02x}" * 20 for place, name in enumerate(("ComputeOrders", "ComputeMarket", "KeifuToken"))
}
PROVIDER, CLIENT = Key.from_role("provider"), Key.from_role("client")
REQUESTS = [msgspec.json.encode({"model": "echo", "input": [place]}) for place in range(20)]
PRICE, WINDOW, DEADLINE = 5, 100, 10_000
FUNCTIONS = ("accept", "submit", "answer", "complete", "withdraw")
LONGEST = 60  # steps of one process


class World:
    """What outlives the process: the chain, and what was accepted for sending."""

    def __init__(self, requests: Sequence[bytes] = REQUESTS, fee: int = PRICE * len(REQUESTS)) -> None:
        self.now, self.requests = 1_000, requests
        self.order = Order(
            0, CLIENT.address, PROVIDER.address, bytes(32), request_tree(requests).root, len(requests), fee, DEADLINE,
            0, bytes(32), 0, 0, 0, over=False,
        )  # fmt: skip
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.sent: dict[str, Intent] = {}
        self.done: list[str] = []  # functions that took effect
        self.demanded: list[int] = []
        self.failing: list[str] = []  # functions whose next transaction runs out of gas
        self.is_paid = False

    # as a contract

    def order_count(self) -> int:
        return 1

    def order_of(self, _: int) -> tuple[Any, ...]:
        return tuple(getattr(self.order, name) for name in Order.__dataclass_fields__)[1:]

    def credits(self, _: str) -> int:
        return self.done.count("answer") - self.done.count("withdraw")

    def __getattr__(self, name: str) -> Any:
        def encode(*args: Any) -> bytes:
            self.calls.append((name, args))
            return len(self.calls).to_bytes(4)

        def call(*args: Any, sender: str) -> None:
            self.require(name, args)

        return SimpleNamespace(encode=encode, call=call)

    address = ADDRESS["ComputeOrders"]

    def require(self, name: str, args: tuple[Any, ...]) -> None:
        order = self.order
        holds = {
            "accept": not (order.accepted or order.over),
            "submit": bool(order.accepted and not order.until and self.now <= order.deadline),
            "answer": name != "answer" or (args[1] in self.demanded and self.is_of(*args[1:])),
            "complete": bool(order.until and self.now > order.until and not order.open and not order.over),
            "withdraw": self.credits("") > 0,
        }
        if not holds[name]:
            raise Revert(f"orders: no {name}")

    def is_of(self, index: int, body: bytes, fields: tuple[Any, ...], proof: list[bytes]) -> bool:
        receipt = Receipt(*fields)
        hashes = keccak256(self.requests[index]), keccak256(body)
        return (receipt.request_hash, receipt.response_hash) == hashes and root_of(
            receipt.leaf, tuple(proof)
        ) == self.order.results

    def mine(self) -> None:
        """What was accepted for sending takes effect, or is refused."""
        for intent in list(self.sent.values()):
            if intent.state is not Sent.QUEUED:
                continue
            name, args = self.calls[int.from_bytes(intent.data) - 1]
            try:
                self.require(name, args)
                if name in self.failing:
                    self.failing.remove(name)
                    raise Revert("out of gas")
            except Revert:
                self.sent[intent.id] = msgspec.structs.replace(intent, state=Sent.FAILED)
                continue
            self.done.append(name)
            self.sent[intent.id] = msgspec.structs.replace(intent, state=Sent.DONE)
            if name == "accept":
                self.order = replace(self.order, accepted=self.now)
            elif name == "submit":
                self.order = replace(self.order, results=args[1], until=self.now + WINDOW)
            elif name == "answer":
                self.demanded.remove(args[1])
                self.order = replace(self.order, open=len(self.demanded))
            elif name == "complete":
                self.order, self.is_paid = replace(self.order, over=True), True

    def demand(self, index: int) -> None:
        self.demanded.append(index)
        self.order = replace(self.order, open=len(self.demanded), demands=self.order.demands + 1)

    # as a node of the chain, and the sender

    def estimate(self, _: str, call: dict[str, str]) -> None:
        self.require(*self.calls[int(call["data"], 16) - 1])

    def get(self, id_: str) -> Intent:
        if id_ not in self.sent:
            raise UsageError("none of this id")
        return self.sent[id_]

    def submit_intent(self, intent: Intent) -> Intent:
        return self.sent.setdefault(intent.id, intent)


class Echo(LocalModel):
    """Works for orders alone that are accepted."""

    endpoints = frozenset({"classify"})

    def __init__(self, world: World) -> None:
        super().__init__("echo", Prices(PRICE))
        self._world, self.given, self.is_broken = world, 0, False

    def most_input(self, call: Call) -> int:
        return 1

    def answer(self, calls: Sequence[Call]) -> list[Result | ModelFault]:
        assert self._world.order.accepted
        if self.is_broken:
            return [ModelFault(500, "model_failed", "it fell over")]
        self.given += 1
        return [Result(b'{"answer": %d}' % self.given, 1, 1) for _ in calls]


class Node:
    """What of a node has orders, over the files of a folder."""

    def __init__(self, world: World, folder: Path, most: int = 1) -> None:
        self.world, self.alerts, self.steps, self.says = world, dict[str, str](), 0, "0x"
        self.database = sqlite3.connect(folder / "node.sqlite", isolation_level=None)
        self.database.execute("PRAGMA synchronous = OFF")  # the process dies here, not the machine
        self.echo = Echo(world)
        suite: Any = dict(ADDRESS)
        chain: Any = SimpleNamespace(
            id=1, client=SimpleNamespace(rpc=SimpleNamespace(call=self.wallet)),
            record=SimpleNamespace(first_block=0), rpc=SimpleNamespace(call=world.estimate),
            newest=lambda: SimpleNamespace(timestamp=hex(world.now)),
            suite=type("Suite", (dict,), {"at": lambda *_: world})(suite),
        )  # fmt: skip
        sender: Any = SimpleNamespace(account=PROVIDER, get=world.get, submit=world.submit_intent)
        offering: Any = SimpleNamespace(blind="", is_leaving=False, operator=PROVIDER.address.lower())
        alerts: Any = SimpleNamespace(tell=lambda key, text, **_: self.alerts.setdefault(key, text))
        settler: Any = None
        self.ordered = Ordered(
            chain, ADDRESS["KeifuToken"], most, Key.from_role("receipts"), offering, sender, self.database, alerts,
            _at_once, Again({"echo": self.echo}, settler),
        )  # fmt: skip

    def wallet(self, *_: Any) -> str:
        """What the client's account answers when it is asked whether it signed."""
        return self.says

    def asked(
        self, requests: Sequence[bytes] = REQUESTS, key: Key = CLIENT, soon: int = 1, number: int = 0
    ) -> OrderAsked:
        deadline = self.world.now + soon
        digest = asking_digest(1, ADDRESS["ComputeOrders"], number, request_tree(requests).root, deadline)
        return OrderAsked(0, list(requests), deadline, key.sign(digest))

    def ask(self, requests: Sequence[bytes] = REQUESTS, **how: Any) -> Any:
        async def both() -> Any:
            asked = asyncio.ensure_future(self.ordered.take(self.asked(requests, **how)))
            await asyncio.sleep(0)
            self.ordered.answer()
            return await asked

        return asyncio.run(both())

    def step(self) -> str:
        self.ordered.step(self.world.now)
        self.world.mine()
        self.world.now += 1
        self.steps += 1
        assert self.steps < LONGEST, "it does not go on"
        kept = OrderBook(self.database).get(0)
        return kept.state if kept else ""


def _at_once(work: Any) -> Future[Any]:
    done: Future[Any] = Future()
    done.set_result(asyncio.run(work))
    return done
