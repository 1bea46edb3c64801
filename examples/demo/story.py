"""What a chapter of the demo stands on: a running chain, accounts, a place for files, and ways to speak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from keifu.chain import Account, Anvil, ChainClient, Deployment

__all__ = ["Story"]


class Story:
    """Handed to each chapter's `tell(story)`.

    `chain` is the client to send and read with, and `anvil` lets time pass. `deployment` has the addresses of the
    suite; the first chapter fills it, later ones add to it. `shared` passes facts to the next chapter. `out` is the
    folder for pictures and files. `fast` asks for smaller numbers. A context manager: what chapters left running ends.
    """

    def __init__(self, anvil: Anvil, out: Path, *, fast: bool = False, console: Console | None = None) -> None:
        self.anvil = anvil
        self.chain: ChainClient = anvil.client()
        self.out = out
        self.fast = fast
        self.console = console or Console()
        self.deployment = Deployment()
        self.shared: dict[str, Any] = {}
        self.checks = 0
        self.failures: list[str] = []
        self.held = ExitStack()  # what ends with the demo
        self.left_running: list[str] = []  # what a reader may look at until then
        out.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.held.close()

    def account(self, role: str) -> Account:
        """The funded account of a role."""
        return self.anvil.account(role)

    def chapter(self, title: str) -> None:
        self.console.rule(f"[bold]{title}", align="left")

    def say(self, text: str) -> None:
        self.console.print(text)

    def check(self, what: str, holds: bool) -> None:
        """A claim of the story that must be true; a false one fails the demo at its end and is named there."""
        self.checks += 1
        self.console.print(f"  [{'green' if holds else 'red'}]{'✓' if holds else '✗'}[/] {what}")
        if not holds:
            self.failures.append(what)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """A table; columns whose cells are all numbers are set to the right."""
        table = Table(title=title, title_justify="left")
        for index, column in enumerate(columns):
            numeric = all(isinstance(row[index], (int, float)) for row in rows)
            table.add_column(column, justify="right" if numeric else "left")
        for row in rows:
            table.add_row(*map(_cell, row))
        self.console.print(table)

    def picture(self, path: Path) -> None:
        self.console.print(f"  picture: {path}")

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Progress]:
        """A bar; inside, `bar.advance(bar.task_ids[0], n)` or `bar.update(bar.task_ids[0], completed=n)`."""
        columns = (TextColumn(f"  {label}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console) as bar:
            bar.add_task(label, total=total)
            yield bar


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
