"""What a relayer has spent on gas in the last hour, on the disk: who restarts it gets no second budget."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from keifu.node.sections import RelayerWork
from keifu.payments.book import Refused

__all__ = ["Spending"]

HOUR = 3_600
_TABLE = """CREATE TABLE IF NOT EXISTS relayed (id TEXT PRIMARY KEY, at INTEGER NOT NULL, account TEXT NOT NULL,
  gas TEXT NOT NULL, free TEXT NOT NULL, channel BLOB) WITHOUT ROWID"""


class Spending:
    """Wei of ether. `free` is what no refund covers. Of the thread of the rounds."""

    def __init__(
        self, database: sqlite3.Connection, settings: RelayerWork, clock: Callable[[], float] = time.time
    ) -> None:
        self._database, self._settings, self._clock = database, settings, clock
        database.execute(_TABLE)

    def require(self, account: str, gas: int, free: int) -> None:
        """Raises Refused when this would be more than the hour has left."""
        rows = self._rows()
        own = self._settings
        for limit, spent, words in (
            (own.most_gas, gas + sum(row[1] for row in rows), "the relayer has spent its hour's gas"),
            (own.free_all, free + sum(row[2] for row in rows) if free else 0, "the relayer gave away its hour's gas"),
            (
                own.free_each,
                free + sum(row[2] for row in rows if row[0] == account) if free else 0,
                f"{account} was given its hour's gas",
            ),
        ):
            if spent > limit:
                raise Refused("relayer_budget", f"{words}: bring a refund, or come back later")

    def require_paying(self, account: str) -> None:
        """Raises Refused when what an account was to pay for has failed for more than its hour's free gas."""
        given = sum(row[2] for row in self._rows() if row[0] == account)
        if given > self._settings.free_each:
            raise Refused("relayer_budget", f"batches of {account} have failed: come back in an hour")

    def paid(self, name: str) -> dict[str, tuple[str, int]]:
        """Account and gas of what was to be paid for, by its id; `name` begins that."""
        rows = self._database.execute(
            "SELECT id, account, gas FROM relayed WHERE free = '0' AND id LIKE ?", (f"{name} %",)
        )
        return {id_: (account, int(gas)) for id_, account, gas in rows}

    def note(self, id_: str, account: str, gas: int, free: int, channel: bytes | None) -> None:
        """Before it is sent: what is counted and then not sent is counted too much, never too little."""
        row = (id_, int(self._clock()), account, str(gas), str(free), channel)
        self._database.execute("INSERT OR REPLACE INTO relayed VALUES (?, ?, ?, ?, ?, ?)", row)

    def refunding(self, channel: bytes) -> list[str]:
        """What a channel has paid the gas of, or pays."""
        return [row[0] for row in self._database.execute("SELECT id FROM relayed WHERE channel = ?", (channel,))]

    def forget(self, id_: str) -> None:
        """What has ended, once it is older than an hour."""
        self._database.execute("DELETE FROM relayed WHERE id = ? AND at < ?", (id_, int(self._clock()) - HOUR))

    @property
    def hour(self) -> tuple[int, int]:
        """Gas that was spent, and what of it was given away."""
        rows = self._rows()
        return sum(row[1] for row in rows), sum(row[2] for row in rows)

    def old(self) -> list[str]:
        """Of more than an hour ago."""
        limit = int(self._clock()) - HOUR
        return [row[0] for row in self._database.execute("SELECT id FROM relayed WHERE at < ?", (limit,))]

    def _rows(self) -> list[tuple[str, int, int]]:
        found = self._database.execute(
            "SELECT account, gas, free FROM relayed WHERE at >= ?", (int(self._clock()) - HOUR,)
        )
        return [(account, int(gas), int(free)) for account, gas, free in found]
