"""Who has promised what, and where its statements are: events of a service and the hub, as they follow."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keifu.abi import Contract
from keifu.chain.follower import Event, Source
from keifu.chain.suite import HEARTBEATS, HUB, RECORD_PROOF
from keifu.node.chain import NodeChain

__all__ = ["Bindings", "Watched"]

_TABLE = """
CREATE TABLE IF NOT EXISTS watched (block INTEGER NOT NULL, place INTEGER NOT NULL, event TEXT NOT NULL,
  operator TEXT NOT NULL, environment TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (block, place)) WITHOUT ROWID
"""
_BEGIN, _ANNOUNCE = "Bound", "TermsAnnounced"
# What a promise ends with, and who made it, by the service's events.
_OVER = {HEARTBEATS: ("Settled", "Reported"), RECORD_PROOF: ("Contradicted",)}
_PROMISERS = ("operator", "attestor")
# Of rows with one maximum, SQLite gives the other columns of the row that has it.
_LATEST = "max(block * 1000000 + place)"
_OPEN = f"SELECT operator, environment, event, {_LATEST} FROM watched WHERE event != ? GROUP BY operator, environment"  # noqa: S608 - ours
_ADDRESSES = f"SELECT operator, text, {_LATEST} FROM watched WHERE event = ? GROUP BY operator"  # noqa: S608


@dataclass(frozen=True)
class Watched:
    """An operator that has promised something, and the address that it has announced. Promises of attestors name no
    environment."""

    operator: str
    environments: frozenset[bytes]
    url: str


class Bindings:
    """A sink of a follower."""

    def __init__(self, chain: NodeChain, database: sqlite3.Connection, promised_at: str) -> None:
        self._database = database
        self._contracts: dict[str, Contract] = {
            contract.address.lower(): contract
            for contract in (chain.suite.at(chain.client, name) for name in (promised_at, HUB))
        }
        service, hub = self._contracts
        wanted = {service: (_BEGIN, *_OVER[promised_at]), hub: (_ANNOUNCE,)}
        self.sources = [
            Source(address, chain.record.first_block, frozenset(self._topic(address, name) for name in names))
            for address, names in wanted.items()
        ]
        database.execute(_TABLE)

    def watched(self) -> list[Watched]:
        """Operators with a binding that is not over, by their addresses."""
        urls = {row[0]: row[1] for row in self._database.execute(_ADDRESSES, (_ANNOUNCE,))}
        found: dict[str, set[bytes]] = {}
        for operator, environment, event, _ in self._database.execute(_OPEN, (_ANNOUNCE,)):
            if event == _BEGIN:
                found.setdefault(operator, set()).add(bytes.fromhex(environment))
        return [
            Watched(operator, frozenset(environments), urls.get(operator, ""))
            for operator, environments in sorted(found.items())
        ]

    # as a sink -----------------------------------------------------------------------------------------------------

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        rows = (self._row(event) for event in events)
        database.executemany("INSERT OR REPLACE INTO watched VALUES (?, ?, ?, ?, ?, ?)", filter(None, rows))

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        database.execute("DELETE FROM watched WHERE block >= ?", (first_block,))

    def _row(self, event: Event) -> tuple[Any, ...] | None:
        contract = self._contracts[event.address.lower()]
        topics = [bytes.fromhex(topic[2:]) for topic in event.topics]
        log = contract.interface.decode_log(contract.address, topics, bytes.fromhex(event.data[2:]))
        if log is None:
            return None
        environment = log.args["environment"].hex() if "environment" in log.args else ""
        text = log.args.get("metadata", "")
        who = next(log.args[name] for name in _PROMISERS if name in log.args)
        return event.number, event.index, log.event, who.lower(), environment, text

    def _topic(self, address: str, name: str) -> str:
        return "0x" + self._contracts[address].interface.event(name).topic.hex()
