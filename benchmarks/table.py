"""Writes the measured table of README.md from results.json, between two marks. `--check` only compares."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from benchmarks import _results
from benchmarks._areas import rows
from benchmarks._bars import bars
from benchmarks._report import number

__all__ = ["BEGIN", "END", "main", "render", "replaced"]

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def render(document: dict[str, Any]) -> str:
    """The table in Markdown, one line a measure."""
    how = {row.id: row.how for row in rows("all")}
    lines = ["| measure | ours | peer | bar | met | compared with, and the state |", "|---|--:|--:|--:|---|---|"]
    for entry in document["results"]:
        bar = bars()[entry["id"]]
        peer = number(entry["peer"]) + (" (quoted)" if entry["quoted"] else "")
        sign = "≤" if bar.lower_is_better else "≥"
        met = "yes" if bar.met_by(entry["ours"]) else "**no**"
        cells = (
            f"`{bar.id}`",
            number(entry["ours"]),
            peer,
            f"{sign} {number(bar.figure)} {bar.unit}",
            met,
            how[bar.id],
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def replaced(text: str, table: str) -> str:
    """The text with the table between its marks; unchanged when it has no marks."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n{table}\n{END}", text, count=1)


def main(args: list[str] | None = None) -> int:
    check = "--check" in (sys.argv[1:] if args is None else args)
    before = README.read_text()
    after = replaced(before, render(_results.load()))
    if check:
        if before != after:
            print("README.md: the measured table is out of date (run `python -m benchmarks.table`)", file=sys.stderr)
        return int(before != after)
    README.write_text(after)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
