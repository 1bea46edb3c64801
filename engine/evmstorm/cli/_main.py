"""The root of the engine's own command line. Exit status: 0 nothing found, 1 found, 2 wrong use, 3 environment."""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import click

from ethwire.commands import exit_status
from evmstorm import __version__

__all__ = ["cli", "main"]

COMMANDS = {
    "coverage": "Show which lines and branches of the contracts a campaign ran.",
    "example": "Write a known bug of a released contract, to try a search on.",
    "fuzz": "Search contracts for sequences of calls that break an invariant.",
    "mutate": "Change a contract in small ways and see whether its campaign notices.",
    "new": "Write a first description from a template.",
    "replay": "Send a counterexample to a real node.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        del ctx
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"evmstorm.cli.{name}").cli
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="evmstorm")
def cli() -> None:
    """Search smart contracts for sequences of calls that break what should always hold.

    The project is the one here or above (Foundry, Moccasin, ape, Hardhat, or a folder with contracts/), or the one that
    --project or the environment variable EVMSTORM_PROJECT names. Its descriptions are in described/, or where the table
    [tool.evmstorm] of its pyproject.toml says.

    \b
    Example: evmstorm fuzz vault --seconds 60
    """


def main(args: list[str] | None = None) -> NoReturn:
    """Run the engine's own command line."""
    sys.exit(exit_status(cli, args, program="evmstorm"))
