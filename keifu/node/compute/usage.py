"""What was used, by channel, day and model: the rows of a bill."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from keifu.node.folder import NodeFolder
from keifu.payments.book import Book

__all__ = ["COLUMNS", "Row", "rows_of", "to_csv"]

COLUMNS = ("day", "channel", "model", "requests", "input_units", "output_units", "fees")
Row = tuple[str, str, str, int, int, int, str]


def rows_of(folder: Path, since: int, until: int) -> list[Row]:
    """Days from the one of `since` up to and without the one of `until`, unix seconds; amounts in wei of the token."""
    file = NodeFolder(folder).money_file
    if not file.exists():
        return []
    first, end = (datetime.fromtimestamp(moment, UTC).date().isoformat() for moment in (since, until))
    return [
        (day, "0x" + channel.hex(), model, used.requests, used.input_units, used.output_units, str(used.fees))
        for channel, day, model, used in Book.usage_in(file, first, end)
        if day < end
    ]


def to_csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue()
