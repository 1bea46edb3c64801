"""What clients showed to panels, from the contract's events as they follow: a member computes by nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from keifu.chain.follower import Event, Source
from keifu.chain.suite import REEXECUTION
from keifu.node.chain import NodeChain
from keifu.reexecution.reading import Opened, opened_of

__all__ = ["Openings"]

_TABLE = """
CREATE TABLE IF NOT EXISTS reexecutor_opened (block INTEGER NOT NULL, place INTEGER NOT NULL, demand INTEGER NOT NULL,
  request BLOB NOT NULL, response BLOB NOT NULL, first BLOB NOT NULL, second BLOB NOT NULL, PRIMARY KEY (block, place))
  WITHOUT ROWID
"""


class Openings:
    """A sink of a follower."""

    def __init__(self, chain: NodeChain, database: sqlite3.Connection) -> None:
        self._contract, self._database = chain.suite.at(chain.client, REEXECUTION), database
        topic = "0x" + self._contract.interface.event("Opened").topic.hex()
        self.sources = [Source(self._contract.address, chain.record.first_block, frozenset({topic}))]
        database.execute(_TABLE)

    def of(self, demand: int) -> Opened | None:
        """None while its block was not followed."""
        row = self._database.execute(
            "SELECT request, response, first, second FROM reexecutor_opened WHERE demand = ? ORDER BY block DESC",
            (demand,),
        ).fetchone()
        return Opened(row[0], row[1], (row[2], row[3])) if row else None

    # as a sink -----------------------------------------------------------------------------------------------------

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        rows = filter(None, (self._row(event) for event in events))
        database.executemany("INSERT OR REPLACE INTO reexecutor_opened VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        database.execute("DELETE FROM reexecutor_opened WHERE block >= ?", (first_block,))

    def _row(self, event: Event) -> tuple[Any, ...] | None:
        topics = [bytes.fromhex(topic[2:]) for topic in event.topics]
        log = self._contract.interface.decode_log(self._contract.address, topics, bytes.fromhex(event.data[2:]))
        if log is None:
            return None
        shown = opened_of(log.args)
        return event.number, event.index, log.args["demand"], shown.request, shown.response, *shown.stored
