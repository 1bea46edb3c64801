"""The report: each line with its parts, what it saves, where that ends, and what it costs when things are worse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from keifu.cost.inputs import Figure, Formula, Input, Inputs, Read, compute
from keifu.cost.sheet import LINES, Line, total

__all__ = ["CASES", "Report", "Row", "Verdict", "rows_of"]

# What if: by name, and by how much which input is multiplied.
GAS_PRICE, USE = "price gas", "assumption utilisation"
WORSE = {GAS_PRICE: Fraction(2), USE: Fraction(1, 2)}  # twice as bad
DEARER, IDLER = {GAS_PRICE: Fraction(10)}, {USE: Fraction(1, 10)}
CASES: Mapping[str, Mapping[str, Fraction]] = {
    "gas ten times dearer": DEARER,
    "utilisation a tenth": IDLER,
    "both": {**DEARER, **IDLER},
}


@dataclass(frozen=True)
class Verdict:
    """What a line comes to: cheaper, not cheaper, or nothing that can be said."""

    word: str
    why: str


@dataclass(frozen=True)
class Row:
    """A line with its figures. `gas_factor` is how much dearer gas may be, `utilisation` how much must be used, before
    the other side is as cheap; without a value where no amount makes it so."""

    line: Line
    what: str
    theirs: str
    parts: Mapping[str, Figure]
    ours: Figure
    other: Figure | None
    ratio: Figure | None  # ours over theirs
    cases: Mapping[str, Figure]
    gas_factor: Figure | None
    utilisation: Figure | None

    @property
    def verdict(self) -> Verdict:
        if self.ours.value is None or (self.other is not None and self.other.value is None):
            missing = self.ours.missing | (self.other.missing if self.other else frozenset())
            return Verdict("not measured yet", f"no benchmark has {', '.join(sorted(missing))}. {self.line.unlike}")
        if self.ratio is None or self.ratio.value is None:
            return Verdict("no list price", self.line.unlike)
        return Verdict("cheaper" if self.ratio.value < 1 else "NOT cheaper", self.line.unlike)

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Every figure that is printed of it, by name."""
        yield from ((f"{self.line.id} {name}", figure) for name, figure in self.parts.items())
        yield f"{self.line.id} ours", self.ours
        yield from ((f"{self.line.id} {case}", figure) for case, figure in self.cases.items())
        named = {"theirs": self.other, "ratio": self.ratio, "gas_factor": self.gas_factor,
                 "utilisation": self.utilisation}  # fmt: skip
        yield from ((f"{self.line.id} {name}", figure) for name, figure in named.items() if figure is not None)


@dataclass(frozen=True)
class Report:
    """All lines over one set of inputs. `measured` says of which commit results are, and what became of it since."""

    inputs: Inputs
    rows: tuple[Row, ...]
    measured: str

    @property
    def used(self) -> list[Input]:
        """The inputs that any figure was computed from, as their file has them."""
        names = {name for _, figure in self.figures() for name in figure.inputs}
        return [item for name, item in self.inputs.known.items() if name in names]

    def figures(self) -> Iterator[tuple[str, Figure]]:
        for row in self.rows:
            yield from row.figures()

    def data(self) -> dict[str, Any]:
        """The document for programs: every figure with the names of its inputs, and every input with its source."""
        lines = [
            {"id": row.line.id, "what": row.what, "theirs": row.theirs, "verdict": row.verdict.word,
             "why": row.verdict.why,
             "figures": {name.partition(" ")[2]: figure.data() for name, figure in row.figures()}}
            for row in self.rows
        ]  # fmt: skip
        return {"measured": self.measured, "lines": lines, "inputs": [item.data() for item in self.used]}


def rows_of(inputs: Inputs) -> tuple[Row, ...]:
    return tuple(_row(line, inputs) for line in LINES)


def _row(line: Line, inputs: Inputs) -> Row:
    other = line.other(inputs)
    return Row(
        line=line,
        what=line.words(line.what, inputs),
        theirs=line.words(line.theirs, inputs),
        parts={name: line.part(inputs, name) for name in line.parts},
        ours=line.ours(inputs),
        other=other,
        ratio=compute(inputs, lambda read: total(line, read) / _theirs(line, read)) if other else None,
        cases={name: line.ours(inputs.scaled(factors)) for name, factors in CASES.items()},
        gas_factor=_limit(line, inputs, GAS_PRICE),
        utilisation=_limit(line, inputs, USE, _least_use),
    )


def _theirs(line: Line, read: Read) -> Fraction:
    assert line.their_cost is not None
    return line.their_cost(read)


def _limit(
    line: Line, inputs: Inputs, name: str, formula: Callable[[Formula], Formula] = lambda found: found
) -> Figure | None:
    """By which factor an input may become worse before both sides cost the same, or what a formula makes of it. Money
    grows evenly with it. None where this side does not depend on it, or nothing is left for it, or the other side does,
    too."""
    if line.their_cost is None or name not in line.ours(inputs).inputs:
        return None
    if name in compute(inputs, line.their_cost).inputs:
        return None

    def factor(read: Read) -> Fraction:
        once = total(line, read)
        grows = total(line, lambda asked: read(asked) * (WORSE[name] if asked == name else 1)) - once
        return (_theirs(line, read) - once + grows) / grows

    found = compute(inputs, formula(factor))
    return found if found.value is None or found.value > 0 else None


def _least_use(factor: Formula) -> Formula:
    """Which part of machines and disks has to be used."""
    return lambda read: read(USE) / factor(read)
