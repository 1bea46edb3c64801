"""A node's orders on a chain of paper: whatever line the process dies at, everything is sent once, each number has one
receipt, and nothing is worked on that could still be taken back."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import msgspec
import pytest

from keifu.chain.sender import Intent
from keifu.chain.sender import State as Sent
from keifu.compute.again import Again
from keifu.compute.client.checks import Prices
from keifu.compute.market.orders import Order, OrderDemand, request_tree, result_tree
from keifu.compute.model import Call, LocalModel, ModelFault, Result
from keifu.compute.receipt import Receipt
from keifu.compute.wire import unpack
from keifu.errors import Revert, UsageError
from keifu.keys import Account as Key
from keifu.keys import keccak256
from keifu.merkle.tree import root_of
from keifu.node.backup import abandon_orders
from keifu.node.compute import order_book, ordered
from keifu.node.compute.order_book import OrderBook
from keifu.node.compute.ordered import Ordered
from keifu.payments.book import Refused

ADDRESS = {
    name: "0x" + f"{place:02x}" * 20 for place, name in enumerate(("ComputeOrders", "ComputeMarket", "KeifuToken"))
}
PROVIDER, CLIENT = Key.from_role("provider"), "0x" + "cc" * 20
REQUESTS = [msgspec.json.encode({"model": "echo", "input": [place]}) for place in range(20)]
PRICE, WINDOW, DEADLINE = 5, 100, 10_000
FUNCTIONS = ("accept", "submit", "answer", "complete", "withdraw")
LONGEST = 60  # steps of one process
FILES = frozenset(str(module.__file__) for module in (ordered, order_book))


class Died(BaseException):
    """As a process does: nobody catches it."""


class World:
    """What outlives the process: the chain, and what was accepted for sending."""

    def __init__(self, requests: Sequence[bytes] = REQUESTS, fee: int = PRICE * len(REQUESTS)) -> None:
        self.now, self.requests = 1_000, requests
        self.order = Order(
            0, CLIENT, PROVIDER.address, bytes(32), request_tree(requests).root, len(requests), fee, DEADLINE, 0,
            bytes(32), 0, 0, 0, over=False,
        )  # fmt: skip
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.sent: dict[str, Intent] = {}
        self.done: list[str] = []  # functions that took effect
        self.demanded: list[int] = []
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
        self.world, self.alerts, self.steps = world, dict[str, str](), 0
        self.database = sqlite3.connect(folder / "node.sqlite", isolation_level=None)
        self.database.execute("PRAGMA synchronous = OFF")  # the process dies here, not the machine
        self.echo = Echo(world)
        suite: Any = dict(ADDRESS)
        chain: Any = SimpleNamespace(
            id=1, client=None, record=SimpleNamespace(first_block=0), rpc=SimpleNamespace(call=world.estimate),
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

    def ask(self, requests: Sequence[bytes] = REQUESTS) -> Any:
        async def both() -> Any:
            asked = asyncio.ensure_future(self.ordered.take(0, requests))
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


def whole(world: World, folder: Path, ask: bool = True) -> Node:
    """Everything from the asking to the fee; an answer is demanded."""
    node = Node(world, folder)
    if ask:
        node.ask()
    while (state := node.step()) != "submitted":
        assert state in ("accepting", "working", "submitting")
    if not world.order.demands:
        world.demand(7)
    while world.demanded:
        node.step()
    world.now += WINDOW
    while node.step() != "paid":
        pass
    node.ordered.step(world.now)
    world.mine()
    return node


@pytest.fixture(autouse=True)
def events(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the log has."""

    def find(_: Any, orders: World, name: str, *__: Any, **___: Any) -> Iterator[str]:
        return iter([name] if orders.is_paid else [])  # as the log gives it

    def demands(_: Any, orders: World, order: int, *__: Any) -> list[OrderDemand]:
        return [OrderDemand(order, index, orders.now + WINDOW, REQUESTS[index]) for index in orders.demanded]

    monkeypatch.setattr(ordered, "find_events", find)
    monkeypatch.setattr(ordered, "demands_of", demands)


