"""Published names of an ABI, by one committed table, `contracts/abi_names.toml`.

Vyper cannot spell some names that a standard gives (`from`, `value`), calls the keys of a public mapping `arg0`, leaves
results without a name and has no two functions of one name. A filter of viem or ethers goes by names, and nobody can
mend them after deployment. So the table says what is published, and it is applied wherever a contract is compiled:
the packaged ABI, the in-process EVM, descriptions and the follower of logs have the same names. Selectors and topics
are made of types, so they stay as they are.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ethwire.abi import Interface
from ethwire.errors import ArtifactError

__all__ = ["ANY", "FILE", "Names", "published", "read", "selectors", "unused"]

FILE = "abi_names.toml"  # below the folder of contracts
ANY = "any"  # the section that counts for every contract


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the table says of one contract: names in order, by signature. `overloads` are functions that the contract's
    `__default__` answers; they change state and give nothing back."""

    functions: dict[str, list[str]] = {}
    outputs: dict[str, list[str]] = {}
    events: dict[str, list[str]] = {}
    overloads: dict[str, list[str]] = {}


def read(path: Path) -> dict[str, Names]:
    """The table by contract, empty without a file; raises ArtifactError when it is not one."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), dict[str, Names])
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ArtifactError(f"{path.name}: {error}", remedy="see the head of the file") from error


def published(contract: str, abi: Sequence[Mapping[str, Any]], table: Mapping[str, Names]) -> list[dict[str, Any]]:
    """The compiler's ABI with the table's names and overloads. Raises ArtifactError for a row that fits nothing."""
    entries: list[dict[str, Any]] = copy.deepcopy([dict(entry) for entry in abi])
    own = table.get(contract, Names())
    met = {signature for names in (ANY, contract) for signature in _apply(entries, table.get(names, Names()))}
    rows = {*own.functions, *own.outputs, *own.events}
    if left := sorted(rows - met):
        raise ArtifactError(f"{FILE}: {contract} has no {left[0]}", remedy="take the row out, or mend its types")
    if own.overloads:
        # `__default__` is there for these alone: it takes no coins and refuses every other call.
        entries = [entry for entry in entries if entry["type"] != "fallback"]
        entries += [_overload(signature, names) for signature, names in own.overloads.items()]
    return entries


def selectors(abi: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Selector in hex by signature."""
    return {function.signature: function.selector.hex() for function in Interface("", abi).functions}


def unused(abis: Mapping[str, Sequence[Mapping[str, Any]]], table: Mapping[str, Names]) -> list[str]:
    """Contracts of the table that there are not, and rows for any contract that fit none of `abis`."""
    rows = table.get(ANY, Names())
    met = {signature for abi in abis.values() for signature in map(_signature, abi)}
    return [name for name in table if name != ANY and name not in abis] + [
        signature for signature in (*rows.functions, *rows.outputs, *rows.events) if signature not in met
    ]


def _signature(entry: Mapping[str, Any]) -> str:
    """`name(types)` of a function or an event, else nothing."""
    if entry["type"] not in ("function", "event"):
        return ""
    plain = Interface("", [{"outputs": [], "stateMutability": "view", **entry, "type": "function"}])
    return plain.functions[0].signature


def _apply(entries: Sequence[dict[str, Any]], names: Names) -> set[str]:
    """Names put into the entries they are for; the rows that were used."""
    met: set[str] = set()
    for entry in entries:
        signature = _signature(entry)
        kinds = {
            "event": [("inputs", names.events)],
            "function": [("inputs", names.functions), ("outputs", names.outputs)],
        }
        for part, rows in kinds.get(entry["type"], []):
            if signature in rows:
                _rename(entry[part], rows[signature], signature)
                met.add(signature)
    return met


def _rename(parameters: list[dict[str, Any]], names: list[str], signature: str) -> None:
    if len(parameters) != len(names):
        raise ArtifactError(f"{FILE}: {signature} has {len(parameters)} names to give, not {len(names)}")
    for parameter, name in zip(parameters, names, strict=True):
        parameter["name"] = name


def _overload(signature: str, names: list[str]) -> dict[str, Any]:
    name, _, rest = signature.partition("(")
    inputs = [{"name": "", "type": kind} for kind in rest.removesuffix(")").split(",")]
    _rename(inputs, names, signature)
    return {"stateMutability": "nonpayable", "type": "function", "name": name, "inputs": inputs, "outputs": []}
