"""`keifu node attestor`: encrypt agents' data anew, and sign that. The work is done in keifu/node/attestor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from keifu.cli._node import LISTEN, add_common, folder_argument, leaving, make, making
from keifu.cli._store import CODE
from keifu.cli._types import COINS, DURATION, FOLDER
from keifu.cli.verbs import Noun, json_option

__all__ = ["attestor"]

ANSWERS = "127.0.0.1:9721"

attestor = Noun(
    "attestor",
    help="Encrypt the data of agents anew for their buyers, store it, and sign that it is the same data.",
    example="keifu node attestor run /srv/attestor",
)


@attestor.verb("init", example="keifu node attestor init ./attestor --key-file attestor.json --most 5")
@folder_argument
@click.option("--listen", type=LISTEN, default=ANSWERS, show_default=True, help="Where owners ask.")
@click.option("--store", type=FOLDER, help="Folder that all sides share.  [default: the storage network]")
@click.option("--code", type=CODE, help="Shards of a file in the storage network.  [default: 10+4]")
@click.option("--most", type=COINS, help="Coins that it pays for one file there.  [default: 1]")
@click.option("--backing", type=COINS, help="Coins that it backs of one transfer.  [default: 1,000]")
@click.option("--reception", type=DURATION, help="After which what was sealed to it cannot be read.  [default: 1 day]")
@click.option("--requests", type=click.IntRange(1), help="Requests that it signs an hour.  [default: 60]")
@click.option("--poll", type=DURATION, default="2", help="How often the chain is looked at.  [default: 2 seconds]")
@making("attestor")
@json_option
def attestor_init(
    folder: Path,
    listen: str,
    store: Path | None,
    reception: int | None,
    poll: int,
    owner_pages: str,
    json_out: bool,
    code: tuple[int, int] | None,
    most: int | None,
    backing: int | None,
    requests: int | None,
    **common: Any,
) -> None:
    """Make a node's folder: its configuration, a key, and a unit for systemd. Its account is the attestor."""
    from keifu.node.setup import Wish

    chosen = {"code": code and list(code), "most": most, "backing": backing, "requests": requests}
    own: dict[str, Any] = {"listen": listen}
    own |= {name: value for name, value in chosen.items() if value is not None}
    own |= {"store": str(store.absolute())} if store else {}
    own |= {"reception": f"{reception} seconds"} if reception else {}
    make("attestor", folder, json_out, Wish(listen=owner_pages, own={**own, "poll": f"{poll} seconds"}, **common))


@attestor.verb("exit", example="keifu node attestor exit ./attestor")
@folder_argument
@json_option
def attestor_exit(folder: Path, json_out: bool) -> None:
    """Ask the attestor's coins back, or take them out two weeks later; the node has to be stopped."""
    from keifu.node.attestor.leaving import leave

    leaving("attestor", folder, leave, json_out)


add_common(attestor, "attestor")
