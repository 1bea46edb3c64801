"""Reading the index: lists of events in chain order, page by page, each page of one moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keifu.errors import CheckFailed, InputError
from keifu.index.cursors import Cursor
from keifu.index.database import quoted
from keifu.index.store import UNDECODED, Position, Store
from keifu.index.tables import Column, Kind, Table

__all__ = ["MOST", "USUAL", "Moved", "Page", "Question", "events_of"]

USUAL, MOST = 50, 500  # events on a page
_Place = tuple[int, int]


class Moved(CheckFailed):
    """The block that a cursor ended in is not on the chain any more; begin again, at the block that is named."""


@dataclass(frozen=True)
class Question:
    """Which events. `where` are equal columns of the table, or of `event`; `mentions` a text that is in the event."""

    table: Table | None = None  # None: of every kind
    where: Mapping[str, Any] = field(default_factory=dict)
    mentions: str = ""
    from_block: int | None = None
    to_block: int | None = None
    newest_first: bool = False
    limit: int = USUAL
    cursor: str = ""

    @property
    def text(self) -> str:
        """What a cursor is bound to: all but how many."""
        parts = (self.mentions, self.from_block, self.to_block, self.newest_first)
        return json.dumps([self.table.name if self.table else "", sorted(self.where.items()), *parts])


@dataclass(frozen=True)
class Page:
    """Events, the cursor of the next page if there is one, and the block that the index stood at."""

    position: Position
    events: list[dict[str, Any]]
    next: str | None


def events_of(store: Store, question: Question) -> Page:
    """A page. Raises InputError for a cursor of another list, and Moved for one whose block is gone."""
    if not 1 <= question.limit <= MOST:
        raise InputError(f"limit is {question.limit}", remedy=f"1 to {MOST}")
    with store.database.snapshot():
        places = _places(store, question)
        page = places[: question.limit]
        events = _events_at(store, page)
        following = None
        if len(places) > question.limit:
            last = events[-1]
            following = Cursor(last["block_number"], last["log_index"], last["block_hash"], question.text).text()
        return Page(store.position, events, following)


def _places(store: Store, question: Question) -> list[_Place]:
    """Of one event more than the page holds, in order."""
    table = "event" if question.table is None else question.table.name
    source, conditions, values = quoted(table), [], list[Any]()
    if question.mentions:
        source = f"mention JOIN {source} USING (block_number, log_index)"
        conditions.append("mention.value = ?")
        values.append(question.mentions)
    for column, value in question.where.items():
        conditions.append(f"{quoted(table)}.{quoted(column)} = ?")
        values.append(value)
    for sign, block in ((">=", question.from_block), ("<=", question.to_block)):
        if block is not None:
            conditions.append(f"block_number {sign} ?")
            values.append(block)
    if question.cursor:
        cursor = Cursor.read(question.cursor, question.text)
        _require_block(store, cursor)
        conditions.append(f"(block_number, log_index) {'<' if question.newest_first else '>'} (?, ?)")
        values += [cursor.block, cursor.index]
    order = "DESC" if question.newest_first else "ASC"
    sql = f"SELECT block_number, log_index FROM {source}"  # noqa: S608 - names of ours, values by marks
    sql += f" WHERE {' AND '.join(conditions)}" if conditions else ""
    sql += f" ORDER BY block_number {order}, log_index {order} LIMIT ?"
    return [(int(block), int(index)) for block, index in store.database.query(sql, [*values, question.limit + 1])]


def _require_block(store: Store, cursor: Cursor) -> None:
    rows = store.database.query("SELECT hash FROM block WHERE number = ?", (cursor.block,))
    if not rows or not cursor.is_of(rows[0][0]):
        raise Moved(
            f"block {cursor.block}, where the page before ended, was reorganised away",
            remedy="begin again without the cursor; from_block is the last block that you trust",
        )


def _events_at(store: Store, places: Sequence[_Place]) -> list[dict[str, Any]]:
    """Whole events, in the order of their places."""
    by_kind: dict[tuple[str, str], list[_Place]] = {}
    for block, index, contract, event in _at(
        store, "event", ("block_number", "log_index", "contract", "event"), places
    ):
        by_kind.setdefault((contract, event), []).append((block, index))
    found: dict[_Place, dict[str, Any]] = {}
    for (contract, event), some in by_kind.items():
        if event:
            found.update(_decoded(store, store.by_event[contract, event], some))
        else:
            found.update(_undecoded(store, contract, some))
    return [found[place] for place in places]


def _decoded(store: Store, table: Table, places: Sequence[_Place]) -> Iterable[tuple[_Place, dict[str, Any]]]:
    selected = [store.database.dialect.selected(column) for column in table.columns]
    sql = f"SELECT {', '.join(selected)} FROM {_those_of(quoted(table.name), places)}"  # noqa: S608 - names of ours
    rows = store.database.query(sql, _flat(places))
    width = len(table.columns) - len(table.arguments)
    for row in rows:
        head = dict(zip((column.name for column in table.columns[:width]), row[:width], strict=True))
        arguments = {
            column.name: _shown(column, value) for column, value in zip(table.arguments, row[width:], strict=True)
        }
        place = head["block_number"], head["log_index"]
        yield place, {**head, "contract": table.contract, "event": table.event, "args": arguments}


def _undecoded(store: Store, contract: str, places: Sequence[_Place]) -> Iterable[tuple[_Place, dict[str, Any]]]:
    columns = "block_number, log_index, block.hash, block.time, transaction_hash, address, topics, data"
    joined = f"event JOIN {UNDECODED} USING (block_number, log_index) JOIN block ON block.number = block_number"
    sql = f"SELECT {columns} FROM {_those_of(joined, places)}"  # noqa: S608 - names of ours
    for block, index, block_hash, time, transaction, address, topics, data in store.database.query(sql, _flat(places)):
        yield (
            (block, index),
            {
                "block_number": block, "log_index": index, "block_hash": block_hash, "block_time": time,
                "transaction_hash": transaction, "address": address, "contract": contract, "event": None,
                "topics": topics.split(), "data": data,
            },
        )  # fmt: skip


def _at(store: Store, table: str, columns: Sequence[str], places: Sequence[_Place]) -> list[tuple[Any, ...]]:
    if not places:
        return []
    return store.database.query(f"SELECT {', '.join(columns)} FROM {_those_of(table, places)}", _flat(places))  # noqa: S608


def _those_of(source: str, places: Sequence[_Place]) -> str:
    """Rows at these places, each found by its key. Where the places stand in an `IN`, SQLite reads the whole table."""
    given = f"(VALUES {', '.join(['(?, ?)'] * len(places))}) AS place"
    return f"{given} CROSS JOIN {source} WHERE block_number = column1 AND log_index = column2"


def _flat(places: Sequence[_Place]) -> list[int]:
    return [part for place in places for part in place]


def _shown(column: Column, value: Any) -> Any:
    if column.kind is Kind.JSON:
        return json.loads(value)
    return bool(value) if column.kind is Kind.BOOLEAN else value
