"""Accounts of tokens: contracts that anybody makes, each at an address of its own, whose events belong to the suite.

A log counts when its address is one that the suite's own registry said it made, for this chain, of the suite's own
code. The registry's account of any other code may log what it likes, as may everybody else: that is left out. Where
they are asked for, nodes are given topics and no addresses, so many accounts cost no more than one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from keifu.chain.follower import ANYWHERE, Event, Source
from keifu.chain.suite import ACCOUNT, ACCOUNT_REGISTRY
from keifu.index.database import quoted
from keifu.index.rows import Decoder, Row
from keifu.index.store import Store, Suite
from keifu.index.tables import tables_of

__all__ = ["Rows", "source_of"]

MADE = "ERC6551AccountCreated"
ASKED_AT_ONCE = 500  # addresses


def source_of(suite: Suite) -> Source | None:
    """What accounts log, from the block on in which their registry was made; None for a suite without one."""
    places = {name: address for address, name in suite.contracts.items()}
    if not places.keys() >= {ACCOUNT, ACCOUNT_REGISTRY}:
        return None
    topics = frozenset(table.topic for table in tables_of([ACCOUNT]))
    return Source(ANYWHERE, suite.first_blocks.get(places[ACCOUNT_REGISTRY], 0), topics)


class Rows:
    """Rows of followed events, without those of strangers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._decoder = Decoder(store.suite.contracts, store.tables)
        self._code = next((place for place, name in store.suite.contracts.items() if name == ACCOUNT), "").lower()

    def of(self, events: Sequence[Event]) -> Iterator[Row]:
        """In the same order. What was made before is asked of the tables, so nothing is kept here that a
        reorganisation could make untrue."""
        strangers = {event.address for event in events if not self._decoder.knows(event.address)}
        made = self._made(sorted(strangers))
        for event in events:
            if self._decoder.knows(event.address):
                row = self._decoder.row(event)
                made |= self._said_by(row)
                yield row
            elif event.address in made:
                yield self._decoder.row(event, ACCOUNT)

    def _said_by(self, row: Row) -> set[str]:
        """The account that this event says was made."""
        if row.table is None or (row.contract, row.table.event) != (ACCOUNT_REGISTRY, MADE):
            return set()
        said: dict[str, Any] = dict(zip((item.name for item in row.table.arguments), row.values, strict=True))
        is_ours = said["implementation"] == self._code and said["chainId"] == str(self._store.suite.chain_id)
        return {said["account"]} if is_ours else set()

    def _made(self, addresses: Sequence[str]) -> set[str]:
        """Of these, the accounts that are in the tables."""
        table = self._store.by_event.get((ACCOUNT_REGISTRY, MADE))
        found: set[str] = set()
        if table is None:
            return found
        terms = (self._code, str(self._store.suite.chain_id))
        for part in (addresses[at : at + ASKED_AT_ONCE] for at in range(0, len(addresses), ASKED_AT_ONCE)):
            marks = ", ".join("?" * len(part))
            sql = f"SELECT account FROM {quoted(table.name)} WHERE account IN ({marks})"  # noqa: S608 - names of ours
            rows = self._store.database.query(f'{sql} AND implementation = ? AND "chainId" = ?', [*part, *terms])
            found.update(str(account) for (account,) in rows)
        return found
