"""What a campaign reports: progress while it runs, a table in the terminal, a page in HTML, JSON for machines."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table

from evmstorm.fuzz.campaign import InvariantCount, Plan, SystemResult

if TYPE_CHECKING:
    from evmstorm.coverage.reached import Reached

__all__ = ["Progress", "as_html", "as_json", "print_results"]

QUIET_SUCCESS = 0.02  # an action that succeeds less often than this is pointed at


class Progress:
    """A line a system: calls, speed, sequences, success rate, coverage and time since it last grew."""

    def __init__(self, names: list[str], plan: Plan, *, shown: bool = True) -> None:
        self._plan = plan
        self._console = Console(stderr=True)
        columns = (TextColumn("{task.description:<14}"), BarColumn(24), TextColumn("{task.fields[words]}"))
        self._bar = Bar(*columns, console=self._console, disable=not (shown and self._console.is_terminal))
        total = plan.seconds if plan.seconds and not plan.calls else plan.calls
        titles = [Path(name).stem for name in names]  # a description's file is shown by its name alone
        self._tasks: dict[str, TaskID] = {name: self._bar.add_task(name, total=total, words="") for name in titles}

    def update(self, result: SystemResult) -> None:
        done = result.calls + result.waits
        rate = done / result.seconds if result.seconds else 0
        ok = sum(action.ok for action in result.actions)
        share = ok / result.calls if result.calls else 0
        words = (
            f"{done:>11,} calls  {rate:>7,.0f}/s  {result.sequences:>8,} sequences  {share:>4.0%} succeed  "
            f"{result.signals:>4} paths, last new {result.since_new:.0f} s ago"
            f"{f'  {result.together}' if result.together else ''}"
        )
        completed = result.seconds if self._plan.seconds and not self._plan.calls else done
        self._bar.update(self._tasks[result.system], completed=completed, words=words)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._bar.stop()


def print_results(results: list[SystemResult], plan: Plan, *, program: str = "evmstorm") -> None:
    """The final table: what holds after how many checks, and the counterexamples in full; `program` replays them."""
    console = Console(soft_wrap=True)
    table = Table(title=f"seed {plan.seed}, {plan.processes} processes", title_justify="left")
    for heading in ("system", "invariant", "result", "sentence"):
        table.add_column(heading)
    for result in results:
        done = result.calls + result.waits
        for number, sentence, verdict in _rows(result):
            table.add_row(result.system, number, verdict, sentence)
        table.add_row(result.system, "", f"{done:,} calls", f"code {result.code_hash[:12]}", end_section=True)
    console.print(table)
    for result in results:
        if result.together:
            console.print(f"{result.system}: {result.together}")
        for action in result.actions:
            tried = action.ok + action.refused
            if tried and action.ok / tried < QUIET_SUCCESS:
                console.print(f"{result.system}: {action.name} succeeded {action.ok:,} of {tried:,} times")
    for result in results:
        for action in result.actions:
            if action.ok + action.refused == 0:
                console.print(f"{result.system}: {action.name} was never called ({action.idle:,} times nothing to do)")
        for example, saved in zip(result.findings, result.saved, strict=True):
            console.print(example.script(), markup=False, highlight=False)
            console.print(f"saved: {saved}\nsend it to a real node: {program} replay {saved}", markup=False)


def _rows(result: SystemResult) -> list[tuple[str, str, str]]:
    broken = {example.finding for example in result.findings}
    rows = [(item.id, item.sentence, _verdict(item, broken)) for item in result.invariants]
    tried = sum(action.ok + action.refused for action in result.actions)
    others = sorted(broken - {item.id for item in result.invariants})
    sentence = "every call succeeds or is refused as the model predicts"
    if others:
        return [*rows, ("model", f"{sentence} ({', '.join(others)})", "BROKEN")]
    return [*rows, ("model", sentence, f"held for {tried:,} calls")]


def _verdict(item: InvariantCount, broken: set[str]) -> str:
    """What was counted: each check of this invariant, after a call or wait, or at the end of a sequence."""
    if item.id in broken:
        return "BROKEN"
    if item.checks == 0:
        return "NEVER CHECKED"
    return (
        f"held at {item.checks:,} ends of sequences" if item.at_end else f"held after {item.checks:,} calls and waits"
    )


def as_json(results: list[SystemResult], plan: Plan, reached: Sequence[Reached] | None = None) -> bytes:
    """`reached` is what is known of coverage, None where nobody asked."""
    found: dict[str, object] = {"plan": plan, "systems": results}
    return msgspec.json.format(
        msgspec.json.encode(found if reached is None else found | {"coverage": reached}), indent=2
    )


_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c}
table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{border-bottom:1px solid #ddd;padding:.3rem .6rem;
text-align:left;vertical-align:top}.bad{color:#b00020;font-weight:600}.n{text-align:right;
font-variant-numeric:tabular-nums}pre{background:#f5f5f5;padding:1rem;overflow:auto}"""


def as_html(results: list[SystemResult], plan: Plan, reached: Sequence[Reached] = ()) -> str:
    """One page without anything from outside."""
    parts = [
        f"<!doctype html><meta charset=utf-8><title>Campaign</title><style>{_STYLE}</style><h1>Campaign</h1>",
        f"<p>seed {plan.seed}, {plan.processes} processes, {'guided' if plan.guided else 'blind'}</p>",
    ]
    for result in results:
        done = result.calls + result.waits
        rate = done / result.seconds if result.seconds else 0
        parts.append(
            f"<h2>{html.escape(result.system)}</h2><p>{done:,} calls and waits in {result.seconds:.1f} s "
            f"({rate:,.0f}/s), {result.sequences:,} sequences, {result.signals} paths, code {result.code_hash[:16]}</p>"
            f"{f'<p>{result.together}</p>' if result.together else ''}"
        )
        parts.append("<table><tr><th>invariant<th>sentence<th>result")
        for number, sentence, verdict in _rows(result):
            style = "" if verdict.startswith("held") else " class=bad"
            parts.append(f"<tr><td>{html.escape(number)}<td>{html.escape(sentence)}<td{style}>{verdict}")
        parts.append("</table><table><tr><th>action<th class=n>succeeded<th class=n>refused<th class=n>share")
        for action in result.actions:
            tried = action.ok + action.refused
            share = f"{action.ok / tried:.1%}" if tried else ""
            parts.append(
                f"<tr><td>{html.escape(action.name)}<td class=n>{action.ok:,}<td class=n>{action.refused:,}"
                f"<td class=n>{share}"
            )
        parts.append("</table>")
        parts += [f"<pre>{html.escape(example.script())}</pre>" for example in result.findings]
    if reached:
        parts.append("<h2>Coverage</h2>")
        parts += [f"<p>{html.escape(part.line())}" for part in reached]
    return "\n".join(parts) + "\n"
