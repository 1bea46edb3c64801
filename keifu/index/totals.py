"""Sums, counts and latest values of the tables: what figures are computed from, and what the explorer shows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from keifu.index.database import quoted
from keifu.index.store import Store

__all__ = ["Totals"]


class Totals:
    """Sums, counts and latest values of a store's tables. `most` bounds lists of members."""

    def __init__(self, store: Store, most: int = 50) -> None:
        self.store, self.most = store, most
        self.addresses = {contract: address for address, contract in store.suite.contracts.items()}

    def name(self, contract: str, event: str) -> str:
        return quoted(self.store.by_event[contract, event].name)

    def sum(self, contract: str, event: str, column: str, **where: Any) -> int:
        total = self.store.database.dialect.total(column)
        conditions = " AND ".join(f"{quoted(name)} = ?" for name in where) or "true"
        sql = f"SELECT {total} FROM {self.name(contract, event)} WHERE {conditions}"  # noqa: S608 - names of the ABI
        return int(self.store.database.query(sql, list(where.values()))[0][0])

    def count(self, contract: str, event: str, **where: Any) -> int:
        conditions = " AND ".join(f"{quoted(name)} = ?" for name in where) or "true"
        sql = f"SELECT count(*) FROM {self.name(contract, event)} WHERE {conditions}"  # noqa: S608 - names of the ABI
        return int(self.store.database.query(sql, list(where.values()))[0][0])

    def recent(self, contract: str, events: Sequence[str], *keys: str, **where: Any) -> list[tuple[Any, ...]]:
        """Different values of some columns, those that were logged last first."""
        columns = ", ".join(map(quoted, keys))
        some = " AND ".join(f"{quoted(name)} = ?" for name in where) or "true"
        parts = [f"SELECT {columns}, block_number FROM {self.name(contract, event)} WHERE {some}" for event in events]  # noqa: S608
        sql = (
            f"SELECT {columns} FROM ({' UNION ALL '.join(parts)}) AS logged"  # noqa: S608 - names of the ABI
            f" GROUP BY {columns} ORDER BY max(block_number) DESC, {columns} LIMIT ?"
        )
        return self.store.database.query(sql, [*[*where.values()] * len(events), self.most])

    def last(self, contract: str, event: str, column: str, **where: Any) -> Any:
        row = self.newest(contract, event, column, **where)
        return row[0] if row else None

    def newest(self, contract: str, event: str, *columns: str, **where: Any) -> tuple[Any, ...] | None:
        """Some columns of the event that was logged last."""
        conditions = " AND ".join(f"{quoted(name)} = ?" for name in where) or "true"
        sql = (
            f"SELECT {', '.join(map(quoted, columns))} FROM {self.name(contract, event)} WHERE {conditions}"  # noqa: S608 - names of the ABI
            " ORDER BY block_number DESC, log_index DESC LIMIT 1"
        )
        rows = self.store.database.query(sql, list(where.values()))
        return rows[0] if rows else None

    def running_sum(self, contract: str, event: str, column: str, parts: int = 200) -> list[tuple[int, int]]:
        """The sum so far at so many times at most, unix seconds, oldest first."""
        name = self.name(contract, event)
        query = self.store.database.query
        first, last = query(f"SELECT min(block_time), max(block_time) FROM {name}")[0]  # noqa: S608 - names of the ABI
        if first is None:
            return []
        total = self.store.database.dialect.total(column)
        part = f"(block_time - {int(first)}) / {max(1, (int(last) - int(first)) // parts)}"
        sql = f"SELECT max(block_time), {total} FROM {name} GROUP BY {part} ORDER BY 1"  # noqa: S608 - names of the ABI
        times, amounts = zip(*query(sql), strict=True)
        return list(zip(map(int, times), itertools.accumulate(map(int, amounts)), strict=True))
