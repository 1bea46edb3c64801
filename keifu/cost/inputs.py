"""What figures are computed from: prices and assumptions of one file, and what the benchmarks measured.

A figure asks for its inputs by name, and what it asked for is written down: that is what the figure depends on. Names
begin with the kind of thing: `price gas`, `assumption shards`, `measured gas.deposit`, `peer gas.register`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

from keifu.errors import InputError

__all__ = ["ASSUMPTION", "MEASURED", "PEER", "PRICE", "Figure", "Input", "Inputs", "Results", "compute", "own_prices",
           "read_prices", "read_results"]  # fmt: skip

PRICE, ASSUMPTION, MEASURED, PEER = "price", "assumption", "measured", "peer"
FILE = "prices.toml"
LARGEST = 1 << 20
ONE, NUDGE = Fraction(1), Fraction(101, 100)
PRICE_KEYS = {"value", "unit", "as_of", "source", "address"}
ASSUMPTION_KEYS = {"value", "unit", "why"}


@dataclass(frozen=True)
class Input:
    """A number with where it comes from. `as_of` stands at prices alone, `why` says what an assumption rests on."""

    name: str
    value: Fraction
    unit: str
    as_of: str = ""
    source: str = ""
    address: str = ""

    def data(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value != ""} | {"value": float(self.value)}


@dataclass(frozen=True)
class Results:
    """What the benchmarks measured: by id, ours and the peer's, and of which commit each is."""

    commits: Mapping[str, str]
    ours: Mapping[str, Fraction]
    peers: Mapping[str, Fraction]
    units: Mapping[str, str]

    def inputs(self) -> list[Input]:
        return [
            Input(f"{kind} {id_}", value, self.units[id_], source=f"measured at {self.commits[id_]}")
            for kind, values in ((MEASURED, self.ours), (PEER, self.peers))
            for id_, value in values.items()
        ]


@dataclass(frozen=True)
class Figure:
    """A number and the names of what it rests on; without a value where a measurement is missing."""

    value: Fraction | None
    inputs: frozenset[str]
    missing: frozenset[str] = frozenset()

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "value": None if self.value is None else float(self.value),
            "inputs": sorted(self.inputs),
        }
        return found | ({"not_measured": sorted(self.missing)} if self.missing else {})


@dataclass(frozen=True)
class Inputs:
    """All inputs by name."""

    known: Mapping[str, Input]
    factors: Mapping[str, Fraction] = field(default_factory=dict)  # of a what-if

    @classmethod
    def of(cls, items: Iterable[Input]) -> Inputs:
        return cls({item.name: item for item in items})

    def scaled(self, factors: Mapping[str, Fraction]) -> Inputs:
        """The same with some multiplied, by name."""
        both = {name: self.factors.get(name, ONE) * factor for name, factor in factors.items()}
        return Inputs(self.known, {**self.factors, **both})

    def value(self, name: str) -> Fraction | None:
        """None for a measurement that is not there. Raises InputError for a price or assumption that is not there."""
        if name in self.known:
            return self.known[name].value * self.factors.get(name, ONE)
        kind, _, rest = name.partition(" ")
        if kind in (PRICE, ASSUMPTION):
            raise InputError(f"there is no {kind} {rest}", remedy=f"add [{kind}s.{rest}], as `keifu cost --template`")
        return None


Read = Callable[[str], Fraction]
Formula = Callable[[Read], Fraction]


class _Missing(Exception):
    """A measurement that does not exist yet."""


def compute(inputs: Inputs, formula: Formula) -> Figure:
    """The formula's figure, with the inputs that it rests on: those that it asked for and that do not cancel out."""
    asked: set[str] = set()
    try:
        value = _value(inputs, formula, asked)
    except _Missing as gone:
        return Figure(None, frozenset(asked), frozenset({str(gone)}))
    moving = {name for name in asked if _value(inputs.scaled({name: NUDGE}), formula, set()) != value}
    return Figure(value, frozenset(moving))


def _value(inputs: Inputs, formula: Formula, asked: set[str]) -> Fraction:
    """In exact fractions, so that what cancels out leaves no trace."""

    def read(name: str) -> Fraction:
        asked.add(name)
        value = inputs.value(name)
        if value is None:
            raise _Missing(name)
        return value

    return formula(read)


def own_prices() -> bytes:
    """The file that counts when no other is named."""
    return (files("keifu.cost") / FILE).read_bytes()


