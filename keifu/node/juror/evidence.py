"""What the parties of a case have said, from the court's events as they follow: a rule decides by nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from keifu.chain.follower import Event, Source
from keifu.chain.suite import COURT
from keifu.node.chain import NodeChain

__all__ = ["Evidence"]

_TABLE = """
CREATE TABLE IF NOT EXISTS juror_evidence (block INTEGER NOT NULL, place INTEGER NOT NULL, case_id INTEGER NOT NULL,
  kind TEXT NOT NULL, party TEXT NOT NULL, said BLOB NOT NULL, PRIMARY KEY (block, place)) WITHOUT ROWID
"""
_KINDS = {"CaseOpened": ("accusation", "accuser"), "Answered": ("answer", "party")}


class Evidence:
    """A sink of a follower."""

    def __init__(self, chain: NodeChain, database: sqlite3.Connection) -> None:
        self._court, self._database = chain.suite.at(chain.client, COURT), database
        topics = frozenset("0x" + self._court.interface.event(name).topic.hex() for name in _KINDS)
        self.sources = [Source(self._court.address, chain.record.first_block, topics)]
        database.execute(_TABLE)

    def of(self, case: int) -> list[dict[str, Any]]:
        """Oldest first, as JSON: bytes in hex."""
        rows = self._database.execute(
            "SELECT block, kind, party, said FROM juror_evidence WHERE case_id = ? ORDER BY block, place", (case,)
        )
        return [
            {"block": block, "kind": kind, "party": party, "evidence": said.hex()} for block, kind, party, said in rows
        ]

    # as a sink -----------------------------------------------------------------------------------------------------

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        rows = (self._row(event) for event in events)
        database.executemany("INSERT OR REPLACE INTO juror_evidence VALUES (?, ?, ?, ?, ?, ?)", filter(None, rows))

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        database.execute("DELETE FROM juror_evidence WHERE block >= ?", (first_block,))

    def _row(self, event: Event) -> tuple[Any, ...] | None:
        topics = [bytes.fromhex(topic[2:]) for topic in event.topics]
        log = self._court.interface.decode_log(self._court.address, topics, bytes.fromhex(event.data[2:]))
        if log is None:
            return None
        kind, party = _KINDS[log.event]
        return event.number, event.index, log.args["case_id"], kind, log.args[party].lower(), log.args["evidence"]
