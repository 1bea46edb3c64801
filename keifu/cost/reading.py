"""The report of a file of results and a file of prices."""

from __future__ import annotations

from pathlib import Path

from keifu.cost.commits import require_commits
from keifu.cost.inputs import Inputs, read_prices, read_results
from keifu.cost.report import Report, rows_of
from keifu.cost.sheet import format_inputs

__all__ = ["read_report"]


def read_report(results: Path, prices: Path | None = None, commit: str = "") -> Report:
    """With the prices of this version, unless a file has others; `commit` is what the results have to be of."""
    priced, found = read_prices(prices), read_results(results)
    measured = require_commits(found.commits.values(), results, commit)
    inputs = Inputs.of([*priced, *found.inputs(), *format_inputs()])
    return Report(inputs, rows_of(inputs), measured)