def read_prices(path: Path | None = None) -> list[Input]:
    """Prices and assumptions of a file, or our own. Raises InputError naming the entry that is wrong."""
    name = str(path) if path else FILE
    try:
        document = tomllib.loads((path.read_bytes() if path else own_prices()).decode(), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{name} cannot be read: {error}", remedy="start from `keifu cost --template`") from error
    unknown = set(document) - {"prices", "assumptions"}
    if unknown:
        raise InputError(f"{name} has [{min(unknown)}], which nothing uses", remedy="[prices.…] and [assumptions.…]")
    found = [_price(name, key, entry) for key, entry in _entries(name, document, "prices")]
    found += [_assumption(name, key, entry) for key, entry in _entries(name, document, "assumptions")]
    _compare_with_ours(name, {item.name for item in found})
    return found


def _compare_with_ours(name: str, found: set[str]) -> None:
    """Raises InputError where an entry is missing, or is one that nothing reads: a slip of the hand."""
    ours = tomllib.loads(own_prices().decode())
    wanted = {f"{kind[:-1]} {key}" for kind in ("prices", "assumptions") for key in ours[kind]}
    if gone := wanted - found:
        raise InputError(f"{name} has no {min(gone)}", remedy="take it from `keifu cost --template`")
    if more := found - wanted:
        raise InputError(f"{name} has {min(more)}, which nothing uses", remedy="`keifu cost --template` has all names")


def _entries(name: str, document: dict[str, Any], kind: str) -> Iterable[tuple[str, dict[str, Any]]]:
    entries = document.get(kind, {})
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise InputError(f"{name}: [{kind}] holds something that is no table", remedy="start from the template")
    return entries.items()


def _price(name: str, key: str, entry: dict[str, Any]) -> Input:
    _require(name, f"{PRICE} {key}", entry, PRICE_KEYS)
    if type(entry["as_of"]) is not date:
        raise InputError(f"{name}: {PRICE} {key} is of no day", remedy="write as_of = 2026-03-13, without quotes")
    texts = {word: str(entry[word]) for word in ("unit", "source", "address")}
    return Input(f"{PRICE} {key}", Fraction(entry["value"]), as_of=entry["as_of"].isoformat(), **texts)


def _assumption(name: str, key: str, entry: dict[str, Any]) -> Input:
    _require(name, f"{ASSUMPTION} {key}", entry, ASSUMPTION_KEYS)
    return Input(f"{ASSUMPTION} {key}", Fraction(entry["value"]), str(entry["unit"]), source=str(entry["why"]))


def _require(name: str, what: str, entry: dict[str, Any], keys: set[str]) -> None:
    if set(entry) != keys:
        wrong = min(set(entry) ^ keys)
        word = "lacks" if wrong in keys else "has an unknown"
        raise InputError(f"{name}: {what} {word} {wrong}", remedy=f"it has {', '.join(sorted(keys))}")
    value = entry["value"]
    if type(value) not in (int, Decimal) or not Decimal(value).is_finite() or value <= 0:
        raise InputError(f"{name}: {what} is {value}", remedy="write a number above zero: nothing costs nothing")
    if blank := [key for key in sorted(keys - {"value", "as_of"}) if not str(entry[key]).strip()]:
        raise InputError(f"{name}: {what} says no {blank[0]}", remedy="say where the number comes from")


def read_results(path: Path) -> Results:
    """What the benchmarks wrote. Raises InputError."""
    remedy = "`python -m benchmarks` in a checkout writes it; name it with --results"
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is no result of the benchmarks: it is too long", remedy=remedy)
        document = json.loads(path.read_bytes(), parse_float=Decimal)
        entries = document["results"]
        commits = {str(entry["id"]): str(entry.get("commit", document["commit"])) for entry in entries}
        ours = {str(entry["id"]): Fraction(entry["ours"]) for entry in entries}
        peers = {str(entry["id"]): Fraction(entry["peer"]) for entry in entries if entry["peer"] is not None}
        units = {str(entry["id"]): str(entry["unit"]) for entry in entries}
    except FileNotFoundError as error:
        raise InputError(f"there is no {path}", remedy=remedy) from error
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path} is no result of the benchmarks", remedy=remedy) from error
    if not all(commits.values()):
        raise InputError(f"{path} does not say which commit was measured", remedy=remedy)
    return Results(commits, ours, peers, units)
