"""Contracts that anybody makes, each at an address of its own, whose events belong to the suite: accounts of tokens,
and endowments.

A log counts when its address is one that the suite's own maker said it made: of an account for this chain and of the
suite's own code. The registry's account of any other code may log what it likes, as may everybody else: that is left
out. Where they are asked for, nodes are given topics and no addresses, so many of them cost no more than one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from keifu.chain.follower import ANYWHERE, Event, Source
from keifu.chain.suite import ACCOUNT, ACCOUNT_REGISTRY, STORAGE_ENDOWMENT
from keifu.index.database import quoted
from keifu.index.rows import Decoder, Row
from keifu.index.store import Store, Suite
from keifu.index.tables import tables_of

__all__ = ["Rows", "source_of"]

ASKED_AT_ONCE = 500  # addresses


@dataclass(frozen=True)
class _Maker:
    """Which event of the suite says that something was made: `made` is the name of its artefact, `column` says where
    it is. What `code` and `chain` name has to be the suite's own code, and its chain."""

    name: str
    event: str
    column: str
    made: str
    code: str = ""
    chain: str = ""

    def place(self, suite: Suite) -> str:
        """The maker's address, or nothing."""
        places = {name: address for address, name in suite.contracts.items()}
        return places[self.name] if places.keys() >= {self.name, self.made} else ""

    def terms(self, suite: Suite) -> dict[str, str]:
        """What the event has to say of code and chain."""
        own = next((place for place, name in suite.contracts.items() if name == self.made), "").lower()
        said = {self.code: own, self.chain: str(suite.chain_id)}
        return {column: value for column, value in said.items() if column}

    @property
    def topics(self) -> frozenset[str]:
        """Of what it makes, without what it logs itself."""
        return frozenset(table.topic for table in tables_of([self.made]) if table.event != self.event)


_MAKERS = (
    _Maker(ACCOUNT_REGISTRY, "ERC6551AccountCreated", "account", ACCOUNT, code="implementation", chain="chainId"),
    _Maker(STORAGE_ENDOWMENT, "Founded", "endowment", STORAGE_ENDOWMENT),
)


def source_of(suite: Suite) -> Source | None:
    """What such contracts log, from the block on in which the first maker was made; None for a suite without one."""
    makers = [(maker, place) for maker in _MAKERS if (place := maker.place(suite))]
    if not makers:
        return None
    first = min(suite.first_blocks.get(place, 0) for _, place in makers)
    return Source(ANYWHERE, first, frozenset[str]().union(*(maker.topics for maker, _ in makers)))


class Rows:
    """Rows of followed events, without those of strangers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._decoder = Decoder(store.suite.contracts, store.tables)
        self._terms = [(maker, maker.terms(store.suite)) for maker in _MAKERS if maker.place(store.suite)]

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
                yield self._decoder.row(event, made[event.address])

    def _said_by(self, row: Row) -> dict[str, str]:
        """What this event says was made: the name of its artefact by its address."""
        for maker, terms in self._terms:
            if row.table is not None and (row.contract, row.table.event) == (maker.name, maker.event):
                names = (item.name for item in row.table.arguments)
                said: dict[str, Any] = dict(zip(names, row.values, strict=True))
                if all(said[column] == value for column, value in terms.items()):
                    return {said[maker.column]: maker.made}
        return {}

    def _made(self, addresses: Sequence[str]) -> dict[str, str]:
        """Of these, what is in the tables, likewise."""
        found: dict[str, str] = {}
        for maker, terms in self._terms:
            table = self._store.by_event[maker.name, maker.event]
            ours = "".join(f" AND {quoted(column)} = ?" for column in terms)
            for part in (addresses[at : at + ASKED_AT_ONCE] for at in range(0, len(addresses), ASKED_AT_ONCE)):
                marks, column = ", ".join("?" * len(part)), quoted(maker.column)
                sql = f"SELECT {column} FROM {quoted(table.name)} WHERE {column} IN ({marks}){ours}"  # noqa: S608 - names of ours
                rows = self._store.database.query(sql, [*part, *terms.values()])
                found |= {str(place): maker.made for (place,) in rows}
        return found
