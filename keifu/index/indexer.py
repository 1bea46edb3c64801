"""Following the suite into the tables: one pass of the follower, whose sinks may be several."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ethwire.rpc import NewHeads, Rpc
from keifu.chain.deployments import Record
from keifu.chain.follower import Follower, Notice, Sink, Source, Step
from keifu.errors import EnvironmentFault
from keifu.index.database import open_database
from keifu.index.made import source_of
from keifu.index.sink import Journal, JournalledSink, TableSink
from keifu.index.sqlite import SqliteDatabase
from keifu.index.store import Store, Suite

__all__ = ["Indexer", "Unproved", "suite_of"]

LISTED_UNPROVED = 100  # blocks, one by one
USUAL_PAUSE_SECONDS = 5.0


class Unproved(msgspec.Struct, frozen=True):
    """A block whose events nothing proves, from whom they are, and why there is no proof."""

    block: int
    url: str
    why: str


def suite_of(record: Record) -> Suite:
    """What a deployment record says that there is to index."""
    made = [creation for creation in record.creations.values() if creation.address]
    return Suite(
        record.chain_id,
        record.genesis,
        {creation.address.lower(): creation.contract for creation in made},
        {creation.address.lower(): creation.block or record.first_block for creation in made},
    )


class Indexer:
    """The index of a suite, kept in the database at `place`: a path, or a `postgresql://` address with `journal`, the
    file where the follower's position stays. `sinks` are called in the same pass, with the follower's database. Where
    no endpoint announces blocks, it looks for new ones after `longest_pause` seconds at the latest.

    Raises ChainMismatch for the database of another deployment, and EnvironmentFault for one that cannot be used.
    """

    def __init__(
        self,
        rpc: Rpc,
        suite: Suite,
        place: str,
        *sinks: Sink,
        on_notice: Callable[[Notice], None],
        journal: Path | None = None,
        heads: NewHeads | None = None,
        longest_pause: float = USUAL_PAUSE_SECONDS,
        confirmations: int = 0,
    ) -> None:
        self.database = open_database(place)
        self._files: list[sqlite3.Connection] = []
        try:
            self.store = Store(self.database, suite)
            self.store.claim()
            self.sink, followed = self._sink(journal)
            self.follower = Follower(
                rpc,
                _sources(suite),
                followed,
                self.sink,
                *sinks,
                heads=heads,
                longest_pause=longest_pause,
                confirmations=confirmations,
                on_notice=on_notice,
            )
            self.sink.settle()
        except BaseException:
            self.close()
            raise

    def _sink(self, journal: Path | None) -> tuple[TableSink, sqlite3.Connection]:
        if isinstance(self.database, SqliteDatabase):
            return TableSink(self.store, self._standing), self.database.connection
        if journal is None:
            raise EnvironmentFault("no journal for an index outside of SQLite", remedy="name a file by --journal")
        file = SqliteDatabase(journal)
        self._files.append(file.connection)
        return JournalledSink(self.store, self._standing, Journal(file.connection)), file.connection

    def _standing(self) -> tuple[int, str]:
        number = self.follower.reached
        return number, self.follower.hash_of(number) or ""

    def run(
        self,
        until: Callable[[Step], bool],
        *,
        on_step: Callable[[Step], None] = lambda step: None,
        give_up_after: int = 0,
    ) -> None:
        """Follow until `until(step)` says so. See `Follower.run`."""

        def after(step: Step) -> None:
            self.sink.settle()
            if not step.more:
                self._tell_proof(step)
            on_step(step)

        self.follower.run(until, on_step=after, give_up_after=give_up_after)

    def _tell_proof(self, step: Step) -> None:
        """Keep in the tables what is not proved, for whoever reads them."""
        left = [Unproved(item.number, item.url, item.why) for item in self.follower.unproved[:LISTED_UNPROVED]]
        text = msgspec.json.encode(left).decode()
        if (str(step.pending), text) != (self.store.meta("pending"), self.store.meta("unproved")):
            with self.database.transaction():
                self.store.set(pending=step.pending, unproved=text)

    def close(self) -> None:
        for file in self._files:
            file.close()
        self.database.close()

    def __enter__(self) -> Indexer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _sources(suite: Suite) -> Sequence[Source]:
    """All events of each contract, from the block on in which it was made, and what accounts and endowments log."""
    made = source_of(suite)
    known = [Source(address, suite.first_blocks.get(address, 0)) for address in suite.contracts]
    return [*known, made] if made else known
