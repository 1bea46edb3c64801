"""Printing: one document for programs, or text for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from keifu.errors import CheckFailed
from keifu.texts import one_line, visible

if TYPE_CHECKING:
    from keifu.chain.verify import Check

__all__ = ["emit", "facts_lines", "report_checks", "table"]


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


def facts_lines(facts: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """What a node says of itself, a fact a line; facts about one thing stand indented under its name. No words
    of strangers make a line of their own."""
    for name, value in ((one_line(name), value) for name, value in facts.items()):
        if isinstance(value, Mapping) and value:
            yield f"{indent}{name}:"
            yield from facts_lines(value, indent + "  ")
        elif isinstance(value, Mapping | list | tuple):
            yield f"{indent}{name}: {one_line(', '.join(map(str, value))) or 'none'}"
        else:
            yield f"{indent}{name}: {'none' if value is None else one_line(str(value))}"


def report_checks(checks: Sequence[Check], json_out: bool) -> None:
    """Every check. Raises CheckFailed when one does not hold."""
    failed = [check.what for check in checks if not check.holds]
    rows = [{"what": check.what, "holds": check.holds, "detail": check.detail} for check in checks]
    lines = [f"{'ok  ' if check.holds else 'FAIL'} {check.what}  {check.detail}".rstrip() for check in checks]
    emit({"agree": not failed, "checks": rows}, "\n".join(lines), json_out)
    if failed:
        raise CheckFailed(f"{len(failed)} of {len(checks)} checks failed: {failed[0]}")
