"""The surface of the contracts, which callers are compiled against: every selector, topic and type of one version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from keifu import abi
from keifu.abi.messages import MESSAGES

__all__ = ["Surface", "changes", "surface"]


class Surface(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By contract and selector or topic, or by contract and struct: the whole declaration as one text."""

    version: str
    functions: dict[str, dict[str, str]] = {}
    events: dict[str, dict[str, str]] = {}
    structs: dict[str, dict[str, str]] = {}


def surface(version: str, names: Iterable[str]) -> Surface:
    functions, events = {}, {}
    for name in names:
        entries = abi.load(name).interface.abi
        functions[name] = {_selector(entry): _declared(entry) for entry in entries if entry["type"] == "function"}
        events[name] = {_topic(entry): _declared(entry) for entry in entries if entry["type"] == "event"}
    structs = {row.contract: {struct.name: struct.encoding for struct in row.structs} for row in MESSAGES}
    return Surface(version, functions, events, structs)


def _selector(entry: Mapping[str, Any]) -> str:
    [function] = abi.Interface("", [entry]).functions
    return "0x" + function.selector.hex()


def _topic(entry: Mapping[str, Any]) -> str:
    [event] = abi.Interface("", [entry]).events
    return "0x" + event.topic.hex()


def _declared(entry: Mapping[str, Any]) -> str:
    """`transfer(to address, amount uint256) nonpayable -> (bool)`; members of an event say whether they are indexed."""
    words = [f"{entry['name']}({', '.join(map(_argument, entry['inputs']))})"]
    if "stateMutability" in entry:
        words += [entry["stateMutability"], f"-> ({', '.join(map(_argument, entry['outputs']))})"]
    return " ".join(words)


def _argument(item: Mapping[str, Any]) -> str:
    kind = item["type"]
    if "components" in item:
        kind = kind.replace("tuple", f"({', '.join(map(_argument, item['components']))})", 1)
    return " ".join(word for word in (item["name"], kind, "indexed" if item.get("indexed") else "") if word)


def changes(before: Surface, after: Surface) -> Iterator[str]:
    """What is gone, new or otherwise declared, a line each."""
    for part in ("functions", "events", "structs"):
        old, new = _flat(getattr(before, part)), _flat(getattr(after, part))
        yield from (f"{key} is gone: {old[key]}" for key in sorted(old.keys() - new.keys()))
        yield from (f"{key} is new: {new[key]}" for key in sorted(new.keys() - old.keys()))
        for key in sorted(old.keys() & new.keys()):
            if old[key] != new[key]:
                yield f"{key} was {old[key]}, is {new[key]}"


def _flat(table: dict[str, dict[str, str]]) -> dict[str, str]:
    return {f"{name} {key}": text for name, rows in table.items() for key, text in rows.items()}
