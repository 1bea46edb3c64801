"""The journal: tables in another database than the position are right again after a crash at any point."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from keifu.errors import EnvironmentFault
from keifu.index.database import open_database
from keifu.index.sink import Journal, JournalledSink
from keifu.index.store import Store
from tests.unit.index.conftest import block_hash, staked


class Crash(Exception):
    """The process ends here."""


class Chain:
    """A follower's side: its database, and where it stands, which moves only when its transaction is committed."""

    def __init__(self, store: Store) -> None:
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        self.store, self.number, self.fork = store, 0, 0
        self.start()

    def start(self) -> None:
        """As a process does that begins, or begins again."""
        self.journal = Journal(self.database)
        self.sink = JournalledSink(self.store, self.standing, self.journal)
        self.sink.settle()

    def standing(self) -> tuple[int, str]:
        return self.number, block_hash(self.number, self.fork) if self.number else ""

    def extend(self, *blocks: int, crash: bool = False) -> None:
        before = self.number
        self._commit(lambda: self._apply(blocks), crash)
        if crash:
            self.number = before

    def _apply(self, blocks: tuple[int, ...]) -> None:
        self.number = blocks[-1]
        self.sink.apply(self.database, [staked(1, block=block, fork=self.fork) for block in blocks])

    def reorganise(self, to: int, *, crash_before: bool = False, crash_after: bool = False) -> None:
        self._commit(lambda: self.sink.revert(self.database, to + 1), crash_before)
        if crash_before:
            return
        self.number, self.fork = to, self.fork if crash_after else self.fork + 1
        if not crash_after:
            self.sink.settle()

    def _commit(self, work, crash: bool) -> None:
        self.database.execute("BEGIN")
        work()
        self.database.execute("ROLLBACK" if crash else "COMMIT")

    def blocks(self) -> list[int]:
        return [row[0] for row in self.store.database.query("SELECT block_number FROM event ORDER BY 1")]


@pytest.fixture
def chain(store) -> Chain:
    chain = Chain(store)
    yield chain
    chain.database.close()


def test_rows_and_position_move_together(chain):
    chain.extend(1, 2)
    chain.extend(3)
    assert (chain.blocks(), chain.store.position.number, chain.journal.reached) == ([1, 2, 3], 3, 3)


def test_rows_that_were_written_before_the_position_are_taken_back(chain):
    chain.extend(1, 2)
    chain.extend(3, 4, crash=True)
    assert chain.blocks() == [1, 2, 3, 4]
    chain.start()
    assert (chain.blocks(), chain.store.position.number) == ([1, 2], 2)


def test_rows_of_another_history_are_replaced_after_a_crash(chain):
    chain.extend(1, 2)
    chain.extend(3, 4, crash=True)
    chain.fork = 1
    chain.extend(3)
    hashes = chain.store.database.query("SELECT hash FROM block ORDER BY number DESC LIMIT 1")
    assert (chain.blocks(), hashes) == ([1, 2, 3], [(block_hash(3, 1),)])


def test_a_reorganisation_is_undone_in_the_tables(chain):
    chain.extend(1, 2, 3)
    chain.reorganise(1)
    assert (chain.blocks(), chain.store.position.number) == ([1], 1)
    chain.extend(2)
    assert chain.blocks() == [1, 2]


def test_a_reorganisation_that_was_cut_off_before_the_position_moved_undoes_nothing(chain):
    chain.extend(1, 2, 3)
    chain.reorganise(1, crash_before=True)
    chain.start()
    assert (chain.blocks(), chain.store.position.number) == ([1, 2, 3], 3)


def test_a_reorganisation_that_was_cut_off_afterwards_is_finished_at_the_start(chain):
    chain.extend(1, 2, 3)
    chain.reorganise(1, crash_after=True)
    assert chain.blocks() == [1, 2, 3]
    chain.start()
    assert (chain.blocks(), chain.store.position.number) == ([1], 1)


def test_two_reorganisations_before_the_tables_follow_reach_the_deeper_one(chain):
    chain.extend(1, 2, 3, 4)
    chain.reorganise(1, crash_after=True)
    chain.reorganise(0, crash_after=True)
    chain.extend(1)
    assert chain.blocks() == [1]


def test_tables_and_journal_that_do_not_belong_together_are_refused(chain, store):
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        other = Journal(database)
        with pytest.raises(EnvironmentFault, match="was written with another journal"):
            JournalledSink(store, chain.standing, other)


def test_tables_from_before_their_journal_are_refused(chain, store):
    chain.extend(1, 2)
    with store.database.transaction():
        store.revert(2)
        store.stand_at(1, block_hash(1))
    with pytest.raises(EnvironmentFault, match="is older than its journal"):
        chain.start()


@pytest.mark.xdist_group("postgres")
def test_a_second_process_that_writes_is_refused(indexed):
    """Two followers into one file of SQLite: tests/integration/chain/test_follower.py."""
    url, _ = indexed
    with closing(open_database(url)), pytest.raises(EnvironmentFault, match="another process writes into"):
        open_database(url)
