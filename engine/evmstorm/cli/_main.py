"""The root of the engine's own command line. Exit status: 0 nothing found, 1 found, 2 wrong use, 3 environment."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from ethwire.errors import EthwireError
from evmstorm import __version__

__all__ = ["main"]

COMMANDS = {
    "coverage": "Show which lines and branches of the contracts a campaign ran.",
    "fuzz": "Search contracts for sequences of calls that break an invariant.",
    "mutate": "Change a contract in small ways and see whether its campaign notices.",
    "replay": "Send a counterexample to a real node.",
}
INTERRUPTED = 130  # what a shell reports for Ctrl-C


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
    """Search smart contracts for faults.

    \b
    Example: evmstorm fuzz vault --seconds 60
    """


def main(args: list[str] | None = None) -> Any:
    """Run the command line; every expected fault ends in one line on standard error."""
    try:
        sys.exit(cli.main(args=args, standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except EthwireError as error:
        click.echo(f"evmstorm: {error}", err=True)
        sys.exit(error.exit_code)
