"""The JSON API: lists of events by cursor, a search by anything, what the index is of, and its own description.

Every answer names the block that it is of, and carries an ETag that changes with it. What is not understood is refused:
an unknown filter, one given twice, a limit out of bounds. Filters are what the contracts index, so each is cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from keifu.errors import EnvironmentFault, InputError
from keifu.index.openapi import description, page_of
from keifu.index.parameters import Filters
from keifu.index.readers import Readers
from keifu.index.reading import Moved, Question, events_of
from keifu.index.store import Position, Store
from keifu.index.tables import Table
from keifu.serving import Request, Response, problem

__all__ = ["Api"]

PREFIX = "/v1"
EVENTS = f"{PREFIX}/events"
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


class Api:
    """Answers requests from the index at `place`, with one connection a thread. Raises EnvironmentFault when there is
    no index."""

    def __init__(self, place: str) -> None:
        self._readers = Readers(place)
        self._routes: dict[str, Callable[[Store, Request], Response]] = {
            "/": self._page,
            "/openapi.json": self._description,
            f"{PREFIX}/status": self._status,
            f"{PREFIX}/tables": self._tables,
            EVENTS: self._events,
            f"{PREFIX}/search": self._search,
        }

    def __call__(self, request: Request) -> Response:
        try:
            store = self._readers.store
            route = self._routes.get(request.path)
            if route is not None:
                return route(store, request)
            if (table := _table_of(store, request.path)) is not None:
                return self._events_of_table(store, request, table)
        except Moved as error:
            return problem(410, error.message, error.remedy)
        except InputError as error:
            return problem(400, error.message, error.remedy)
        except EnvironmentFault as error:
            self._readers.forget()
            return problem(503, error.message, error.remedy)
        return problem(404, f"there is no {request.path[:80]}", "/ lists what there is")

    def close(self) -> None:
        """Close the connections of all threads, none of which answers any more."""
        self._readers.close()

    # what is asked -------------------------------------------------------------------------------------------------

    def _status(self, store: Store, request: Request) -> Response:
        Filters(request).done()
        position, facts = store.standing()
        del facts["database"]  # where it is on this machine is nobody's business
        return _answer(position, facts)

    def _tables(self, store: Store, request: Request) -> Response:
        Filters(request).done()
        return _answer(store.position, [table.described() for table in store.tables])

    def _events(self, store: Store, request: Request) -> Response:
        filters = Filters(request)
        contract = filters.text("contract", {table.contract for table in store.tables})
        event = filters.text("event", {table.event for table in store.tables})
        transaction = filters.word("transaction_hash")
        if contract and event and not transaction:  # the table of both is in order; `event` would be searched for them
            if (table := store.by_event.get((contract, event))) is None:
                raise InputError(f"{contract} logs no {event}", remedy=f"{PREFIX}/tables says what it logs")
            return _listed(store, filters.question(Question(table=table)))
        asked = (("contract", contract), ("event", event), ("transaction_hash", transaction))
        where = {name: value for name, value in asked if value is not None}
        return _listed(store, filters.question(Question(where=where)))

    def _events_of_table(self, store: Store, request: Request, table: Table) -> Response:
        filters = Filters(request)
        where = {column.name: value for column in table.filters if (value := filters.argument(column)) is not None}
        return _listed(store, filters.question(Question(table=table, where=where)))

    def _search(self, store: Store, request: Request) -> Response:
        filters = Filters(request)
        wanted = filters.anything("value")
        question = filters.question(Question(newest_first=True))
        if wanted.startswith("0x") and len(wanted) == len("0x") + 64 and _is_transaction(store, wanted):
            return _listed(store, replace(question, where={"transaction_hash": wanted}))
        return _listed(store, replace(question, mentions=wanted))

    def _description(self, store: Store, request: Request) -> Response:
        Filters(request).done()
        return Response(200, msgspec.json.encode(description(store.tables)), etag=_etag(store.position))

    def _page(self, store: Store, request: Request) -> Response:
        Filters(request).done()
        body = page_of(description(store.tables)).encode()
        return Response(200, body, "text/html; charset=utf-8", _etag(store.position), PAGE_POLICY)


def _listed(store: Store, question: Question) -> Response:
    page = events_of(store, question)
    return _answer(page.position, page.events, next=page.next)


def _answer(position: Position, data: Any, **more: Any) -> Response:
    document = {"block": {"number": position.number, "hash": position.hash or None}, "data": data, **more}
    return Response(200, msgspec.json.encode(document), etag=_etag(position))


def _etag(position: Position) -> str:
    """Of one address: the same as long as nothing was written."""
    return f'"{position.turn}-{position.number}-{position.hash[2:18]}"'


def _table_of(store: Store, path: str) -> Table | None:
    """/v1/events/StakingHub/Staked"""
    if not path.startswith(f"{EVENTS}/"):
        return None
    contract, _, event = path.removeprefix(f"{EVENTS}/").partition("/")
    return store.by_event.get((contract, event))


def _is_transaction(store: Store, value: str) -> bool:
    return bool(store.database.query("SELECT 1 FROM event WHERE transaction_hash = ? LIMIT 1", (value,)))
