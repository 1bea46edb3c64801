"""The newest heartbeat of each operator in each environment, for whoever wants to show them: checked here, and written
so that a reader checks each again.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from keifu.node.watcher.peers import Said
from keifu.node.web import Page, json_page
from keifu.provenance.heartbeats import line_of

__all__ = ["LARGEST_PAGE", "Heard"]

LARGEST_PAGE = 10_000  # heartbeats on the page; the newest, when there are more
_TABLE = """
CREATE TABLE IF NOT EXISTS heard (operator TEXT NOT NULL, environment TEXT NOT NULL, seq INTEGER NOT NULL,
  time INTEGER NOT NULL, line TEXT NOT NULL, PRIMARY KEY (operator, environment)) WITHOUT ROWID
"""
# An older one that is served again changes nothing.
_KEEP = """
INSERT INTO heard VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
  seq = excluded.seq, time = excluded.time, line = excluded.line
  WHERE (excluded.seq, excluded.time) > (seq, time)
"""


class Heard:
    """Written by the thread of the rounds; `page` answers from any."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute(_TABLE)
        self._changed = True
        self._lines: list[dict[str, Any]] = []
        self.show()

    def keep(self, operator: str, said: Said) -> None:
        """One that was judged, whose number was given."""
        heartbeat = said[0]
        row = operator, heartbeat.environment.hex(), heartbeat.promotion_seq, heartbeat.time, line_of(*said)
        self._changed |= self._database.execute(_KEEP, row).rowcount > 0

    def forget(self) -> None:
        """After a reorganisation: a number may not have been given."""
        self._database.execute("DELETE FROM heard")
        self._changed = True

    def show(self) -> None:
        """From now on the page has all that was kept."""
        if self._changed:
            rows = self._database.execute(
                "SELECT operator, line FROM heard ORDER BY time DESC LIMIT ?", (LARGEST_PAGE,)
            )
            self._lines = [{"operator": operator, "said": msgspec.json.decode(line)} for operator, line in rows]
            self._changed = False

    def page(self) -> Page:
        return json_page({"heartbeats": self._lines})
