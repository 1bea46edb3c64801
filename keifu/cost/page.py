"""The report as a page that stands alone, with a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from keifu.cost.report import Report, Row
from keifu.cost.text import HEADS, cells, dollars, inputs_table, reasons

__all__ = ["page"]

# Pixels.
WIDTH, LEFT, RIGHT, LINE, BAR, GAP, FONT = 960, 12, 130, 64, 14, 4, 13
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1b1f;"
    "background:#fff}table{border-collapse:collapse;font-size:.85rem}td,th{padding:.3rem .6rem;text-align:left;"
    "border-bottom:1px solid #ddd;vertical-align:top}.here{fill:#2a6f97}.there{fill:#c77b30}svg{max-width:100%}"
    "figure{margin:1rem 0}@media(prefers-color-scheme:dark){body{color:#eee;background:#16161a}svg text{fill:#eee}"
    "td,th{border-color:#444}}"
)
TITLE = "What the suite costs"


def page(report: Report) -> str:
    """HTML; every number in it is a figure of the report or one of its inputs."""
    columns = ("input", "value", "unit", "as of", "source")
    why = "".join(f"<dt>{escape(line)}</dt><dd>{escape(text)}</dd>" for line, text in reasons(report))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><h1>{TITLE}</h1>'
        f"<p>{escape(report.measured)}</p>{_picture(report)}{_table(HEADS, map(cells, report.rows))}"
        f"<h2>Where this suite is not cheaper, and what is not counted</h2><dl>{why}</dl>"
        f"<h2>Inputs</h2>{_table(columns, inputs_table(report))}</body></html>\n"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _picture(report: Report) -> str:
    """Two bars a line, each line by its dearer side."""
    rows = [row for row in report.rows if row.ratio is not None and row.ratio.value is not None]
    height = LINE * len(rows)
    drawn = "".join(_bars(row, LINE * number) for number, row in enumerate(rows))
    return (
        f'<figure><svg role="img" viewBox="0 0 {WIDTH} {height}" font-size="{FONT}"><title>{TITLE}: '
        f"here beside elsewhere</title>{drawn}</svg></figure>"
    )


def _bars(row: Row, top: int) -> str:
    sides = [("here", row.ours), ("there", row.other)]
    most = max(figure.value or 0 for _, figure in sides if figure)
    parts = [f'<text x="{LEFT}" y="{top + FONT}">{escape(f"{row.what} – {row.theirs}")}</text>']
    for number, (name, figure) in enumerate(sides):
        assert figure is not None
        assert figure.value is not None
        y, width = top + FONT + GAP + number * (BAR + GAP), float((WIDTH - LEFT - RIGHT) * figure.value / most)
        parts.append(f'<rect class="{name}" x="{LEFT}" y="{y}" width="{max(width, 1):.1f}" height="{BAR}"/>')
        label = f"{dollars(figure)} $"
        parts.append(f'<text x="{LEFT + width + GAP:.1f}" y="{y + BAR - 2}">{escape(label)}</text>')
    return "".join(parts)
