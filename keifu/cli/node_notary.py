"""`keifu node notary`: sign headers of another chain, and report who signs two. The work is in keifu/node/notary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from keifu.cli._node import LISTEN, add_common, folder_argument, leaving, make, making
from keifu.cli._types import ADDRESS, DURATION, ENDPOINT
from keifu.cli.verbs import Noun, json_option
from keifu.errors import UsageError

__all__ = ["notary"]

ANSWERS = "127.0.0.1:9741"

notary = Noun(
    "notary",
    help="Sign final headers of another chain with coins behind that, and report notaries that sign two of one number.",
    example="keifu node notary run /srv/notary",
)


@notary.verb("init", example="keifu node notary init ./notary --foreign https://… --foreign-chain 16661")
@folder_argument
@click.option(
    "--foreign", type=ENDPOINT, help="Endpoint of the chain whose headers are signed, or several with commas."
)
@click.option("--foreign-chain", type=click.IntRange(1), help="That chain's id: an endpoint with another is refused.")
@click.option(
    "--every", type=click.IntRange(1), help="Sign one block of so many; all notaries the same.  [default: 32]"
)
@click.option("--listen", type=LISTEN, default=ANSWERS, show_default=True, help="Where anybody gets the signatures.")
@click.option("--term", type=DURATION, help="How long it promises at a time.  [default: 60 days]")
@click.option("--watch-only", is_flag=True, help="Sign nothing, and only look for contradictions.")
@click.option("--receiver", type=ADDRESS, help="Who gets the rewards.  [default: the node's own account]")
@click.option(
    "--poll", type=DURATION, default="5", help="How often chains and notaries are asked.  [default: 5 seconds]"
)
@making("notary")
@json_option
def notary_init(
    folder: Path,
    foreign: str | None,
    foreign_chain: int | None,
    every: int | None,
    listen: str,
    term: int | None,
    watch_only: bool,
    receiver: str | None,
    poll: int,
    owner_pages: str,
    json_out: bool,
    **common: Any,
) -> None:
    """Make a node's folder: its configuration, a key, and a unit for systemd. Its account is the attestor."""
    from keifu.node.notary.making import foreign_section
    from keifu.node.setup import Wish

    own: dict[str, Any] = {"listen": listen}
    if watch_only:
        if foreign or foreign_chain:
            raise UsageError("--watch-only needs no other chain", remedy="leave --foreign and --foreign-chain out")
        own["sign"] = False
    else:
        if not foreign or not foreign_chain:
            raise UsageError("which chain's headers?", remedy="--foreign URL --foreign-chain ID, or --watch-only")
        own |= foreign_section(foreign, foreign_chain)
    own |= {"every": every} if every else {}
    own |= {"term": f"{term} seconds"} if term else {}
    own |= {"receiver": receiver} if receiver else {}
    make("notary", folder, json_out, Wish(listen=owner_pages, own={**own, "poll": f"{poll} seconds"}, **common))


@notary.verb("exit", example="keifu node notary exit ./notary")
@folder_argument
@json_option
def notary_exit(folder: Path, json_out: bool) -> None:
    """Pay out the rewards, and the coins that no promise needs any more; the node has to be stopped."""
    from keifu.node.notary.leaving import leave

    leaving("notary", folder, leave, json_out)


add_common(notary, "notary")
