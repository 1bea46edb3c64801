"""Demands of the node's channels: seen in the market's events, and answered on the chain within their window.

An answer that is kept is shown with its receipt. One that is not is made again under a number of its own, and kept
before it is shown. The transaction is an intent whose id follows from the demand, so that a demand is answered once,
whatever becomes of the process.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keifu.abi import Contract
from keifu.chain.logs import find_logs, topic_of_address
from keifu.chain.sender import Intent, Sender, State
from keifu.compute.market.covers import read_cover
from keifu.compute.market.demands import open_demands, read_demand
from keifu.compute.promises import shown
from keifu.compute.wire import unpack
from keifu.errors import Revert, UsageError
from keifu.keys import keccak256
from keifu.node.alerts import Alerts
from keifu.node.chain import NodeChain
from keifu.node.compute.reading import Position
from keifu.payments.book import Account, Book

__all__ = ["Demanded"]

EVENTS = ("Covered", "CoverFreed", "Demanded", "Answered", "Unanswered")
ALL_SECONDS, AGAIN_SECONDS = 3_600.0, 60.0
EARLY = "compute: time has not come"
OPEN, ANSWERED, LOST = "open", "answered", "lost"
_TABLES = """
CREATE TABLE IF NOT EXISTS compute_covered (channel BLOB PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS compute_demand (channel BLOB NOT NULL, deadline INTEGER NOT NULL, request BLOB NOT NULL,
  state TEXT NOT NULL, why TEXT NOT NULL, PRIMARY KEY (channel, deadline)) WITHOUT ROWID;
"""
Make = Callable[[Account, bytes, bool], Coroutine[Any, Any, tuple[bytes, bytes]]]


@dataclass(frozen=True)
class _Demand:
    channel_id: bytes
    deadline: int
    request: bytes

    @property
    def id(self) -> str:
        return f"answer {self.channel_id.hex()} {self.deadline}"


class Demanded:
    """Of the thread of the rounds. `submit` runs what it gets in the answering thread."""

    def __init__(
        self,
        chain: NodeChain,
        market: Contract,
        operator: str,
        book: Book,
        file: Path,
        sender: Sender,
        database: sqlite3.Connection,
        alerts: Alerts,
        submit: Callable[[Coroutine[Any, Any, Any]], Future[Any]],
        make: Make,
    ) -> None:
        self._chain, self._market, self._operator, self._book, self._file = chain, market, operator, book, file
        self._sender, self._database, self._alerts, self._submit, self._make = sender, database, alerts, submit, make
        self._position = Position(database, market.address, chain.record.first_block)
        self._making: dict[str, Future[tuple[bytes, bytes]]] = {}
        self._again_at: dict[str, float] = {}
        self._window: int = market.answer_window()
        self._all_at = -ALL_SECONDS
        self._facts: dict[str, int] = {}
        database.executescript(_TABLES)
        self._tell_book()

    def facts(self) -> dict[str, int]:
        """How many channels are covered, and demands by their states, as of the last look."""
        return self._facts

    def step(self, head: int, now: int) -> None:
        """Look, and answer. `now` is the newest block's time. Raises RpcError; the same blocks are read again then."""
        asked = self._touched(self._position.next)
        if time.monotonic() - self._all_at >= ALL_SECONDS:
            asked = dict.fromkeys(self._covered(), b"") | asked
            self._all_at = time.monotonic()
        for channel, request in asked.items():
            self._look(channel, request, now)
        if asked:
            self._tell_book()
        self._position.keep(head)
        for demand in self._open():
            self._go_on(demand, now)
        self._facts = dict(self._database.execute("SELECT state, count(*) FROM compute_demand GROUP BY state"))
        self._facts["covered"] = len(self._covered())

    # looking -------------------------------------------------------------------------------------------------------

    def _touched(self, first: int) -> dict[bytes, bytes]:
        """Channels of this operator to look at, with the newest request that was demanded."""
        found: dict[bytes, bytes] = {}
        names = ["0x" + self._market.interface.event(name).topic.hex() for name in EVENTS]
        reported = "0x" + self._market.interface.event("Reported").topic.hex()
        where, own = (self._chain.client, self._market.address), topic_of_address(self._operator)
        # A report names the operator before the channel.
        for log in find_logs(*where, [reported, own, None], first):
            found[bytes.fromhex(log.topics[2][2:])] = b""
        for log in find_logs(*where, [names, None, own], first):
            channel_id = bytes.fromhex(log.topics[1][2:])
            found.setdefault(channel_id, b"")
            event = self._market.interface.read_log(self._market.address, log.topics, log.data)
            if event is not None and event.event == "Demanded":
                found[channel_id] = bytes(event.args["request"])
        return found

    def _look(self, channel_id: bytes, request: bytes, now: int) -> None:
        """What the contract says: until when the channel is covered, and what is demanded."""
        cover = read_cover(self._market, channel_id, self._operator)
        if cover.reserve and now <= cover.until:
            row = (channel_id, cover.until)
            self._database.execute("INSERT OR REPLACE INTO compute_covered VALUES (?, ?)", row)
        else:
            self._database.execute("DELETE FROM compute_covered WHERE channel = ?", (channel_id,))
        state = read_demand(self._market, channel_id, self._operator)
        if not state.is_open:
            return
        if keccak256(request) != state.request:
            first, client = self._chain.record.first_block, self._chain.client
            known = open_demands(client, self._market, first, operator=self._operator, channel_id=channel_id)
            if not known:
                return
            request = known[-1].request
        row2 = (channel_id, state.deadline, request, OPEN)
        made = self._database.execute("INSERT OR IGNORE INTO compute_demand VALUES (?, ?, ?, ?, '')", row2)
        if made.rowcount:
            key = f"demand {channel_id.hex()} {state.deadline}"
            text = f"an answer is demanded on the chain until {state.deadline}"
            self._alerts.tell(key, text, channel=channel_id.hex())

    def _tell_book(self) -> None:
        """Whose answers are to be kept: also where a demand is the last word of a cover that is over."""
        channels = {*self._covered(), *(demand.channel_id for demand in self._open())}

        async def tell() -> None:
            self._book.cover(channels)

        self._submit(tell()).result()

    def _covered(self) -> list[bytes]:
        return [row[0] for row in self._database.execute("SELECT channel FROM compute_covered")]

    # answering -----------------------------------------------------------------------------------------------------

    def _open(self) -> list[_Demand]:
        rows = self._database.execute("SELECT channel, deadline, request FROM compute_demand WHERE state = ?", (OPEN,))
        return [_Demand(*row) for row in rows.fetchall()]

    def _go_on(self, demand: _Demand, now: int) -> None:
        intent = self._sent(demand)
        if intent is None:
            state = read_demand(self._market, demand.channel_id, self._operator)
            if state.deadline != demand.deadline:
                self._end(demand, ANSWERED, "by another machine, or taken back with its block")
            elif now > demand.deadline:
                self._lose(demand, "its time is over")
            else:
                self._answer(demand, is_late=demand.deadline - now < self._window // 2)
        elif intent.state is State.DONE:
            self._end(demand, ANSWERED)
            self._collect(demand)
        elif intent.state in (State.REFUSED, State.FAILED):
            state = read_demand(self._market, demand.channel_id, self._operator)
            still = state.deadline == demand.deadline
            self._lose(demand, intent.reason) if still else self._end(demand, ANSWERED, "by another")

    def _sent(self, demand: _Demand) -> Intent | None:
        try:
            return self._sender.get(demand.id)
        except UsageError:  # nothing was sent yet
            return None

    def _answer(self, demand: _Demand, *, is_late: bool) -> None:
        """Send what is kept; else have it made, and go on when it is there."""
        kept = self._book.answer_in(self._file, demand.channel_id, keccak256(demand.request))
        if kept is None or kept[0] is None:
            self._have_made(demand, is_late)
            return
        data = self._market.answer.encode(shown(unpack(kept[1].decode())), kept[0])
        if self._is_taken(demand, data):
            self._sender.submit(Intent(demand.id, self._market.address, data))

    def _is_taken(self, demand: _Demand, data: bytes) -> bool:
        """Whether the market takes an answer in the next block. Not yet one whose receipt is of a later second: this
        machine's clock may be ahead."""
        call = {"from": self._sender.account.address, "to": self._market.address, "data": "0x" + data.hex()}
        try:
            self._chain.rpc.call("eth_estimateGas", call)
        except Revert as refusal:
            if refusal.reason != EARLY:
                text = f"the answer to a demand would be refused: {refusal.reason}"
                self._alerts.tell(f"refused {demand.id}", text)
            return False
        return True

    def _have_made(self, demand: _Demand, is_late: bool) -> None:
        """Once at a time, and again after a while where it fails. When half of the window is over, any answer will
        do."""
        making, account = self._making.get(demand.id), self._book.get(demand.channel_id)
        if making is None:
            if account is not None and time.monotonic() >= self._again_at.get(demand.id, 0.0):
                self._making[demand.id] = self._submit(self._make(account, demand.request, is_late))
        elif making.done():
            del self._making[demand.id]
            if (fault := making.exception()) is not None:
                self._again_at[demand.id] = time.monotonic() + AGAIN_SECONDS
                self._alerts.tell(f"not made {demand.id}", f"an answer that is demanded cannot be made yet: {fault}")

    def _collect(self, demand: _Demand) -> None:
        """Have the bond paid out, where it is this account's."""
        own = self._sender.account.address
        if own.lower() == self._operator and self._market.credits(own):
            data = self._market.withdraw.encode(own)
            self._sender.submit(Intent(demand.id.replace("answer", "bond", 1), self._market.address, data))

    def _lose(self, demand: _Demand, why: str) -> None:
        self._end(demand, LOST, why)
        text = f"a demand was not answered, so its channel's cover is over: {why}"
        self._alerts.tell(f"lost {demand.id}", text, channel=demand.channel_id.hex())

    def _end(self, demand: _Demand, state: str, why: str = "") -> None:
        row = (state, why, demand.channel_id, demand.deadline)
        self._database.execute("UPDATE compute_demand SET state = ?, why = ? WHERE channel = ? AND deadline = ?", row)
