"""A command whose example is shown as it was called: under the engine's own name, or as a noun of another program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

__all__ = ["Command", "chosen_systems", "machine_option", "project_option"]

MACHINES = ("native", "revm")


class Command(click.Command):
    """`example` is what stands behind the command's name."""

    def __init__(self, *args: Any, example: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.example = example

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        formatter.write(f"\n  Example: {ctx.command_path} {self.example}\n")


def _take(context: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    del context, parameter
    if name is not None:
        from evmstorm.evm.machines import choose  # noqa: PLC0415

        choose(name)
    return name


machine_option = click.option(
    "--machine",
    type=click.Choice(MACHINES),
    expose_value=False,
    callback=_take,
    help="EVM underneath: ours in C, or revm (slower; needs no C compiler).  [default: native]",
)


def _choose(context: click.Context, parameter: click.Parameter, folder: str | None) -> None:
    del context, parameter
    if folder is not None:
        from evmstorm import project  # noqa: PLC0415

        project.choose(Path(folder))


project_option = click.option(
    "--project",
    metavar="DIRECTORY",
    expose_value=False,
    is_eager=True,
    callback=_choose,
    help="Folder of the project: Foundry, Moccasin, ape, Hardhat or plain.  [default: the one here or above]",
)


def chosen_systems(systems: tuple[str, ...]) -> list[str]:
    """What was named on the command line, descriptions' files by their whole path; else every system of the project."""
    from evmstorm import project  # noqa: PLC0415

    return [project.choose_for(Path(name)) if project.is_file(name) else name for name in systems] or project.names()
