"""The index in PostgreSQL, by psycopg. The follower's position stays in a file of SQLite beside the process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from keifu.errors import EnvironmentFault
from keifu.index.database import Dialect
from keifu.index.tables import Kind
from keifu.texts import server_of

try:
    import psycopg
except ImportError as error:
    raise EnvironmentFault(
        "PostgreSQL needs psycopg, which is not installed", remedy="pip install 'keifu[postgres]'"
    ) from error

__all__ = ["PostgresDatabase"]

CONNECT_SECONDS = 10
LOCK_SECONDS = 3
LOCK = 0x6B656966  # of whoever writes: an advisory lock of the database


class PostgresDatabase:
    """One connection. The process that writes holds a lock until it ends."""

    dialect = Dialect(
        types={
            Kind.INTEGER: "BIGINT",
            Kind.NUMBER: "NUMERIC(78, 0)",
            Kind.BOOLEAN: "BOOLEAN",
            Kind.TEXT: "TEXT",
            Kind.JSON: "TEXT",
        },
        suffix="",
        sum="coalesce(sum({}), 0)::text",
        read={Kind.NUMBER: "{}::text"},
    )

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.name = _without_password(url)
        with self._faults():
            self._connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
        self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        if read_only:
            self.execute("SET default_transaction_read_only = on")
        else:
            self._lock()

    def _lock(self) -> None:
        """The server notices a moment later that whoever had it has ended."""
        self.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        try:
            self._connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        except psycopg.errors.LockNotAvailable:
            self.close()
            raise EnvironmentFault(
                f"another process writes into {self.name}", remedy="stop one of the two, or use another database"
            ) from None
        self.execute("SET lock_timeout = 0")

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._faults():
            return self._connection.execute(_own(sql), values).fetchall()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        with self._faults():
            self._connection.execute(_own(sql), values)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._faults(), self._connection.cursor() as cursor:
            cursor.executemany(_own(sql), rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            yield
            return
        with self._faults(), self._connection.transaction():
            yield

    def snapshot(self) -> Any:
        return self.transaction()

    def names(self) -> set[str]:
        return {row[0] for row in self.query("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")}

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            what = " ".join(str(error).split())
            raise EnvironmentFault(f"{self.name}: {what}", remedy=_remedy(error)) from error


def _own(sql: str) -> bytes:
    """psycopg's marks for values; it takes SQL that is not a literal as bytes."""
    return sql.replace("?", "%s").encode()


def _remedy(error: psycopg.Error) -> str:
    if isinstance(error, psycopg.errors.DiskFull):
        return "nothing of it was kept, and nothing before it is lost: make room, then go on"
    if isinstance(error, psycopg.OperationalError):
        return "is the server up, and the address right?"
    return "has somebody else changed its tables? name an empty database"


def _without_password(url: str) -> str:
    return f"postgresql://{server_of(url)}{urlsplit(url).path}"
