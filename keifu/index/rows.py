"""Events as rows of the tables. Nothing that a contract logs stops the index: text that is no UTF-8, as anybody may
register it, is kept with its odd bytes written as `\\xff`, and an event that no ABI describes is kept as it came.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.chain.follower import Event
from keifu.errors import AbiError
from keifu.index.tables import Kind, Parameter, Table, kind_of

__all__ = ["Decoder", "Row"]

LONGEST_MENTION = 256  # bytes: longer texts are no names that anybody searches for
_NOTHING = {"", "0x", ZERO_ADDRESS, "0x" + "00" * 32}
_DYNAMIC = ("string", "bytes")


@dataclass(frozen=True)
class Row:
    """One event. `table` is None where no ABI describes it; `mentions` are addresses, ids, digests and names in it."""

    event: Event
    contract: str
    table: Table | None
    values: tuple[Any, ...] = ()
    mentions: frozenset[str] = frozenset()


class Decoder:
    """Rows of the events of some contracts: `contracts` are names of artefacts by address. `row` takes the name of any
    other as `contract`; such an event is found by who logged it, too."""

    def __init__(self, contracts: Mapping[str, str], tables: Sequence[Table]) -> None:
        by_contract: dict[str, dict[str, Table]] = {}
        for table in tables:
            by_contract.setdefault(table.contract, {})[table.topic] = table
        self._names = {address.lower(): name for address, name in contracts.items()}
        self._tables = by_contract

    def knows(self, address: str) -> bool:
        return address in self._names

    def row(self, event: Event, contract: str = "") -> Row:
        of_many = {event.address} if contract else set[str]()
        contract = contract or self._names[event.address]
        table = self._tables.get(contract, {}).get(event.topics[0]) if event.topics else None
        if table is None:
            return Row(event, contract, None)
        topics = [bytes.fromhex(topic[2:]) for topic in event.topics]
        try:
            log = table.abi.log(event.address, topics, bytes.fromhex(event.data[2:]))
        except AbiError:
            return Row(event, contract, None)
        decoded = list(zip(table.inputs, log.args.values(), strict=True))
        mentioned = of_many.union(
            text for (parameter, indexed), value in decoded for text in _mentions(parameter, value, indexed)
        )
        values = tuple(
            _stored(_shown(parameter, value, indexed), column.kind)
            for ((parameter, indexed), value), column in zip(decoded, table.arguments, strict=True)
        )
        return Row(event, contract, table, values, frozenset(mentioned - _NOTHING))


def _hashed(parameter: Parameter) -> bool:
    """Whether the chain keeps only the hash of an indexed one."""
    return parameter.type in _DYNAMIC or parameter.type.startswith("tuple") or parameter.type.endswith("]")


def _shown(parameter: Parameter, value: Any, indexed: bool = False) -> Any:
    """As JSON has it. A number that not every reader of JSON reads exactly is a text."""
    if indexed and _hashed(parameter):
        return "0x" + value.hex()
    if (item := parameter.item) is not None:
        return [_shown(item, one) for one in value]
    if parameter.components:
        return {part.name: _shown(part, one) for part, one in zip(parameter.components, value, strict=True)}
    if parameter.type == "string":
        return _text(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return value if kind_of(parameter.type) is Kind.INTEGER else str(value)
    return value


def _stored(shown: Any, kind: Kind) -> Any:
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")) if kind is Kind.JSON else shown


def _text(value: str) -> str:
    """No database takes a zero byte in a text."""
    return value.replace("\0", r"\x00")


def _mentions(parameter: Parameter, value: Any, indexed: bool = False) -> Iterator[str]:
    """Texts in a value by which somebody may look for it."""
    if indexed and _hashed(parameter):
        return
    if (item := parameter.item) is not None:
        for one in value:
            yield from _mentions(item, one)
    elif parameter.components:
        for part, one in zip(parameter.components, value, strict=True):
            yield from _mentions(part, one)
    elif parameter.type in ("address", "bytes32"):
        yield value if isinstance(value, str) else "0x" + value.hex()
    elif parameter.type == "string" and len(value.encode()) <= LONGEST_MENTION:
        yield _text(value)
