"""What the index needs of a database: a few calls, the same for each. SQLite is the default, PostgreSQL the other one.

SQL is written once, with `?` for a value; what differs is in `Dialect`. tests/unit/index runs one suite over both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from keifu.index.tables import Column, Kind

__all__ = ["Database", "Dialect", "is_postgres", "open_database", "quoted"]

_POSTGRES = ("postgresql://", "postgres://")


@dataclass(frozen=True)
class Dialect:
    """Where databases differ. `sum` and `read` are templates around a column."""

    types: Mapping[Kind, str]
    suffix: str  # of CREATE TABLE
    sum: str  # exact, as text
    read: Mapping[Kind, str]  # so that every database gives the same Python value

    def declared(self, column: Column) -> str:
        return f"{quoted(column.name)} {self.types[column.kind]} NOT NULL"

    def selected(self, column: Column) -> str:
        return self.read.get(column.kind, "{}").format(quoted(column.name))

    def total(self, column: str) -> str:
        return self.sum.format(quoted(column))


class Database(Protocol):
    """One connection, for one thread. Raises EnvironmentFault when the database refuses or is out of reach."""

    dialect: Dialect
    name: str  # for people, without a password

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """One statement."""

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for each row."""

    def transaction(self) -> AbstractContextManager[None]:
        """All of what is written inside, or nothing. Inside another one it belongs to that one."""

    def snapshot(self) -> AbstractContextManager[None]:
        """What is read inside is of one moment. Inside another one it belongs to that one."""

    def names(self) -> set[str]:
        """Tables that are there."""

    def close(self) -> None:
        """Let go of it."""


def quoted(name: str) -> str:
    """A name of an ABI as SQL has it: `from` and `to` are words of its own."""
    return f'"{name}"'


def is_postgres(place: str) -> bool:
    return place.startswith(_POSTGRES)


def open_database(place: str, *, read_only: bool = False) -> Database:
    """The database at a path or a `postgresql://` address. One that is only read must be there.

    Raises EnvironmentFault when it cannot be opened, or psycopg is not installed.
    """
    if is_postgres(place):
        from keifu.index.postgres import PostgresDatabase  # noqa: PLC0415 - psycopg is an extra

        return PostgresDatabase(place, read_only=read_only)
    from keifu.index.sqlite import SqliteDatabase  # noqa: PLC0415 - only one of them is used

    return SqliteDatabase(Path(place), read_only=read_only)
