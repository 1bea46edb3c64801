"""Orders that a node has taken, in its database: their requests, and the answers with their receipts.

A receipt of an order is signed once. What a row says is on the disk before the next step is made, so a kill at any line
signs no second one, and has at most a few answers made again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keifu.chain.sqlite import transaction
from keifu.compute.again import Made
from keifu.compute.market.results import Promoted
from keifu.compute.receipt import Evidence

__all__ = ["Answer", "Kept", "OrderBook", "State"]


class State:
    """How far an order is."""

    ACCEPTING = "accepting"
    WORKING = "working"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    PAID = "paid"
    LOST = "lost"


OVER = (State.PAID, State.LOST)
KEPT_ORDERS = 64  # that are over, whose answers are still given out
_TABLES = """
CREATE TABLE IF NOT EXISTS compute_order (number INTEGER PRIMARY KEY, environment BLOB NOT NULL, state TEXT NOT NULL,
  why TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS compute_order_answer (number INTEGER NOT NULL, place INTEGER NOT NULL,
  request BLOB NOT NULL, answer BLOB, seq INTEGER NOT NULL, digest BLOB NOT NULL, units_in INTEGER NOT NULL,
  units_out INTEGER NOT NULL, evidence INTEGER NOT NULL, receipt TEXT NOT NULL,
  PRIMARY KEY (number, place)) WITHOUT ROWID;
"""
_ANSWERED = """UPDATE compute_order_answer SET answer = ?, seq = ?, digest = ?, units_in = ?, units_out = ?,
  evidence = ? WHERE number = ? AND place = ?"""
_OLD = "SELECT number FROM compute_order WHERE state IN (?, ?) ORDER BY number DESC LIMIT -1 OFFSET ?"


@dataclass(frozen=True)
class Kept:
    """One order."""

    number: int
    environment: bytes
    state: str
    why: str  # it was lost


@dataclass(frozen=True)
class Answer:
    """To one request: what a receipt says of it, and the receipt's text once all are signed."""

    place: int
    request: bytes
    body: bytes
    promoted: Promoted
    units: tuple[int, int]
    evidence: Evidence
    receipt: str


class OrderBook:
    """Of the thread of the rounds."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.executescript(_TABLES)

    def get(self, number: int) -> Kept | None:
        row = self._database.execute("SELECT * FROM compute_order WHERE number = ?", (number,)).fetchone()
        return Kept(*row) if row else None

    def open(self) -> list[Kept]:
        """Those that are not over, oldest first."""
        rows = self._database.execute("SELECT * FROM compute_order WHERE state NOT IN (?, ?) ORDER BY number", OVER)
        return [Kept(*row) for row in rows.fetchall()]

    def counts(self) -> dict[str, int]:
        return dict(self._database.execute("SELECT state, count(*) FROM compute_order GROUP BY state"))

    def take(self, number: int, environment: bytes, requests: Sequence[bytes]) -> None:
        rows = [(number, place, request) for place, request in enumerate(requests)]
        with transaction(self._database):
            self._database.execute(
                "INSERT INTO compute_order VALUES (?, ?, ?, '')", (number, environment, State.ACCEPTING)
            )
            self._database.executemany(
                "INSERT INTO compute_order_answer VALUES (?, ?, ?, NULL, 0, x'', 0, 0, 0, '')", rows
            )

    def requests(self, number: int) -> list[bytes]:
        rows = self._database.execute(
            "SELECT request FROM compute_order_answer WHERE number = ? ORDER BY place", (number,)
        )
        return [row[0] for row in rows]

    def missing(self, number: int, most: int) -> list[tuple[int, bytes]]:
        """The first requests that have no answer yet, with their places."""
        return self._database.execute(
            "SELECT place, request FROM compute_order_answer WHERE number = ? AND answer IS NULL ORDER BY place"
            " LIMIT ?",
            (number, most),
        ).fetchall()

    def answered(self, number: int, made: Iterable[tuple[int, Made]]) -> None:
        rows = [
            (item.result.body, item.claimed.promotion_seq, item.claimed.digest, item.result.input_units,
             item.result.output_units, item.evidence, number, place)
            for place, item in made
        ]  # fmt: skip
        with transaction(self._database):
            self._database.executemany(_ANSWERED, rows)

    def answers(self, number: int) -> list[Answer]:
        """Of an order whose answers are all there."""
        rows = self._database.execute(
            "SELECT place, request, answer, seq, digest, units_in, units_out, evidence, receipt"
            " FROM compute_order_answer WHERE number = ? ORDER BY place",
            (number,),
        )
        return [
            Answer(row[0], row[1], row[2], Promoted(row[3], row[4]), (row[5], row[6]), Evidence(row[7]), row[8])
            for row in rows
        ]

    def signed(self, number: int, texts: Sequence[str]) -> None:
        """Receipts of all answers, in their order: there are no others from now on."""
        rows = [(text, number, place) for place, text in enumerate(texts)]
        with transaction(self._database):
            self._database.executemany(
                "UPDATE compute_order_answer SET receipt = ? WHERE number = ? AND place = ?", rows
            )
            self.move(number, State.SUBMITTING)

    def move(self, number: int, state: str, why: str = "") -> None:
        self._database.execute("UPDATE compute_order SET state = ?, why = ? WHERE number = ?", (state, why, number))

    def forget(self) -> None:
        """Of orders that are over, all but the newest."""
        old = self._database.execute(_OLD, (*OVER, KEPT_ORDERS)).fetchall()
        with transaction(self._database):
            self._database.executemany("DELETE FROM compute_order_answer WHERE number = ?", old)
            self._database.executemany("DELETE FROM compute_order WHERE number = ?", old)
