"""The tables of the index, one for each event, made from the packaged ABI: names and types are the contract's own.

Every row begins with its provenance: block, block hash and time, transaction, place of the log, and the address that
logged it. Then come the event's arguments, by name. A table is named after contract and event, as `staking_hub_staked`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from keifu.abi import EventAbi, load
from keifu.chain.suite import ACCOUNT, ACCOUNT_REGISTRY, STORAGE_ENDOWMENT

__all__ = ["PLACE", "PROVENANCE", "Column", "Kind", "Parameter", "Table", "kind_of", "snake", "tables_of"]

SAFE_BITS = 53  # integers up to here are exact in every reader of JSON, and fit each database's own type
_WIDTH = re.compile(r"u?int([0-9]+)")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Kind(Enum):
    """What a column holds, whichever database keeps it."""

    INTEGER = "integer"  # of at most 53 bits
    NUMBER = "number"  # any larger integer, exactly
    BOOLEAN = "boolean"
    TEXT = "text"  # strings; addresses and bytes in lower-case hex
    JSON = "json"  # arrays and structs


@dataclass(frozen=True)
class Parameter:
    """A value as the ABI describes it; `components` are those of a struct, or of the structs in an array."""

    name: str
    type: str
    components: tuple[Parameter, ...] = ()

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Parameter:
        return cls(entry["name"], entry["type"], tuple(map(cls.read, entry.get("components", ()))))

    @property
    def canonical(self) -> str:
        """The type that a topic is made of."""
        if not self.type.startswith("tuple"):
            return self.type
        return f"({','.join(item.canonical for item in self.components)}){self.type[len('tuple') :]}"

    @property
    def item(self) -> Parameter | None:
        """What an array is made of; None for anything else."""
        if not self.type.endswith("]"):
            return None
        return Parameter(self.name, self.type[: self.type.rindex("[")], self.components)


@dataclass(frozen=True)
class Column:
    """A column. Those that are `indexed` can be asked for."""

    name: str
    kind: Kind
    type: str = ""  # of the ABI
    indexed: bool = False


PLACE = ("block_number", "log_index")  # where an event stands on its chain: the key of every table
PROVENANCE = (
    Column("block_number", Kind.INTEGER),
    Column("log_index", Kind.INTEGER),
    Column("block_hash", Kind.TEXT),
    Column("block_time", Kind.INTEGER),
    Column("transaction_hash", Kind.TEXT),
    Column("transaction_index", Kind.INTEGER),
    Column("address", Kind.TEXT),
)


_ADDRESS = Column("address", Kind.TEXT, "address", indexed=True)
_MANY = (ACCOUNT, STORAGE_ENDOWMENT)  # of which there are many, at addresses of their own
_ACCOUNT_MADE = (ACCOUNT_REGISTRY, "ERC6551AccountCreated")


@dataclass(frozen=True)
class Table:
    """The table of one event of one contract."""

    contract: str
    event: str
    inputs: tuple[tuple[Parameter, bool], ...]  # and whether it is indexed

    @cached_property
    def name(self) -> str:
        return f"{snake(self.contract)}_{snake(self.event)}"

    @cached_property
    def abi(self) -> EventAbi:
        return EventAbi(self.event, tuple((item.name, item.canonical, indexed) for item, indexed in self.inputs))

    @property
    def topic(self) -> str:
        return "0x" + self.abi.topic.hex()

    @cached_property
    def arguments(self) -> tuple[Column, ...]:
        return tuple(
            Column(parameter.name, kind_of(parameter.type, indexed=indexed), parameter.type, indexed)
            for parameter, indexed in self.inputs
        )

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return (*PROVENANCE, *self.arguments)

    @cached_property
    def filters(self) -> tuple[Column, ...]:
        """What can be asked for: indexed arguments, and whose it is where many contracts log the same."""
        indexed = tuple(column for column in self.arguments if column.indexed)
        return (_ADDRESS, *indexed) if self.contract in _MANY else indexed

    @cached_property
    def looked_up(self) -> tuple[tuple[str, ...], ...]:
        """Columns by which rows are found soon, one or two together. A registry does not index the accounts that it
        made; the same key may act for very many of them."""
        found = tuple((column.name,) for column in self.filters)
        if (self.contract, self.event) == _ACCOUNT_MADE:
            return (*found, ("account",))
        return (*found, ("address", "key")) if ("key",) in found and self.contract == ACCOUNT else found

    def described(self) -> dict[str, Any]:
        """For programs; `filter` says which columns can be asked for."""
        asked = {item.name for item in self.filters}
        columns = [
            {"name": item.name, "kind": item.kind.value, "type": item.type, "filter": item.name in asked}
            for item in self.columns
        ]
        return {"table": self.name, "contract": self.contract, "event": self.event, "columns": columns}


def tables_of(contracts: Iterable[str]) -> list[Table]:
    """A table for every event of these contracts."""
    return [
        Table(contract, entry["name"], _inputs(entry["inputs"]))
        for contract in contracts
        for entry in load(contract).interface.abi
        if entry["type"] == "event"
    ]


def snake(name: str) -> str:
    """`StakingHub` as `staking_hub`, `ERC6551AccountCreated` as `erc6551_account_created`."""
    return _WORDS.sub("_", name).lower()


def kind_of(type_: str, *, indexed: bool = False) -> Kind:
    """Of a value of an ABI type."""
    if type_.endswith("]") or type_.startswith("tuple"):
        return Kind.TEXT if indexed else Kind.JSON  # of an indexed one the chain keeps the hash
    if (width := _WIDTH.fullmatch(type_)) is not None:
        return Kind.INTEGER if int(width[1]) <= SAFE_BITS else Kind.NUMBER
    return Kind.BOOLEAN if type_ == "bool" else Kind.TEXT


def _inputs(entries: Sequence[Mapping[str, Any]]) -> tuple[tuple[Parameter, bool], ...]:
    return tuple((Parameter.read(entry), bool(entry["indexed"])) for entry in entries)
