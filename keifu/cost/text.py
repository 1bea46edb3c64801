"""The report for people: a table, a chart of signs, what speaks against each line, and where each number comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from keifu.cost.inputs import Figure
from keifu.cost.report import CASES, Report, Row

__all__ = ["HEADS", "cells", "chart", "dollars", "inputs_table", "reasons"]

BAR = 30  # signs of the longer bar
LARGE = 1_000  # from here on without decimals
NOT_YET, NOTHING = "not measured yet", "–"
HEADS = ("what", "here, $", "elsewhere, $", "verdict", *(f"{name}, $" for name in CASES), "gas may be", "needs use of")


def dollars(figure: Figure | None) -> str:
    """Three digits that say something; no exponent."""
    if figure is None:
        return NOTHING
    if figure.value is None:
        return NOT_YET
    return digits(figure.value)


def digits(value: float | Fraction) -> str:
    value = float(value)
    if value >= LARGE:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return f"{float(text):.12f}".rstrip("0").rstrip(".") if "e" in text else text


def ratio_words(row: Row) -> str:
    """The verdict with its number."""
    word = row.verdict.word
    if row.ratio is None or row.ratio.value is None:
        return word
    if row.ratio.value < 1:
        return f"{word}: {digits(100 * row.ratio.value)} % of it"
    return f"{word}: {digits(row.ratio.value)} times as dear"


def cells(row: Row) -> tuple[str, ...]:
    """A row as HEADS name it."""
    cases = (dollars(figure) for figure in row.cases.values())
    return (row.what, dollars(row.ours), dollars(row.other), ratio_words(row), *cases, _factor(row), _use(row))


def _factor(row: Row) -> str:
    found = row.gas_factor
    return f"{digits(found.value)} times" if found is not None and found.value is not None else NOTHING


def _use(row: Row) -> str:
    found = row.utilisation
    if found is None or found.value is None:
        return NOTHING
    return f"{digits(100 * found.value)} %"


def chart(report: Report) -> Iterator[str]:
    """Two bars a line, the dearer side in full length."""
    for row in report.rows:
        ours, other = row.ours.value, row.other.value if row.other else None
        if ours is None or other is None:
            continue
        yield row.what
        for name, value in (("here", ours), ("elsewhere", other)):
            yield f"  {name:<9} {_bar(float(value / max(ours, other)))} {digits(value)}"


def _bar(part: float) -> str:
    return "█" * round(BAR * part) or "▏"


def reasons(report: Report) -> Iterator[tuple[str, str]]:
    """What speaks against each line, those first that are not cheaper."""
    for row in sorted(report.rows, key=lambda row: row.verdict.word == "cheaper"):
        yield f"{row.what}, beside {row.theirs}: {ratio_words(row)}", row.verdict.why


def inputs_table(report: Report) -> Sequence[tuple[str, ...]]:
    """Every input that a figure was computed from: its value, its day, its source."""
    return [
        (item.name, f"{float(item.value):,.12g}", item.unit, item.as_of or NOTHING, item.source) for item in report.used
    ]
