"""Options that nouns share: how to reach the chain, and whose key signs."""

from __future__ import annotations

from pathlib import Path

import click

from keifu.cli._types import ENDPOINT, FOLDER

__all__ = ["reading", "signing"]

DEFAULT_NODE = "http://127.0.0.1:8545"


def reading() -> list[click.Parameter]:
    """How to reach the chain, and where its contracts are written down."""
    return [
        click.Option(
            ["--rpc"], type=ENDPOINT, envvar="KEIFU_RPC", show_envvar=True, default=DEFAULT_NODE, show_default=True,
            help="Address of the node, or several of one chain with commas between; a wss:// one announces new blocks.",
        ),
        click.Option(
            ["--deployments"], type=FOLDER, envvar="KEIFU_DEPLOYMENTS", show_envvar=True,
            help="Folder that says where the contracts are on each chain.  [default: deployments here or above, then "
            "the user's own]",
        ),
    ]  # fmt: skip


def signing() -> list[click.Parameter]:
    """Whose key signs, and on which chain alone."""
    return [
        click.Option(
            ["--key-file"], type=click.Path(dir_okay=False, path_type=Path), envvar="KEIFU_KEY_FILE", show_envvar=True,
            help="Encrypted key file, as `ape accounts generate` writes it; its password comes from "
            "KEIFU_PASSWORD_FILE or KEIFU_PASSWORD.",
        ),
        click.Option(
            ["--role"], envvar="KEIFU_ROLE", show_envvar=True, metavar="NAME", shell_complete=_roles,
            help="Sign with the account of this role: on a local chain only.",
        ),
        click.Option(["--chain-id"], type=click.IntRange(1), help="Refuse to send to any other chain."),
    ]  # fmt: skip


def _roles(*_: object) -> list[str]:
    """The named accounts of a local chain; any other name works, too, once it has ether."""
    from keifu.local import ROLES

    return list(ROLES)
