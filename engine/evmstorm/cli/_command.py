"""A command whose example is shown as it was called: under the engine's own name, or as a noun of another program."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["Command"]


class Command(click.Command):
    """`example` is what stands behind the command's name."""

    def __init__(self, *args: Any, example: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.example = example

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        formatter.write(f"\n  Example: {ctx.command_path} {self.example}\n")
