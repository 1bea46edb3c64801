"""Disputes of the node's answers: seen in events, and answered on the chain, each turn within its window.

Where a dispute stands is read from the chain at each look, and what is shown follows from kept token ids. So nothing of
a dispute has to survive a kill. Each answer is an intent whose id follows from its turn, so that it is sent once.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import astuple

from keifu.chain.logs import find_events
from keifu.chain.sender import Sender, State
from keifu.compute.market.covers import read_cover
from keifu.errors import CheckFailed, Revert
from keifu.inference.disputes import Stage
from keifu.inference.disputes.moves import ANSWERS
from keifu.inference.disputes.reading import Opened, Reading, Standing
from keifu.node.alerts import Alerts
from keifu.node.chain import NodeChain
from keifu.node.compute.defending import Defence
from keifu.node.compute.reading import REORGANISED, Position
from keifu.node.compute.traces import Traces
from keifu.node.once import Once
from keifu.units import DAY, day

__all__ = ["Disputed"]

ALL_SECONDS = 3_600.0
TRIES = 100  # of an answer that failed: a dispute that is not answered costs more than gas
OPEN, WON, LOST, GONE = "open", "won", "lost", "gone"
_TABLE = """CREATE TABLE IF NOT EXISTS compute_dispute (channel BLOB NOT NULL, operator TEXT NOT NULL,
  challenger TEXT NOT NULL, dispute BLOB NOT NULL, receipt BLOB NOT NULL, block INTEGER NOT NULL,
  place INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (dispute, block, place)) WITHOUT ROWID"""


class Disputed:
    """Of the thread of the rounds."""

    def __init__(
        self, chain: NodeChain, reading: Reading, operator: str, sender: Sender, database: sqlite3.Connection,
        alerts: Alerts, traces: Traces, defence: Defence, term: int,
    ) -> None:  # fmt: skip
        """`term` is that of a cover, in seconds: so long token ids are kept in any case, whatever an endpoint says."""
        self._chain, self._reading, self._operator, self._sender = chain, reading, operator, sender
        self._database, self._alerts, self._traces, self._defence = database, alerts, traces, defence
        self._position = Position(database, reading.disputes.address, chain.record.first_block)
        self._shown = Once(chain, sender, alerts, reading.game.address, "dispute", "the game", TRIES)
        self._ended = Once(chain, sender, alerts, reading.disputes.address, "dispute", "the contract of disputes")
        self._least = term + reading.disputes.evidence_window() + DAY
        self._all_at = -ALL_SECONDS
        self._facts: dict[str, int] = {}
        database.execute(_TABLE)

    def facts(self) -> dict[str, int]:
        """Disputes by their states, and replies whose token ids are kept, as of the last look."""
        return self._facts

    def step(self, head: int, now: int) -> None:
        """Look, and answer. `now` is the newest block's time. Raises RpcError; nothing is lost then."""
        is_all = time.monotonic() - self._all_at >= ALL_SECONDS  # an endpoint that withheld a log gives it another time
        first = 0 if is_all else self._position.next
        for opened in self._reading.opened(operator=self._operator, first_block=first):
            row = (*astuple(opened), OPEN)
            made = self._database.execute("INSERT OR IGNORE INTO compute_dispute VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            if made.rowcount:
                self._tell(opened, "an answer is disputed on the chain")
        self._position.keep(head)
        oldest = now
        for opened in self._open():
            try:
                oldest = min(oldest, self._go_on(opened, head, now))
            except CheckFailed as error:
                oldest = 0  # of which second its receipt is may not be known: all is kept
                self._tell(opened, f"a dispute cannot be answered yet: {error}", str(error))
        if is_all:
            self._forget(min(oldest, now - self._least))
            self._all_at = time.monotonic()
        self._facts = dict(self._database.execute("SELECT state, count(*) FROM compute_dispute GROUP BY state"))
        self._facts["kept"] = self._traces.count()

    # one dispute ---------------------------------------------------------------------------------------------------

    def _open(self) -> list[Opened]:
        rows = self._database.execute("SELECT * FROM compute_dispute WHERE state = ?", (OPEN,)).fetchall()
        return [Opened(*row[:-1]) for row in rows]

    def _go_on(self, opened: Opened, head: int, now: int) -> int:
        """The time of the receipt. Raises CheckFailed where nothing can be shown."""
        standing = self._reading.standing(opened)
        if standing is None:
            self._over(opened, head)
            return now
        turn = standing.turn
        if turn.stage in ANSWERS and now <= turn.deadline:
            self._answer(standing)
        elif turn.stage in (Stage.NAMING, Stage.ASKING) and now > turn.deadline:
            what = f"close {opened.dispute.hex()} {turn.hash.hex()}"
            self._ended.sent(what, lambda: self._reading.disputes.close.encode(turn.args, opened.channel))
        elif turn.stage in ANSWERS:
            self._tell(opened, f"a dispute was not answered by {day(turn.deadline)}", "late")
        return turn.time

    def _answer(self, standing: Standing) -> None:
        turn = standing.turn
        move = self._defence.move(standing.case, turn)
        if move is not None:
            what = f"{turn.dispute.hex()} {turn.hash.hex()}"
            self._shown.sent(what, lambda: getattr(self._reading.game, move[0]).encode(turn.args, *move[1]))

    def _over(self, opened: Opened, head: int) -> None:
        outcome = self._reading.outcome(opened)
        if outcome is None:  # taken back with its block, or not in this node's view yet
            if head > opened.block + REORGANISED:
                self._end(opened, GONE)
            return
        self._defence.forget(opened.dispute)
        if outcome.is_convicted:
            self._tell(opened, "a dispute was lost, and with it what was promised", "lost")
            self._end(opened, LOST)
        elif self._collected(opened):
            self._end(opened, WON)

    def _collected(self, opened: Opened) -> bool:
        """Have the bond paid out, where it is this account's; whether nothing waits for that."""
        own = self._sender.account.address
        if own.lower() != self._operator or not self._reading.disputes.credits(own):
            return True
        what = f"bond {opened.dispute.hex()} {opened.block}"
        try:
            state = self._ended.sent(what, lambda: self._reading.disputes.withdraw.encode(own))
        except Revert:
            return True
        return state is None or state is State.DONE or state.is_final

    def _end(self, opened: Opened, state: str) -> None:
        row = (state, opened.dispute, opened.block, opened.index)
        self._database.execute(
            "UPDATE compute_dispute SET state = ? WHERE dispute = ? AND block = ? AND place = ?", row
        )

    def _tell(self, opened: Opened, text: str, what: str = "") -> None:
        key = f"dispute {opened.dispute.hex()} {opened.block} {what}".rstrip()
        self._alerts.tell(key, text, channel=opened.channel.hex(), challenger=opened.challenger)

    # what is kept --------------------------------------------------------------------------------------------------

    def _forget(self, oldest: int) -> None:
        """Token ids that no cover answers for any more, nor any dispute that is open since `oldest`. The clock of a
        receipt is this machine's: a day is left."""
        disputes, first = self._reading.disputes, self._chain.record.first_block
        events = find_events(self._chain.client, disputes, "Covered", first, operator=self._operator)
        for channel in {bytes(log.channel) for log in events}:
            cover = read_cover(disputes, channel, self._operator)
            if cover.reserve:
                oldest = min(oldest, cover.since)
        self._traces.forget(oldest - DAY)
