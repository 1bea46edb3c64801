"""The sender's SQLite file: intents, and every transaction that was ever signed for them. No key is in it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ethwire.rpc import Limit
from keifu.chain._transaction import Fees
from keifu.chain.sender.book import Attempt, Bound
from keifu.chain.sender.intent import Intent, State
from keifu.chain.sqlite import transaction
from keifu.errors import ChainMismatch, EnvironmentFault, UsageError

__all__ = ["Store"]

APPLICATION = 0x4B467364  # so that a file of something else is told apart
VERSION = 1
_SCHEMA = (
    "CREATE TABLE owner (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE intent (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, target TEXT, data BLOB NOT NULL, value TEXT NOT NULL,
        gas INTEGER NOT NULL, state TEXT NOT NULL, nonce INTEGER, tx_hash TEXT NOT NULL, block INTEGER,
        block_hash TEXT NOT NULL, gas_used INTEGER NOT NULL, reason TEXT NOT NULL)""",
    "CREATE INDEX open_intent ON intent (state) WHERE state IN ('queued', 'sent', 'mined')",
    """CREATE TABLE attempt (
        intent INTEGER NOT NULL, tx_hash TEXT NOT NULL, nonce INTEGER NOT NULL, raw BLOB NOT NULL,
        max_fee TEXT NOT NULL, priority TEXT NOT NULL, gas INTEGER NOT NULL, block INTEGER NOT NULL,
        PRIMARY KEY (intent, tx_hash)) WITHOUT ROWID""",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)
_SELECT = (
    "SELECT number, id, target, data, value, gas, state, nonce, tx_hash, block, block_hash, gas_used, reason"
    " FROM intent "
)
_INSERT = "INSERT INTO intent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_AT_ONCE = "requests at once"
_IS_OPEN = " WHERE state IN ('queued', 'sent', 'mined')"
_IS_NAMED = " WHERE id IN (SELECT value FROM json_each(?))"
_ATTEMPTS = (
    "SELECT number, attempt.tx_hash, raw, max_fee, priority, attempt.gas, attempt.block"
    " FROM intent JOIN attempt ON attempt.intent = number AND attempt.nonce = intent.nonce"
)


