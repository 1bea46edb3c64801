"""Filing a fault: commit, report one block later, collect the reward; each step once, whatever becomes of the process.

    found -> committed -> reported -> paid
    any of them -> lost, when somebody else was first or the contract refuses

A fault is on the disk before its first transaction. The id of each transaction follows from the fault, so that the
durable sender sends it once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from keifu.chain.sender import Intent, Sender, State
from keifu.chain.suite import HEARTBEATS
from keifu.errors import UsageError
from keifu.node.chain import NodeChain
from keifu.node.logs import Log
from keifu.node.watcher.judge import Fault, Judge
from keifu.node.watcher.peers import read_lines
from keifu.provenance import Record
from keifu.provenance.heartbeats import line_of
from keifu.units import coins

__all__ = ["Filing", "under_way"]

_TABLE = """
CREATE TABLE IF NOT EXISTS watcher_evidence (id TEXT PRIMARY KEY, operator TEXT NOT NULL, environment TEXT NOT NULL,
  lines TEXT NOT NULL, record TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID
"""
_DONE = (State.MINED, State.DONE)
_REFUSED = (State.REFUSED, State.FAILED)
MAX_LOST = 3  # reports about one binding that were refused; then no more gas is spent on it
FOUND, COMMITTED, REPORTED, PAID, LOST = "found", "committed", "reported", "paid", "lost"


def under_way(database: sqlite3.Connection) -> int:
    """How many faults are neither paid nor lost."""
    database.execute(_TABLE)
    count: int = database.execute(
        "SELECT count(*) FROM watcher_evidence WHERE state NOT IN (?, ?)", (PAID, LOST)
    ).fetchone()[0]
    return count


class Filing:
    """The faults that this watcher has found."""

    def __init__(
        self,
        chain: NodeChain,
        sender: Sender,
        judge: Judge,
        database: sqlite3.Connection,
        log: Log,
        *,
        receiver: str,
        on_state: Callable[[str], None],
    ) -> None:
        self._chain, self._sender, self._judge, self._database, self._log = chain, sender, judge, database, log
        self._service = chain.suite.at(chain.client, HEARTBEATS)
        self._receiver, self._on_state = receiver or sender.account.address, on_state
        database.execute(_TABLE)

    def file(self, fault: Fault) -> None:
        """Keep a fault, unless one about the same binding is under way, or too many were refused."""
        environment = fault.first.environment.hex()
        states = [
            row[0]
            for row in self._database.execute(
                "SELECT state FROM watcher_evidence WHERE operator = ? AND environment = ?",
                (fault.operator, environment),
            )
        ]
        if any(state in (FOUND, COMMITTED, REPORTED) for state in states) or states.count(LOST) >= MAX_LOST:
            return
        heartbeat, signature = fault.said[0]
        evidence = self._service.evidence_of(heartbeat.args, signature, self._sender.account.address).hex()
        lines = "\n".join(line_of(*said) for said in fault.said)
        record = json.dumps(fault.record.to_json()) if fault.record else ""
        row = (evidence, fault.operator, environment, lines, record, FOUND, "")
        self._database.execute("INSERT OR IGNORE INTO watcher_evidence VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._log.warning(
            "a false heartbeat", operator=fault.operator, environment=environment, seq=heartbeat.promotion_seq,
            digest=heartbeat.digest.hex(), evidence=evidence,
        )  # fmt: skip
        self._on_state(FOUND)

    def go_on(self) -> None:
        """Do what is due for every fault under way."""
        for evidence, operator, lines, record, state in self._open():
            fault = Fault(
                operator, read_lines(lines.encode())[0], Record.from_json(json.loads(record)) if record else None
            )
            {FOUND: self._commit, COMMITTED: self._report, REPORTED: self._collect}[state](evidence, fault)

    def open(self) -> int:
        """How many are under way."""
        return under_way(self._database)

    def counts(self) -> dict[str, int]:
        return dict(self._database.execute("SELECT state, count(*) FROM watcher_evidence GROUP BY state"))

    # steps ---------------------------------------------------------------------------------------------------------

    def _commit(self, evidence: str, fault: Fault) -> None:
        if not self._judge.is_open(fault):
            self._lose(evidence, "somebody else was first")
            return
        self._submit(f"commit {evidence}", self._service.commit.encode(bytes.fromhex(evidence)))
        self._move(evidence, COMMITTED)

    def _report(self, evidence: str, fault: Fault) -> None:
        """Report as soon as the commitment is in a block. That it is in an earlier one follows: the report is signed
        afterwards."""
        committed = self._sender.get(f"commit {evidence}")
        if committed.state in _REFUSED:
            self._lose(evidence, committed.reason)
        if committed.state not in _DONE:
            return
        reported = self._submitted(f"report {evidence}")
        if reported is None:
            if self._judge.is_open(fault):
                self._submit(f"report {evidence}", self._encoded(fault))
            else:
                self._lose(evidence, "somebody else was first")
        elif reported.state in _REFUSED:
            self._lose(evidence, reported.reason)
        elif reported.state in _DONE:
            self._log.warning("slashed", operator=fault.operator, evidence=evidence, block=reported.block)
            self._move(evidence, REPORTED)

    def _collect(self, evidence: str, fault: Fault) -> None:
        del fault
        paid = self._submitted(f"withdraw {evidence}")
        if paid is None:
            credit = self._service.credits(self._sender.account.address)
            if credit:
                self._submit(f"withdraw {evidence}", self._service.withdraw.encode(self._receiver))
                self._log.info("the reward is collected", coins=coins(credit), receiver=self._receiver)
            elif self._sender.get(f"report {evidence}").state.is_final:
                self._move(evidence, PAID)  # with the reward of another fault
        elif paid.state is State.DONE:
            self._move(evidence, PAID)
        elif paid.state in _REFUSED:
            self._lose(evidence, f"the reward was not paid: {paid.reason}")

    def _encoded(self, fault: Fault) -> bytes:
        flat = [value for heartbeat, signature in fault.said for value in (heartbeat.args, signature)]
        if fault.record is None:
            return self._service.report_contradiction.encode(*flat)
        return self._service.report.encode(*flat, fault.record.args)

    # what is kept --------------------------------------------------------------------------------------------------

    def _submit(self, id_: str, data: bytes) -> None:
        self._sender.submit(Intent(id_, self._service.address, data))

    def _submitted(self, id_: str) -> Intent | None:
        try:
            return self._sender.get(id_)
        except UsageError:  # it was not submitted yet
            return None

    def _move(self, evidence: str, state: str, reason: str = "") -> None:
        self._database.execute(
            "UPDATE watcher_evidence SET state = ?, reason = ? WHERE id = ?", (state, reason, evidence)
        )
        self._on_state(state)

    def _lose(self, evidence: str, reason: str) -> None:
        self._log.warning("not reported", evidence=evidence, why=reason)
        self._move(evidence, LOST, reason)

    def _open(self) -> list[Any]:
        return self._database.execute(
            "SELECT id, operator, lines, record, state FROM watcher_evidence WHERE state NOT IN (?, ?)", (PAID, LOST)
        ).fetchall()
