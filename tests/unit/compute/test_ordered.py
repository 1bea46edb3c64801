"""A node's orders on a chain of paper: whatever line the process dies at, everything is sent once, each number has one
receipt, and nothing is worked on that could still be taken back."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from keifu.compute.market.orders import OrderDemand, result_tree
from keifu.compute.order_desk import LONGEST_ASKING
from keifu.compute.wire import unpack
from keifu.keys import Account as Key
from keifu.node.backup import abandon_orders
from keifu.node.compute import order_book, ordered, questions
from keifu.node.compute.order_book import OrderBook
from keifu.node.once import TRIES
from keifu.payments.book import Refused
from tests.unit.compute.paper_orders import DEADLINE, FUNCTIONS, PRICE, REQUESTS, WINDOW, Node, World

FILES = frozenset(str(module.__file__) for module in (ordered, order_book, questions))


class Died(BaseException):
    """As a process does: nobody catches it."""


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
    while node.step() != "lost":
        pass
    assert world.done[-1] == "withdraw"


def test_a_peer_that_leaves_before_it_is_answered_harms_nobody(tmp_path: Path) -> None:
    node = Node(World(), tmp_path)

    async def leave() -> None:
        asked = asyncio.ensure_future(node.ordered.take(node.asked()))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.sleep(0)
        node.ordered.answer()

    asyncio.run(leave())
    assert node.step() == ""
    assert node.ask().state == "accepting"


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"key": Key.from_role("somebody")}, "not_the_client"),
        ({"number": 1}, "not_the_client"),
        ({"soon": -1}, "other_time"),
        ({"soon": LONGEST_ASKING + 1}, "other_time"),
        ({"requests": REQUESTS[::-1]}, "other_requests"),
    ],
)
def test_answers_are_for_the_order_s_client_alone(tmp_path: Path, how: dict[str, Any], code: str) -> None:
    """Before it is taken, and when its answers are there."""
    node = Node(World(), tmp_path)
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            node.ask(**how)
        assert refused.value.code == code
        if OrderBook(node.database).get(0) is None:
            assert node.ask(soon=LONGEST_ASKING).state == "accepting"
        while node.step() != "submitted":
            pass


def test_a_client_that_is_a_contract_says_itself_what_it_signed(tmp_path: Path) -> None:
    node = Node(World(), tmp_path)
    node.says = "0x1626ba7e" + "00" * 28
    assert node.ask(key=Key.from_role("its owner")).state == "accepting"


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


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_failed_on_the_chain_is_sent_again(tmp_path: Path, name: str) -> None:
    world = World()
    world.failing = [name] * (TRIES - 1)
    whole(world, tmp_path)
    assert world.done == list(FUNCTIONS)


@pytest.mark.parametrize("name", ["accept", "submit"])
def test_what_fails_each_time_is_not_sent_for_ever(tmp_path: Path, name: str) -> None:
    world = World()
    world.failing = [name] * (TRIES + 1)
    node = Node(world, tmp_path)
    node.ask()
    while node.step() != "lost":
        pass
    assert world.failing == [name]


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
    with pytest.raises(Refused, match="these are not the 20 requests of order 0"):
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