def lines(kill_at: str, folder: Path) -> tuple[list[str], World, bool]:
    """Lines that ran until the process died at the first time of one; and the world that it left."""
    world, seen = World(), dict[str, None]()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in FILES:
            return None
        place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        if event == "line":
            seen[place] = None
            if place == kill_at:
                raise Died
        return trace

    sys.settrace(trace)
    try:
        whole(world, folder)
    except Died:
        return list(seen), world, True
    finally:
        sys.settrace(None)
    return list(seen), world, False


def test_a_process_may_die_at_each_line_and_nothing_is_done_twice(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    places, world, _ = lines("", tmp_path / "whole")
    assert len(places) > 100
    for place in places:
        folder = tmp_path / place
        folder.mkdir()
        _, world, has_died = lines(place, folder)
        if has_died and not world.order.over:
            node = Node(world, folder)
            is_known = OrderBook(node.database).get(0) is not None
            node.database.close()
            whole(world, folder, ask=not is_known)
        elif has_died:
            node = Node(world, folder)
            node.step()
            node.step()
        assert [world.done.count(name) for name in FUNCTIONS] == [1] * len(FUNCTIONS), place
        receipts = [unpack(item.receipt).receipt for item in OrderBook(_database(folder)).answers(0)]
        assert result_tree(receipts).root == world.order.results, place


def _database(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "node.sqlite", isolation_level=None)


def test_an_order_that_was_taken_back_is_not_worked_on(tmp_path: Path) -> None:
    """Its client was faster than the acceptance."""
    world = World()
    node = Node(world, tmp_path)
    assert node.ask().state == "accepting"
    node.ordered.step(world.now)
    world.order = replace(world.order, over=True)
    world.mine()
    node.step()
    assert (node.ask().state, node.ask().why) == ("lost", "its fee went back to its client")
    assert (world.done, node.echo.given) == ([], 0)


def test_bonds_of_an_order_that_was_refunded_are_fetched(tmp_path: Path) -> None:
    """One answer was opened in time, another one was not."""
    world = World()
    node = Node(world, tmp_path)
    node.ask()
    while node.step() != "submitted":
        pass
    world.demand(7)
    while world.demanded:
        node.step()
    world.order = replace(world.order, over=True)
    assert node.step() == "lost"
    assert world.done[-1] == "withdraw"


def test_a_peer_that_leaves_before_it_is_answered_harms_nobody(tmp_path: Path) -> None:
    node = Node(World(), tmp_path)

    async def leave() -> None:
        asked = asyncio.ensure_future(node.ordered.take(0, REQUESTS))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.sleep(0)
        node.ordered.answer()

    asyncio.run(leave())
    assert node.step() == ""
    assert node.ask().state == "accepting"


def test_an_acceptance_that_is_refused_is_the_end(tmp_path: Path) -> None:
    world = World()
    node = Node(world, tmp_path)
    node.ask()
    node.ordered.step(world.now)
    world.order = replace(world.order, accepted=5)  # by somebody else's hand
    world.mine()
    node.step()
    assert node.ask().why == "the market did not take its acceptance"
    assert node.echo.given == 0


def test_results_of_another_hand_end_the_work(tmp_path: Path) -> None:
    world = World()
    node = Node(world, tmp_path)
    node.ask()
    for _ in range(2):
        node.step()
    world.order = replace(world.order, results=b"\1" * 32, until=world.now + WINDOW)
    node.step()
    assert node.ask().why == "somebody else submitted its results"
    assert world.done == ["accept"]


def test_results_that_are_signed_are_not_sent_behind_another_hand(tmp_path: Path) -> None:
    world = World()
    node = Node(world, tmp_path)
    node.ask()
    while node.step() != "submitting":
        pass
    world.order = replace(world.order, results=b"\1" * 32, until=world.now + WINDOW)
    node.ordered.step(world.now)
    assert node.ask().why == "somebody else submitted its results"


def test_what_fails_is_tried_again_until_the_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, clock = World(), [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    node = Node(world, tmp_path)
    node.echo.is_broken = True
    node.ask()
    for _ in range(9):
        assert node.step() != "submitting"
    assert "cannot be made yet: it fell over" in node.alerts["not made order 0"]
    node.echo.is_broken = False
    node.step()
    assert node.echo.given == 0  # not at once
    clock[0] += ordered.AGAIN_SECONDS
    node.step()
    assert node.echo.given == ordered.AT_ONCE
    world.now = DEADLINE + 1
    while node.step() == "working":
        pass
    assert node.ask().why == "its time was over before all answers were there"
    assert world.done == ["accept"]


def test_results_are_of_seconds_between_acceptance_and_submission(tmp_path: Path) -> None:
    world = World()
    node = whole(world, tmp_path)
    [submitted] = [args for name, args in world.calls if name == "submit"]
    times = {unpack(text).receipt.time for text in node.ask().receipts}
    assert len(times) == 1
    assert world.order.accepted <= times.pop() <= world.order.until - WINDOW
    assert submitted[1] == world.order.results
    assert set(node.alerts) == {"demand order 0 7"}  # nothing was tried that the market refuses


def test_answers_are_given_out_when_their_root_stands_on_the_chain(tmp_path: Path) -> None:
    world = World()
    node = Node(world, tmp_path)
    node.ask()
    while node.step() != "submitted":
        assert not node.ask().answers
    found = node.ask()
    assert len(found.answers) == len(found.receipts) == len(REQUESTS)
    with pytest.raises(Refused, match="these are not the requests of order 0"):
        node.ask(REQUESTS[::-1])


@pytest.mark.parametrize(
    ("world", "most", "why"),
    [
        (World(fee=PRICE * len(REQUESTS) - 1), 1, "the answers cost"),
        (World(), 0, "takes no orders now"),
        (World([b"{}"]), 1, "these are not the 1 requests"),
    ],
)
def test_what_does_not_pay_is_refused(tmp_path: Path, world: World, most: int, why: str) -> None:
    node = Node(world, tmp_path, most)
    with pytest.raises(Refused, match=why):
        node.ask()
    assert node.step() == ""


def test_an_order_that_is_accepted_or_due_soon_is_refused(tmp_path: Path) -> None:
    world = World()
    world.order = replace(world.order, accepted=7)
    node = Node(world, tmp_path)
    with pytest.raises(Refused, match="order 0 is accepted"):
        node.ask()
    world.order = replace(world.order, accepted=0, deadline=world.now + ordered.LEAST_SECONDS - 1)
    with pytest.raises(Refused, match="less than 60 seconds"):
        node.ask()


def test_one_order_is_worked_on_at_a_time_where_the_owner_says_so(tmp_path: Path) -> None:
    node = Node(World(), tmp_path, 1)
    OrderBook(node.database).take(9, bytes(32), REQUESTS)
    with pytest.raises(Refused, match="works on other orders"):
        node.ask()
    OrderBook(node.database).move(9, "submitted")
    assert node.ask().state == "accepting"


def test_a_restored_node_signs_no_receipt_that_may_have_been_signed(tmp_path: Path) -> None:
    """What was in work when the backup was made is given up; what was signed then goes on."""
    node = Node(World(), tmp_path)
    book = OrderBook(node.database)
    for number, state in enumerate(("accepting", "working", "submitting", "submitted")):
        book.take(number, bytes(32), REQUESTS)
        book.move(number, state)
    abandon_orders(tmp_path / "node.sqlite")
    found = [kept.state for number in range(4) if (kept := book.get(number))]
    assert found == ["lost", "lost", "submitting", "submitted"]
    node.database.execute("DROP TABLE compute_order")
    abandon_orders(tmp_path / "node.sqlite")


def test_only_the_newest_orders_that_are_over_are_kept(tmp_path: Path) -> None:
    book = OrderBook(_database(tmp_path))
    for number in range(order_book.KEPT_ORDERS + 3):
        book.take(number, bytes(32), REQUESTS[:1])
        book.move(number, "paid" if number % 2 else "lost")
    book.forget()
    assert [book.get(number) is None for number in range(4)] == [True, True, True, False]
    assert book.requests(2) == []
    assert len(book.requests(3)) == 1
