"""The printed table: figures, missed bars, quotes and what is missing."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from benchmarks._bars import bars
from benchmarks._report import number, show
from benchmarks._rows import Quoted, Result, Row


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0, "0"), (5.0221, "5.02"), (41_000, "41,000"), (1_234.5, "1,234"), (0.00123, "0.00123")],
)
def test_a_figure_is_printed_with_the_digits_that_it_has(value, text):
    assert number(value) == text


def test_the_table_says_what_was_missed_quoted_and_not_measured():
    console = Console(width=220, file=io.StringIO(), record=True)
    show(
        console,
        [
            Result(Row("gas.attest", lambda _: 0, "how", Quoted(204_167, "EAS")), 80_000, 204_167),
            Result(Row("gas.slash", lambda _: 0, "how"), None, None, "ours not measured: no contract StakingHub"),
            Result(Row("info.staking_simulation", lambda _: 0, "how"), 4_000, None),
        ],
        measured=set(bars()) - {"gas.dispute"},
    )
    text = console.export_text(clear=False)
    missed, absent, info = [
        line for line in text.splitlines() if ("gas." in line or "info." in line) and "not yet" not in line
    ]
    assert all(part in missed for part in ("80,000", "204,167 (quoted)", "0.39", "≤ 70,000 gas", "no"))
    assert "not measured" in absent
    assert "StakingHub" in absent
    assert "no bar" in info
    assert "not yet: gas.dispute" in text
    assert "0 of 1 bars met; 1 rows not measured; 1 measures of rooms not built" in text
