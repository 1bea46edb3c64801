"""The root of the command line: lazy nouns, one way to fail.

Exit status: 0 done, 1 a check failed, 2 wrong use, 3 something outside is missing or broken.
"""

from __future__ import annotations

import importlib
import signal
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from keifu import __version__
from keifu.errors import KeifuError

__all__ = ["main"]

# noun: (module below keifu.cli that has `cli`, one line for the list)
NOUNS = {
    "chain": ("chain", "keep a local chain with the whole suite deployed"),
    "prov": ("prov", "provenance: digest, register, attest, promote, verify, lineage, export"),
}
INTERRUPTED = 130  # what a shell reports for Ctrl-C


def _joined() -> dict[str, EntryPoint]:
    """Nouns of other distributions that are installed: the engine's."""
    return {entry.name: entry for entry in entry_points(group="keifu.commands")}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted({**NOUNS, **_joined()})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        del ctx
        if name in (joined := _joined()):
            found: click.Command = joined[name].load()
            return found
        if name not in NOUNS:
            return None
        command: click.Command = importlib.import_module(f"keifu.cli.{NOUNS[name][0]}").cli
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            rows = {name: line for name, (_, line) in NOUNS.items()}
            rows |= {name: f"from {entry.module.partition('.')[0]}" for name, entry in _joined().items()}
            formatter.write_dl(sorted(rows.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="keifu")
def cli() -> None:
    """Keifu: where data came from, who labelled it, which model answered, and what really runs: checkable by anyone.

    \b
    Example: keifu prov digest ./weights
    """


def main(args: list[str] | None = None) -> Any:
    """Run the command line; every expected fault ends in one line on standard error."""
    # Leave through the context managers, so that no child process is left behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        sys.exit(cli.main(args=args, standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except KeifuError as error:
        click.echo(f"keifu: {error}", err=True)
        sys.exit(error.exit_code)
