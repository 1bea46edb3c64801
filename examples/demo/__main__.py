"""`python -m examples.demo` (`make demo`): every chapter of the story, on a chain that really runs."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import click

from ethwire.commands import exit_status
from examples.demo import Story
from keifu.chain import Anvil
from keifu.errors import CheckFailed

__all__ = ["CHAPTERS", "GENESIS", "cli", "tell"]

# Modules of examples.demo with `TITLE` and `tell(story)`, in the order of the story.
CHAPTERS: tuple[str, ...] = (
    "token",
    "provenance",
    "chains",
    "staking",
    "agents",
    "network",
    "compute",
    "chat",
    "storage",
    "minds",
    "grants",
    "deployment",
)
GENESIS = 1_767_225_600  # 2026-01-01T00:00:00Z: the story has the same dates every time


@click.command(name="demo")
@click.option("--fast", is_flag=True, help="Use smaller numbers: under a minute.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("out/demo"),
    show_default=True,
    help="Folder for pictures and files.",
)
@click.option(
    "--chapter", "chosen", multiple=True, type=click.Choice(CHAPTERS), help="Tell only this chapter; repeatable."
)
def cli(fast: bool, out: Path, chosen: tuple[str, ...]) -> None:
    """Tell the whole story on a real local chain; pictures and files go to OUT.

    On a terminal the chain keeps running afterwards until Ctrl-C; with CI=true or without a terminal everything stops
    and the exit status is the result.

    \b
    Example: python -m examples.demo --fast
    """
    with Anvil(timestamp=GENESIS) as anvil, Story(anvil, out, fast=fast) as story:
        tell(story, chosen or CHAPTERS)
        if sys.stdout.isatty() and os.environ.get("CI") != "true":
            for line in (f"the chain keeps running on {anvil.url}", *story.left_running, "Ctrl-C stops everything"):
                story.say(line)
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()


def tell(story: Story, chapters: Sequence[str] = CHAPTERS) -> None:
    """The chapters one after another. Raises CheckFailed when a claim of theirs did not hold."""
    started = time.monotonic()
    story.say(f"a real chain (anvil, id {story.anvil.chain_id}) listens on {story.anvil.url}")
    for name in chapters:
        chapter = importlib.import_module(f"examples.demo.{name}")
        story.chapter(chapter.TITLE)
        chapter.tell(story)
    _conclude(story, time.monotonic() - started)


def _conclude(story: Story, seconds: float) -> None:
    story.console.rule(align="left")
    if story.failures:
        raise CheckFailed(f"{len(story.failures)} of {story.checks} claims did not hold: {'; '.join(story.failures)}")
    story.say(f"[bold green]demo: all {story.checks} claims hold[/] ({seconds:.0f} s); files are in {story.out}")


if __name__ == "__main__":
    sys.exit(exit_status(cli, program="demo"))
