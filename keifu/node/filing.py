"""Filing a fault: commit, report one block later, collect the reward; each step once, whatever becomes of the process.

    found -> committed -> reported -> paid
    any of them -> lost, when somebody else was first or the contract refuses

A fault is on the disk before its first transaction. The id of each transaction follows from the fault, so that the
durable sender sends it once.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from keifu.abi import Contract
from keifu.chain.sender import Intent, Sender, State
from keifu.errors import UsageError
from keifu.node.logs import Log
from keifu.units import coins

__all__ = ["Case", "Filing", "under_way"]

_TABLE = """
CREATE TABLE IF NOT EXISTS filed (id TEXT PRIMARY KEY, about TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
  reason TEXT NOT NULL) WITHOUT ROWID
"""
_DONE = (State.MINED, State.DONE)
_REFUSED = (State.REFUSED, State.FAILED)
MAX_LOST = 3  # reports about one promise that were refused; then no more gas is spent on it
FOUND, COMMITTED, REPORTED, PAID, LOST = "found", "committed", "reported", "paid", "lost"


class Case(NamedTuple):
    """One fault: what its evidence hashes to, whose promise it breaks, and all that shows it."""

    id: str
    about: str
    body: str


def under_way(database: sqlite3.Connection) -> int:
    """How many faults are neither paid nor lost."""
    database.execute(_TABLE)
    count: int = database.execute("SELECT count(*) FROM filed WHERE state NOT IN (?, ?)", (PAID, LOST)).fetchone()[0]
    return count


class Filing(ABC):
    """The faults that a node has found. The service pays its provers by `credits` and `withdraw`."""

    def __init__(
        self,
        service: Contract,
        sender: Sender,
        database: sqlite3.Connection,
        log: Log,
        *,
        receiver: str,
        on_state: Callable[[str], None],
    ) -> None:
        self._service, self._sender, self._database, self._log = service, sender, database, log
        self._receiver, self._on_state = receiver or sender.account.address, on_state
        database.execute(_TABLE)

    @abstractmethod
    def _is_open(self, case: Case) -> bool:
        """Whether the promise still answers for it: nobody else has reported it."""

    @abstractmethod
    def _commitment(self, case: Case) -> bytes:
        """The call that commits to it."""

    @abstractmethod
    def _evidence(self, case: Case) -> bytes:
        """The call that shows it."""

    def _keep(self, case: Case) -> bool:
        """Unless one about the same promise is under way, or too many were refused."""
        states = [row[0] for row in self._database.execute("SELECT state FROM filed WHERE about = ?", (case.about,))]
        if any(state in (FOUND, COMMITTED, REPORTED) for state in states) or states.count(LOST) >= MAX_LOST:
            return False
        self._database.execute("INSERT OR IGNORE INTO filed VALUES (?, ?, ?, ?, ?)", (*case, FOUND, ""))
        self._on_state(FOUND)
        return True

    def go_on(self) -> None:
        """Do what is due for every fault under way."""
        rows = self._database.execute(
            "SELECT id, about, body, state FROM filed WHERE state NOT IN (?, ?)", (PAID, LOST)
        ).fetchall()
        for *words, state in rows:
            {FOUND: self._commit, COMMITTED: self._report, REPORTED: self._collect}[state](Case(*words))

    def open(self) -> int:
        """How many are under way."""
        return under_way(self._database)

    def counts(self) -> dict[str, int]:
        return dict(self._database.execute("SELECT state, count(*) FROM filed GROUP BY state"))

    # steps ---------------------------------------------------------------------------------------------------------

    def _commit(self, case: Case) -> None:
        if not self._is_open(case):
            self._lose(case, "somebody else was first")
            return
        self._submit(f"commit {case.id}", self._commitment(case))
        self._move(case, COMMITTED)

    def _report(self, case: Case) -> None:
        """Report as soon as the commitment is in a block. That it is in an earlier one follows: the report is signed
        afterwards."""
        committed = self._sender.get(f"commit {case.id}")
        if committed.state in _REFUSED:
            self._lose(case, committed.reason)
        if committed.state not in _DONE:
            return
        reported = self._submitted(f"report {case.id}")
        if reported is None:
            if self._is_open(case):
                self._submit(f"report {case.id}", self._evidence(case))
            else:
                self._lose(case, "somebody else was first")
        elif reported.state in _REFUSED:
            self._lose(case, reported.reason)
        elif reported.state in _DONE:
            self._log.warning("slashed", about=case.about, evidence=case.id, block=reported.block)
            self._move(case, REPORTED)

    def _collect(self, case: Case) -> None:
        paid = self._submitted(f"withdraw {case.id}")
        if paid is None:
            credit = self._service.credits(self._sender.account.address)
            if credit:
                self._submit(f"withdraw {case.id}", self._service.withdraw.encode(self._receiver))
                self._log.info("the reward is collected", coins=coins(credit), receiver=self._receiver)
            elif self._sender.get(f"report {case.id}").state.is_final:
                self._move(case, PAID)  # with the reward of another fault
        elif paid.state is State.DONE:
            self._move(case, PAID)
        elif paid.state in _REFUSED:
            self._lose(case, f"the reward was not paid: {paid.reason}")

    # what is kept --------------------------------------------------------------------------------------------------

    def _submit(self, id_: str, data: bytes) -> None:
        self._sender.submit(Intent(id_, self._service.address, data))

    def _submitted(self, id_: str) -> Intent | None:
        try:
            return self._sender.get(id_)
        except UsageError:  # it was not submitted yet
            return None

    def _move(self, case: Case, state: str, reason: str = "") -> None:
        self._database.execute("UPDATE filed SET state = ?, reason = ? WHERE id = ?", (state, reason, case.id))
        self._on_state(state)

    def _lose(self, case: Case, reason: str) -> None:
        self._log.warning("not reported", evidence=case.id, why=reason)
        self._move(case, LOST, reason)
