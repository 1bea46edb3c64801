"""`python -m examples.floats`: weights from a seed, and a server of them."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from ethwire.commands import exit_status
from examples.floats.server import FloatServer, make_weights

LARGEST_PORT = 65_535
folder_argument = click.argument("folder", type=click.Path(path_type=Path))


@click.group(name="floats")
def cli() -> None:
    """Make the weights of a small float model, and serve it."""


@cli.command("make")
@folder_argument
def make(folder: Path) -> None:
    """Write the weights into FOLDER: the same ones every time."""
    make_weights(folder)


@cli.command("serve")
@folder_argument
@click.option("--port", type=click.IntRange(0, LARGEST_PORT), default=0, help="Port of 127.0.0.1; 0 takes a free one.")
@click.option("--seed", type=int, default=0, help="Of the order in which it adds: machines differ so.")
@click.option("--lie", type=float, default=0.0, help="What it adds to the first number of each answer.")
def serve(folder: Path, port: int, seed: int, lie: float) -> None:
    """Answer at /v1/embeddings by the weights in FOLDER, until Ctrl-C."""
    with FloatServer(folder, seed, port) as server, contextlib.suppress(KeyboardInterrupt):
        server.lie = lie
        click.echo(server.url)
        server.serve_forever()


if __name__ == "__main__":
    sys.exit(exit_status(cli, program="floats"))
