"""The report in a terminal, as pages for a browser, and as lcov for other tools."""

from __future__ import annotations

import html
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evmstorm.coverage._report import BranchCoverage, FileCoverage

__all__ = ["lcov", "print_table", "write_html", "write_lcov"]

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:80rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c}
table{border-collapse:collapse}td,th{padding:.1rem .6rem;text-align:left;vertical-align:top}
.n{text-align:right;font-variant-numeric:tabular-nums;color:#666}pre{margin:0;font:13px/1.45 ui-monospace,monospace}
.hit{background:#e8f5e9}.part{background:#fff8e1}.miss{background:#ffebee}.note{color:#a33;font-size:13px}
.index td,.index th{border-bottom:1px solid #ddd;padding:.3rem .8rem}"""


_KINDS = {"If": "if", "IfExp": "if-else", "BoolOp": "and/or", "Assert": "assert", "For": "loop"}
PIPED_COLUMNS = 140  # where there is no terminal to fit into


def percent(hit: int, of: int) -> str:
    """Rounded down, so that 100 % means all of it."""
    return f"{hit * 1000 // of / 10:.1f} %" if of else "-"


def ranges(lines: list[int]) -> str:
    """[3, 4, 5, 9] as "3-5, 9"."""
    parts: list[list[int]] = []
    for line in lines:
        if parts and line == parts[-1][1] + 1:
            parts[-1][1] = line
        else:
            parts.append([line, line])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in parts)


def print_table(files: list[FileCoverage], *, console: Console | None = None) -> None:
    """A row a file, the missing outcomes under it, and the sum."""
    table = Table(title="Coverage", title_justify="left")
    table.add_column("file", overflow="fold")
    for heading in ("lines", "", "branches", ""):
        table.add_column(heading, justify="right")
    table.add_column("not run", overflow="fold")
    for file in files:
        table.add_row(file.path, *_figures([file]), _missing(file))
    table.add_section()
    table.add_row("all", *_figures(files), "")
    target = console or Console()
    if console is None and not target.is_terminal:
        target = Console(width=PIPED_COLUMNS)
    target.print(table)


def _figures(files: list[FileCoverage]) -> tuple[str, str, str, str]:
    lines, hit = sum(len(file.lines) for file in files), sum(file.lines_hit for file in files)
    outcomes, outcomes_hit = sum(file.outcomes for file in files), sum(file.outcomes_hit for file in files)
    return f"{hit}/{lines}", percent(hit, lines), f"{outcomes_hit}/{outcomes}", percent(outcomes_hit, outcomes)


def _missing(file: FileCoverage) -> str:
    """Lines that did not run; of the others, by what was never the case: "assert fails 29, 40; if true 12"."""
    if file.note:
        return f"{file.note}: {len(unreached(file))} jumps never went one of their two ways"
    parts = [ranges(file.missed)] if file.missed else []
    never: dict[str, list[int]] = {}
    for branch in file.branches:
        if file.lines.get(branch.line):
            for outcome in branch.missing:
                lines = never.setdefault(f"{_KINDS[branch.kind]} {outcome}", [])
                lines += [branch.line] if branch.line not in lines else []
    parts += [f"never {what}: {', '.join(map(str, lines))}" for what, lines in never.items()]
    return "\n".join(parts)


def unreached(file: FileCoverage) -> list[BranchCoverage]:
    """Decisions of which an outcome was never the case."""
    return [branch for branch in file.branches if branch.missing]


def lcov(files: list[FileCoverage]) -> str:
    """The tracefile that genhtml, editors and code-review sites read. It holds files that have lines."""
    out: list[str] = []
    for file in (file for file in files if file.lines):
        out += ["TN:", f"SF:{file.path}"]
        for number, branch in enumerate(file.branches):
            reached = sum(branch.counts) > 0
            for outcome, count in enumerate(branch.counts):
                out.append(f"BRDA:{branch.line},{number},{outcome},{count if reached else '-'}")
        out += [f"BRF:{file.outcomes}", f"BRH:{file.outcomes_hit}"]
        out += [f"DA:{line},{count}" for line, count in sorted(file.lines.items())]
        out += [f"LF:{len(file.lines)}", f"LH:{file.lines_hit}", "end_of_record"]
    return "\n".join(out) + "\n"


def write_lcov(files: list[FileCoverage], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lcov(files))


def write_html(files: list[FileCoverage], folder: Path) -> Path:
    """A page a file and an index, nothing from outside; returns the index."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for file in files:
        page = f"{file.path.replace('/', '.')}.html"
        (folder / page).write_text(_page(file))
        cells = "".join(f"<td class=n>{figure}" for figure in _figures([file]))
        rows.append(f"<tr><td><a href={html.escape(page)}>{html.escape(file.path)}</a>{cells}")
    cells = "".join(f"<td class=n>{figure}" for figure in _figures(files))
    index = folder / "index.html"
    index.write_text(
        f"<!doctype html><meta charset=utf-8><title>Coverage</title><style>{_STYLE}</style><h1>Coverage</h1>"
        "<table class=index><tr><th>file<th>lines<th><th>branches<th>"
        + "\n".join(rows)
        + f"<tr><th>all{cells}</table>\n"
    )
    return index


def _page(file: FileCoverage) -> str:
    decisions: dict[int, list[BranchCoverage]] = {}
    for branch in file.branches:
        decisions.setdefault(branch.line, []).append(branch)
    rows = []
    for number, text in enumerate(file.source.splitlines(), 1):
        count = file.lines.get(number)
        notes = [
            f"{html.escape(branch.condition)}: never {' or '.join(branch.missing)}"
            for branch in decisions.get(number, [])
            if branch.missing
        ]
        style = "" if count is None else "miss" if count == 0 else "part" if notes else "hit"
        if number in file.absent:
            notes.append("in no byte code")
        rows.append(
            f"<tr class='{style}'><td class=n>{'' if count is None else count}<td class=n>{number}"
            f"<td><pre>{html.escape(text)}</pre><td class=note>{'<br>'.join(notes)}"
        )
    if file.note:
        rows.append(f"<tr><td class=note>{html.escape(file.note)}")
        rows += [f"<tr><td>{branch.condition}: never {' or '.join(branch.missing)}" for branch in unreached(file)]
    lines, share, outcomes, branch_share = _figures([file])
    title = html.escape(file.path)
    return (
        f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>"
        f"<p>lines {lines} ({share}), branches {outcomes} ({branch_share})</p><table>" + "\n".join(rows) + "</table>\n"
    )
