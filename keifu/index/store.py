"""What the index keeps: a table for each event, all events in chain order, what they mention, and how far it is.

`event` lists every event, so that a page of all kinds is read in order; `mention` finds events by any address, id,
digest or name in them; `block` has the hash of each block with events; `meta` says of which deployment all this is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keifu.errors import ChainMismatch, EnvironmentFault, UsageError
from keifu.index.database import Database, is_postgres, open_database, quoted
from keifu.index.rows import Row
from keifu.index.tables import PLACE, Column, Kind, tables_of

__all__ = ["FORMAT", "UNDECODED", "Position", "Store", "Suite"]

FORMAT = 1  # of the tables that are the index's own
UNDECODED = "undecoded"  # events that no ABI describes
_PLACE = (Column("block_number", Kind.INTEGER), Column("log_index", Kind.INTEGER))
_TEXTS = ("contract", "event", "transaction_hash")
# Name, columns, key, and what else is looked up.
_OWN: tuple[tuple[str, tuple[Column, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    ("event", (*_PLACE, *(Column(name, Kind.TEXT) for name in _TEXTS)), PLACE, _TEXTS),
    ("mention", (Column("value", Kind.TEXT), *_PLACE), ("value", *PLACE), ("block_number",)),
    (
        "block",
        (Column("number", Kind.INTEGER), Column("hash", Kind.TEXT), Column("time", Kind.INTEGER)),
        ("number",),
        (),
    ),
    (UNDECODED, (*_PLACE, *(Column(name, Kind.TEXT) for name in ("address", "topics", "data"))), PLACE, ()),
    ("meta", (Column("key", Kind.TEXT), Column("value", Kind.TEXT)), ("key",), ()),
)


@dataclass(frozen=True)
class Suite:
    """What is indexed: the contracts of one deployment. `contracts` are names of artefacts by address."""

    chain_id: int
    genesis: str
    contracts: Mapping[str, str]
    first_blocks: Mapping[str, int] = field(default_factory=dict)  # by address


@dataclass(frozen=True)
class Position:
    """The newest block that is accounted for. `turn` grows with everything that is written."""

    number: int
    hash: str
    turn: int = 0


class Store:
    """The tables in a database that is the index of one suite. `claim` makes it that, `Store.read` finds out."""

    def __init__(self, database: Database, suite: Suite) -> None:
        self.database, self.suite = database, suite
        self.tables = tables_of(sorted(set(suite.contracts.values())))
        self.by_event = {(table.contract, table.event): table for table in self.tables}

    @classmethod
    def read(cls, database: Database) -> Store:
        """The index that is there. Raises EnvironmentFault when there is none, or a newer version wrote it."""
        _require_format(database)
        if _meta(database, "format") is None:
            raise EnvironmentFault(f"{database.name} holds no index", remedy="`keifu index run` makes one")
        kept = {key: _meta(database, key) or "" for key in ("chain_id", "genesis", "contracts")}
        return cls(database, Suite(int(kept["chain_id"]), kept["genesis"], json.loads(kept["contracts"])))

    @staticmethod
    def require_usable(place: str) -> None:
        """Raises UsageError or EnvironmentFault for a place where no index can be, before a node is asked for one."""
        if not is_postgres(place):
            path = Path(place)
            if not path.parent.is_dir() or path.is_dir():
                raise UsageError(f"{place} is no file in a folder that is there", remedy="--db FILE")
            if not path.exists():
                return
        database = open_database(place, read_only=True)
        try:
            _require_format(database)
        finally:
            database.close()

    def claim(self) -> None:
        """Make the database the index of this suite, or raise ChainMismatch when it is another one's. Contracts that it
        does not know yet are added."""
        _require_format(self.database)
        self._require_same_suite()
        with self.database.transaction():
            for name, columns, key, looked_up in _OWN:
                self._create(name, columns, key, [(column,) for column in looked_up])
            for table in self.tables:
                self._create(table.name, table.columns, PLACE, table.looked_up)
            self.set(
                format=FORMAT,
                chain_id=self.suite.chain_id,
                genesis=self.suite.genesis,
                contracts=json.dumps(dict(self.suite.contracts)),
            )
            for contract, shape in self._shapes().items():
                self.set(**{f"shape of {contract}": shape})

    def _require_same_suite(self) -> None:
        name = self.database.name
        if _meta(self.database, "format") is None:
            return
        chain, genesis = self.meta("chain_id"), self.meta("genesis")
        if (chain, genesis) != (str(self.suite.chain_id), self.suite.genesis):
            raise ChainMismatch(
                f"{name} is the index of chain {chain} that begins with {genesis}, "
                f"not of chain {self.suite.chain_id} that begins with {self.suite.genesis}",
                remedy="name another database, or the node of that chain",
            )
        known: dict[str, str] = json.loads(self.meta("contracts") or "{}")
        for address, contract in known.items():
            if self.suite.contracts.get(address) != contract:
                raise ChainMismatch(
                    f"{name} is the index of another deployment on this chain: its {contract} is {address}",
                    remedy="name another database, or the --deployments folder of that one",
                )
        for contract, shape in self._shapes().items():
            if self.meta(f"shape of {contract}") not in (None, shape):
                raise EnvironmentFault(
                    f"{name} was made from another version's ABI of {contract}",
                    remedy="index into a new database: the chain still has everything",
                )

    def _shapes(self) -> dict[str, str]:
        """What tells whether the tables of a contract are those that this version would make."""
        texts: dict[str, str] = {}
        for table in self.tables:
            columns = ",".join(f"{item.name} {item.type} {item.indexed}" for item in table.arguments)
            texts[table.contract] = texts.get(table.contract, "") + f"{table.name}({columns})\n"
        return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in texts.items()}

    def _create(
        self, name: str, columns: Sequence[Column], key: Sequence[str], looked_up: Sequence[tuple[str, ...]]
    ) -> None:
        dialect = self.database.dialect
        body = ", ".join([*map(dialect.declared, columns), f"PRIMARY KEY ({_list(key)})"])
        self.database.execute(f"CREATE TABLE IF NOT EXISTS {quoted(name)} ({body}){dialect.suffix}")
        for together in looked_up:
            index = quoted(f"{name} by {' and '.join(together)}")
            places = _list(
                dict.fromkeys((*together, *PLACE)) if "log_index" in {item.name for item in columns} else together
            )
            self.database.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {quoted(name)} ({places})")

    # what is kept --------------------------------------------------------------------------------------------------

    @property
    def position(self) -> Position:
        kept = dict(self.database.query("SELECT key, value FROM meta WHERE key IN ('reached', 'hash', 'turn')"))
        return Position(int(kept.get("reached", -1)), kept.get("hash", ""), int(kept.get("turn", 0)))

    def standing(self) -> tuple[Position, dict[str, Any]]:
        """What the index is of, how far it is, and what of it is not proved, for people and programs."""
        with self.database.snapshot():
            position, suite = self.position, self.suite
            return position, {
                "database": self.database.name,
                "chain_id": suite.chain_id,
                "genesis": suite.genesis,
                "contracts": {address: suite.contracts[address] for address in sorted(suite.contracts)},
                "block": {"number": position.number, "hash": position.hash or None},
                "events": int(self.database.query("SELECT count(*) FROM event")[0][0]),
                "pending": int(self.meta("pending") or 0),
                "unproved": json.loads(self.meta("unproved") or "[]"),
            }

    def meta(self, key: str) -> str | None:
        """A fact about the index. The tables are there."""
        rows = self.database.query("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def contracts_changed(self) -> bool:
        """Whether the writing process has added contracts since this was read."""
        return self.meta("contracts") != json.dumps(dict(self.suite.contracts))

    def set(self, **values: int | str) -> None:
        self.database.execute_many(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [(key, str(value)) for key, value in values.items()],
        )

    def write(self, rows: Sequence[Row], number: int, block_hash: str) -> None:
        """Take in events, and stand at a block. Inside a transaction. What is there already stays as it is."""
        for name, values in _grouped(rows):
            marks = ", ".join("?" * len(values[0]))
            sql = f"INSERT INTO {quoted(name)} VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - our names
            self.database.execute_many(sql, values)
        self.stand_at(number, block_hash)

    def stand_at(self, number: int, block_hash: str) -> None:
        """Inside a transaction."""
        self.set(reached=number, hash=block_hash, turn=self.position.turn + 1)

    def revert(self, first_block: int) -> None:
        """Nothing from this block on counts any more. Inside a transaction."""
        touched = self.database.query(
            "SELECT DISTINCT contract, event FROM event WHERE block_number >= ?", (first_block,)
        )
        names = [self.by_event[contract, event].name if event else UNDECODED for contract, event in touched]
        for name in (*names, "mention", "event"):
            self.database.execute(f"DELETE FROM {quoted(name)} WHERE block_number >= ?", (first_block,))  # noqa: S608 - our names
        self.database.execute("DELETE FROM block WHERE number >= ?", (first_block,))


def _grouped(rows: Sequence[Row]) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    """Rows of each table."""
    groups: dict[str, list[tuple[object, ...]]] = {}
    blocks: dict[int, tuple[object, ...]] = {}
    for row in rows:
        event = row.event
        place = event.number, event.index
        blocks[event.number] = event.number, event.block_hash, event.block_time
        name = row.table.event if row.table else ""
        groups.setdefault("event", []).append((*place, row.contract, name, event.transaction_hash))
        if row.mentions:
            groups.setdefault("mention", []).extend((text, *place) for text in sorted(row.mentions))
        if row.table is None:
            groups.setdefault(UNDECODED, []).append((*place, event.address, " ".join(event.topics), event.data))
            continue
        provenance = (
            event.block_hash, event.block_time, event.transaction_hash, int(event.transaction_index, 16), event.address,
        )  # fmt: skip
        groups.setdefault(row.table.name, []).append((*place, *provenance, *row.values))
    if blocks:
        groups["block"] = list(blocks.values())
    yield from groups.items()


def _list(names: Sequence[str] | Mapping[str, None]) -> str:
    return ", ".join(map(quoted, names))


def _meta(database: Database, key: str) -> str | None:
    if "meta" not in database.names():
        return None
    rows = database.query("SELECT value FROM meta WHERE key = ?", (key,))
    return str(rows[0][0]) if rows else None


def _require_format(database: Database) -> None:
    """Raises EnvironmentFault for a database of something else, or of a newer version."""
    names = database.names()
    kept = _meta(database, "format")
    if kept is None and names:
        raise EnvironmentFault(
            f"{database.name} holds {', '.join(sorted(names)[:3])}, which no index has", remedy="name an empty database"
        )
    if kept is not None and int(kept) > FORMAT:
        raise EnvironmentFault(
            f"a newer version of Keifu wrote {database.name} (format {kept}, this one reads {FORMAT})",
            remedy="use that version, or index into a new database",
        )
