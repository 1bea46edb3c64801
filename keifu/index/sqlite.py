"""The index in a file of SQLite: in WAL mode, so that it is read while it is written."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keifu.chain.sqlite import transaction
from keifu.errors import EnvironmentFault
from keifu.index.database import Dialect
from keifu.index.tables import Kind

__all__ = ["SqliteDatabase"]

BUSY_SECONDS = 10.0  # how long a writer waits for another one


class _ExactSum:
    """SQLite's own sum() of large numbers is a float."""

    def __init__(self) -> None:
        self.total = 0

    def step(self, value: str | int) -> None:
        self.total += int(value)

    def finalize(self) -> str:
        return str(self.total)


class SqliteDatabase:
    """A file; `connection` is shared with the follower, whose transactions it joins."""

    dialect = Dialect(
        types={
            Kind.INTEGER: "INTEGER",
            Kind.NUMBER: "TEXT",  # decimal: SQLite's integers have 64 bits
            Kind.BOOLEAN: "INTEGER",
            Kind.TEXT: "TEXT",
            Kind.JSON: "TEXT",
        },
        suffix=" STRICT, WITHOUT ROWID",
        sum="coalesce(exact_sum({}), '0')",
        read={},
    )

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.name = str(path)
        if read_only and not path.is_file():
            raise EnvironmentFault(
                f"there is no database {path}", remedy="`keifu index run` makes it; --db names another one"
            )
        self._path, self._made = path, not path.exists()
        with self._faults():
            self.connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,  # a server reads with one connection a thread, and closes all at its end
            )
        try:
            with self._faults():
                self._prepare(read_only)
        except BaseException:
            self.close()
            raise

    def _prepare(self, read_only: bool) -> None:
        self.connection.create_aggregate("exact_sum", 1, _ExactSum)  # type: ignore[arg-type]  # finalize gives a text
        if read_only:
            self.connection.execute("SELECT count(*) FROM sqlite_master")
            return
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")  # a crash loses whole transactions, which are read again

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._faults():
            return self.connection.execute(sql, values).fetchall()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        with self._faults():
            self.connection.execute(sql, values)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._faults():
            self.connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self.connection.in_transaction:
            yield
            return
        with self._faults(), transaction(self.connection):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        if self.connection.in_transaction:  # inside another one it belongs to that one
            yield
            return
        with self._faults(), transaction(self.connection, "BEGIN"):
            yield

    def names(self) -> set[str]:
        return {row[0] for row in self.query("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def close(self) -> None:
        """A file that this has made, and that stayed empty, is taken away again."""
        with contextlib.suppress(EnvironmentFault, sqlite3.ProgrammingError):
            self._made = self._made and not self.names()
        self.connection.close()
        if self._made:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            self._made = False

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise EnvironmentFault(f"{self.name}: {error}", remedy=_remedy(error)) from error


def _remedy(error: sqlite3.DatabaseError) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_NOTADB"):
        return "it is another kind of file: name another one"
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return "nothing of it was kept, and nothing before it is lost: make room, then go on"
    if name.startswith("SQLITE_BUSY"):
        return "another process writes into it: stop one of the two"
    return "is the folder there, and may you write into it?"
