"""The cases of the court that are not over, as of a final block: which there are, and what is due in each."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from keifu.chain.sqlite import transaction
from keifu.chain.suite import COURT
from keifu.node.chain import NodeChain
from keifu.node.final import Final
from keifu.spec.court import CALL, COMMIT, OVER, PERIODS, REVEAL, SEED
from keifu.units import DAY

__all__ = ["CONVICTED", "Case", "OpenCases"]

CONVICTED = 2  # of a verdict
A_ROUND = 200  # cases that are read in one round: a court that has judged for years stops nothing else
_TABLES = """
CREATE TABLE IF NOT EXISTS open_cases (number INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS cases_read (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);
INSERT OR IGNORE INTO cases_read VALUES (1, 0);
"""


@dataclass(frozen=True)
class Case:
    """A case, with how far its phase is at a final block."""

    number: int
    service: str
    operator: str
    accuser: str
    amount: int
    unit: int
    hearing: int
    phase: int
    since: int
    since_block: int
    seed_epoch: int
    first: int  # what the first jury found
    verdict: int
    final: Final
    daily_blocks: int

    @property
    def ends(self) -> int:
        """When the phase can end at the earliest, unix seconds."""
        return self.since + PERIODS.get(self.phase, 0)

    @property
    def has_ended(self) -> bool:
        """Whether the time and the blocks of its phase have passed: the next call ends it."""
        seconds = PERIODS.get(self.phase, 0)
        blocks = seconds * self.daily_blocks // (2 * DAY)
        return self.final.time >= self.since + seconds and self.final.number >= self.since_block + blocks

    @property
    def waits_for_seed(self) -> bool:
        return self.phase == SEED

    @property
    def takes_votes(self) -> bool:
        return self.phase == COMMIT and not self.has_ended

    @property
    def takes_reveals(self) -> bool:
        """Whether no chain that can still come takes it for the time of sealed votes: a salt that is shown in that
        time costs the deposits."""
        return (self.phase == COMMIT and self.has_ended) or (self.phase == REVEAL and not self.has_ended)

    @property
    def can_be_called(self) -> bool:
        """Whether a re-hearing of a conviction can be called."""
        return self.phase == CALL and self.first == CONVICTED and not self.has_ended

    @property
    def is_over(self) -> bool:
        return self.phase == OVER


class OpenCases:
    """Remembers which cases are open; what is over is not read again."""

    def __init__(self, chain: NodeChain, database: sqlite3.Connection) -> None:
        self._court = chain.suite.at(chain.client, COURT)
        self._daily_blocks: int = self._court.daily_blocks()
        self._database = database
        database.executescript(_TABLES)

    def look(self, final: Final) -> list[Case]:
        """Every case that was not dropped, by number. Raises RpcError."""
        read: int = self._database.execute("SELECT number FROM cases_read").fetchone()[0]
        count = min(final.view(self._court.case_count), read + A_ROUND)
        known = [row[0] for row in self._database.execute("SELECT number FROM open_cases ORDER BY number")]
        numbers = [*known, *range(read + 1, count + 1)]
        cases = [
            self._case(number, values, final)
            for number, values in zip(
                numbers, final.views([(self._court.get_case, (number,)) for number in numbers]), strict=True
            )
        ]
        with transaction(self._database):
            self._database.executemany(
                "INSERT OR IGNORE INTO open_cases VALUES (?)", [(number,) for number in numbers if number > read]
            )
            self._database.execute("UPDATE cases_read SET number = max(number, ?)", (count,))
        return cases

    def drop(self, number: int) -> None:
        """Nothing is left to do in a case."""
        self._database.execute("DELETE FROM open_cases WHERE number = ?", (number,))

    def _case(self, number: int, values: Any, final: Final) -> Case:
        (
            service, operator, accuser, _, amount, unit, _, _, hearing, phase, since, since_block, seed_epoch, first,
            verdict, _,
        ) = values  # fmt: skip
        return Case(
            number, service.lower(), operator.lower(), accuser.lower(), amount, unit, hearing, phase, since,
            since_block, seed_epoch, first, verdict, final, self._daily_blocks,
        )  # fmt: skip
