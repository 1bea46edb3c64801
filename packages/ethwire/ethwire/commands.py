"""How a command line ends: every expected fault is one line on standard error, and an exit status. So is a file that
cannot be written.

Exit status: 0 done, 1 a check failed, 2 wrong use, 3 something outside is missing or broken, 130 Ctrl-C.
"""

from __future__ import annotations

import click

from ethwire.errors import EnvironmentFault, EthwireError, UsageError
from ethwire.texts import visible

__all__ = ["exit_status", "reported"]

INTERRUPTED = 130  # what a shell reports for Ctrl-C


def exit_status(command: click.Command, args: list[str] | None = None, *, program: str) -> int:
    """Run a command, whose name is `program` in what it prints."""
    try:
        return int(command.main(args=args, prog_name=program, standalone_mode=False) or 0)
    except click.ClickException as error:
        message, status = reported(error, program), UsageError.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except EthwireError as error:
        message, status = str(error), error.exit_code
    except OSError as error:
        if error.filename is None:
            raise
        message, status = f"{error.filename}: {error.strerror}", EnvironmentFault.exit_code
    click.echo(f"{program}: {visible(message)}", err=True)
    return status


def reported(error: click.ClickException, program: str) -> str:
    """A fault of the command line in one line, with what to do about it."""
    context = getattr(error, "ctx", None)
    if near := getattr(error, "possibilities", None):
        message, remedy = str(error.message), f"did you mean {' or '.join(near)}?"
    else:
        message = error.format_message()
        remedy = f"see `{context.command_path if context else program} --help`"
    return f"{' '.join(message.split()).rstrip('.')} ({remedy})"