class Store:
    """Every method is one transaction, on the disk when it returns. Raises EnvironmentFault when that fails; then
    nothing of it is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mutex = threading.RLock()
        self._kept: int | None = None
        try:
            self.database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._fault(error) from error
        with self._mutex, self._write_faults():
            self._require_ours()
            self.database.execute("PRAGMA journal_mode = WAL")
            self.database.execute("PRAGMA synchronous = FULL")
        with self.transaction():
            if not self._pragma("user_version"):
                for statement in _SCHEMA:
                    self.database.execute(statement)

    def close(self) -> None:
        self.database.close()

    # whose it is ---------------------------------------------------------------------------------------------------

    @property
    def is_new(self) -> bool:
        """Whether nobody's intents are in it yet."""
        with self._reading():
            return self.database.execute("SELECT 1 FROM owner").fetchone() is None

    def claim(self, owner: dict[str, str]) -> None:
        """Write down whose intents these are. Raises ChainMismatch when they are somebody else's."""
        with self.transaction():
            kept = dict(self.database.execute("SELECT name, value FROM owner"))
            if not kept:
                self.database.executemany("INSERT INTO owner VALUES (?, ?)", owner.items())
                return
        for name, value in owner.items():
            if kept.get(name) != value:
                raise ChainMismatch(
                    f"{self.path} holds intents for {name} {kept.get(name) or '(none)'}, not {value}",
                    remedy="use the database of this deployment, or a new file; nothing was sent",
                )

    def resume(self, limit: Limit) -> None:
        """Begin with as many requests at once as an earlier run has found that the node takes."""
        with self._reading():
            kept = self.database.execute("SELECT value FROM owner WHERE name = ?", (_AT_ONCE,)).fetchone()
        self._kept = None if kept is None else int(kept[0])
        if self._kept is not None:
            limit.resume(self._kept)

    def keep(self, limit: Limit) -> None:
        """For the next run, when the node has refused more and that is news."""
        if limit.known and limit.size != self._kept:
            with self.transaction():
                self.database.execute("INSERT OR REPLACE INTO owner VALUES (?, ?)", (_AT_ONCE, str(limit.size)))
            self._kept = limit.size

    def next_nonce(self) -> int:
        """The nonce behind the last that is used for good."""
        with self._reading():
            query = "SELECT max(nonce) FROM intent WHERE state IN ('done', 'failed')"
            last = self.database.execute(query).fetchone()[0]
        return 0 if last is None else int(last) + 1

    def last_final(self) -> Intent | None:
        """The newest intent that is known to be in a block."""
        with self._reading():
            last = _SELECT + " WHERE state IN ('done', 'failed') ORDER BY number DESC LIMIT 1"
            row = self.database.execute(last).fetchone()
        return _intent(row[1:]) if row else None

    # intents -------------------------------------------------------------------------------------------------------

    def add(self, intents: Sequence[Intent]) -> list[tuple[int, Intent, bool]]:
        """Accept all or none; each with its number and whether it is new. One whose id is known is returned as it
        stands."""
        with self.transaction():
            known = self._by_id([intent.id for intent in intents])
            number = int(self.database.execute("SELECT coalesce(max(number), 0) FROM intent").fetchone()[0])
            added: list[tuple[int, Intent, bool]] = []
            for intent in intents:
                kept = known.get(intent.id)
                is_new = kept is None
                if kept is None:
                    number += 1
                    kept = known[intent.id] = number, Intent(intent.id, *intent.content)
                elif kept[1].content != intent.content:
                    raise UsageError(
                        f"intent {intent.id!r} is known with other content", remedy="give another intent another id"
                    )
                added.append((*kept, is_new))
            self.database.executemany(_INSERT, [(number, *_row(intent)) for number, intent, is_new in added if is_new])
        return added

    def find(self, ids: Sequence[str]) -> dict[str, Intent]:
        with self._reading():
            return {id_: intent for id_, (_, intent) in self._by_id(ids).items()}

    def open_intents(self) -> list[Bound]:
        """All that are not final, in the order in which they came, with what was signed for the nonce they have."""
        with self._reading():
            rows = self.database.execute(_SELECT + _IS_OPEN + " ORDER BY number").fetchall()
            found = {row[0]: Bound(row[0], _intent(row[1:])) for row in rows}
            in_order = " ORDER BY attempt.block, length(max_fee), max_fee"
            for number, *row in self.database.execute(_ATTEMPTS + _IS_OPEN + in_order):
                tx_hash, raw, max_fee, priority, gas, block = row
                attempt = Attempt(tx_hash, raw, Fees(int(max_fee), int(priority)), gas, block)
                found[number].attempts.append(attempt)
        return list(found.values())

    def counts(self) -> dict[str, int]:
        with self._reading():
            found = dict(self.database.execute("SELECT state, count(*) FROM intent GROUP BY state"))
        return {state.value: found.get(state.value, 0) for state in State}

    def change(self, intents: Sequence[tuple[int, Intent]], attempts: Sequence[tuple[int, int, Attempt]] = ()) -> None:
        """Write new states (number, intent) and newly signed transactions (number, nonce, attempt) together."""
        if not intents and not attempts:
            return
        with self.transaction():
            self.database.executemany(
                "UPDATE intent SET state = ?, nonce = ?, tx_hash = ?, block = ?, block_hash = ?, gas_used = ?,"
                " reason = ? WHERE number = ?",
                [(*_row(intent)[5:], number) for number, intent in intents],
            )
            self.database.executemany(
                "INSERT INTO attempt VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (number, a.tx_hash, nonce, a.raw, str(a.fees.max_fee), str(a.fees.priority), a.gas, a.block)
                    for number, nonce, a in attempts
                ],
            )

    # SQLite --------------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._mutex, self._write_faults(), transaction(self.database):
            yield

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._mutex, self._write_faults():
            yield

    @contextmanager
    def _write_faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def _fault(self, error: sqlite3.Error) -> EnvironmentFault:
        return EnvironmentFault(
            f"the sender's database {self.path} failed: {error}",
            remedy="make room, or bring the file back; what was accepted before is kept, and nothing new was sent",
        )

    def _require_ours(self) -> None:
        version, application = self._pragma("user_version"), self._pragma("application_id")
        tables = self.database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application not in (0, APPLICATION) or (tables and application == 0):
            raise EnvironmentFault(f"{self.path} is no database of a sender", remedy="choose another file")
        if version > VERSION:
            raise EnvironmentFault(
                f"{self.path} was written by a newer version of Keifu ({version}; this one knows {VERSION})",
                remedy="update Keifu; nothing was sent",
            )

    def _pragma(self, name: str) -> int:
        return int(self.database.execute(f"PRAGMA {name}").fetchone()[0])

    def _by_id(self, ids: Sequence[str]) -> dict[str, tuple[int, Intent]]:
        rows = self.database.execute(_SELECT + _IS_NAMED, [json.dumps(list(ids))])
        return {row[1]: (row[0], _intent(row[1:])) for row in rows}


def _row(intent: Intent) -> tuple[object, ...]:
    return (
        intent.id,
        intent.to,
        intent.data,
        str(intent.value),
        intent.gas,
        intent.state.value,
        intent.nonce,
        intent.tx_hash,
        intent.block,
        intent.block_hash,
        intent.gas_used,
        intent.reason,
    )


def _intent(row: Sequence[Any]) -> Intent:
    id_, target, data, value, gas, state, *rest = row
    return Intent(id_, target, data, int(value), gas, State(state), *rest)
