"""Printing: one document for programs, or text for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from keifu.texts import one_line, visible

__all__ = ["emit", "table"]


def emit(document: Any, text: str, json_out: bool) -> None:
    """`document` for machines or `text` for people, on standard output."""
    click.echo(json.dumps(document, indent=2) if json_out else visible(text))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "", empty: str = "") -> None:
    """Aligned columns for people, without their names when these are empty; `empty` in the place of no rows. Nothing is
    cut off."""
    if not rows and empty:
        click.echo(empty)
        return
    lines = [[one_line(cell) for cell in line] for line in (*([columns] if any(columns) else []), *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if title:
        click.echo(title)
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
