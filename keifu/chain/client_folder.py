"""A client's own folder: one SQLite file of what must not be lost. One process at a time writes; anybody reads."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

from keifu.chain.held import hold
from keifu.chain.sqlite import transaction
from keifu.errors import EnvironmentFault, UsageError

__all__ = ["ClientFolder"]

LOCK = "lock"
BUSY_SECONDS = 5.0


class ClientFolder:
    """Raises EnvironmentFault when another process writes there; whoever comes `beside` it does not need the lock.
    UsageError when there is nothing to read."""

    FILE: ClassVar[str]
    SCHEMA: ClassVar[tuple[str, ...]]  # with the application's own number
    APPLICATION: ClassVar[int]
    USE: ClassVar[str]  # who needs the lock
    DOES: ClassVar[str]  # and what it does with the folder
    ELSE: ClassVar[str] = "wait for it, or name another folder"

    def __init__(self, folder: Path, *, writes: bool = True, beside: bool = False) -> None:
        self.folder, self._mutex, self._held = folder, threading.RLock(), ExitStack()
        try:
            if writes:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if writes and not beside:
                hold(self._held, folder / LOCK, self._taken, use=self.USE)
            if not writes and not (folder / self.FILE).exists():
                raise UsageError(f"no client has kept anything in {folder}", remedy="--folder names another")
            self._database = self._open(folder / self.FILE)
        except BaseException:
            self._held.close()
            raise

    def close(self) -> None:
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, path: Path) -> sqlite3.Connection:
        try:
            database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
            self._held.callback(database.close)
            if not database.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                path.chmod(0o600)
                database.execute("PRAGMA journal_mode = WAL")
                with transaction(database):
                    for statement in self.SCHEMA:
                        database.execute(statement)
            if database.execute("PRAGMA application_id").fetchone()[0] != self.APPLICATION:
                raise EnvironmentFault(f"{path} is something else", remedy="name another folder for the client")
            database.execute("PRAGMA synchronous = FULL")
            self._prepare(database)
        except sqlite3.Error as error:
            raise EnvironmentFault(f"{path} cannot be used: {error}", remedy="restore it, or begin anew") from error
        return database

    def _prepare(self, database: sqlite3.Connection) -> None:
        """What a folder does with a database before it is used."""

    def _taken(self, holder: str) -> EnvironmentFault:
        return EnvironmentFault(
            f"another client{f' (process {holder})' if holder else ''} {self.DOES} {self.folder}", remedy=self.ELSE
        )

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._mutex:
            return self._database.execute(statement, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on the disk when it is left."""
        with self._mutex, transaction(self._database):
            yield self._database
