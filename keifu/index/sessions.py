"""Sessions of accounts by their events: what each key was granted, how often it was used, and what ended it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keifu.chain.suite import ACCOUNT
from keifu.index.database import quoted
from keifu.index.reading import Question, events_of
from keifu.index.store import Store

__all__ = ["GRANTED", "REVOKED", "USED", "Session", "sessions_of"]

GRANTED, REVOKED, USED = "SessionGranted", "SessionRevoked", "SessionUsed"
_END = (1 << 53, 0)  # behind every event
_Place = tuple[int, int]


@dataclass(frozen=True)
class Session:
    """One grant to a key. `revoked` and `replaced` are where that happened, and None where it did not."""

    granted: Mapping[str, Any]  # the event
    used: int
    revoked: _Place | None
    replaced: _Place | None

    @property
    def key(self) -> str:
        return str(self.granted["args"]["key"])

    @property
    def left(self) -> int:
        """Calls that it may still make, were it alive."""
        return int(self.granted["args"]["uses"]) - self.used

    @property
    def terms(self) -> tuple[int, int, int, int, int]:
        """Number, times, calls that are left and period, as the account's view has them: zeros where it was ended."""
        if self.revoked:
            return 0, 0, 0, 0, 0
        said = self.granted["args"]
        number, after, until, period = (int(said[name]) for name in ("number", "valid_after", "valid_until", "period"))
        return number, after, until, self.left, period


def sessions_of(store: Store, account: str, most: int, key: str | None = None) -> list[Session]:
    """Those of an account, or of one of its keys, granted last first."""
    where = {"address": account} | ({"key": key} if key else {})
    question = Question(store.by_event[ACCOUNT, GRANTED], where, newest_first=True, limit=most)
    return [_session(store, event) for event in events_of(store, question).events]


def _session(store: Store, granted: Mapping[str, Any]) -> Session:
    place = granted["block_number"], granted["log_index"]
    who = granted["address"], granted["args"]["key"]
    replaced = _first(store, GRANTED, who, place, _END)
    revoked = _first(store, REVOKED, who, place, replaced or _END)
    between, values = _between(who, place, revoked or replaced or _END)
    sql = f"SELECT count(*) FROM {_table(store, USED)} WHERE {between}"  # noqa: S608 - names of ours
    [[used]] = store.database.query(sql, values)
    return Session(granted, int(used), revoked, replaced)


def _first(store: Store, event: str, who: tuple[str, str], after: _Place, before: _Place) -> _Place | None:
    between, values = _between(who, after, before)
    sql = f"SELECT block_number, log_index FROM {_table(store, event)} WHERE {between}"  # noqa: S608 - names of ours
    rows = store.database.query(f"{sql} ORDER BY block_number, log_index LIMIT 1", values)
    return (int(rows[0][0]), int(rows[0][1])) if rows else None


def _between(who: tuple[str, str], after: _Place, before: _Place) -> tuple[str, list[Any]]:
    """A condition of an account and a key, and its values."""
    condition = "address = ? AND key = ? AND (block_number, log_index) > (?, ?) AND (block_number, log_index) < (?, ?)"
    return condition, [*who, *after, *before]


def _table(store: Store, event: str) -> str:
    return quoted(store.by_event[ACCOUNT, event].name)
