"""`keifu node reexecutor`: compute answers of float models again when drawn. The work is in keifu/node/reexecutor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from keifu.cli._node import add_common, folder_argument, leaving, make, making
from keifu.cli._reexecute import tolerance_of, tolerance_options
from keifu.cli._types import BYTES32, COINS, DURATION, ENDPOINT, ENDPOINTS, Text
from keifu.cli.verbs import Noun, json_option

__all__ = ["reexecutor"]

LONGEST_NAME = 64

reexecutor = Noun(
    "reexecutor",
    help="Compute answers of float models again when you are drawn, with a stake, and be paid for it.",
    example="keifu node reexecutor run /srv/reexecutor",
)


@reexecutor.verb(
    "init", example="keifu node reexecutor init ./again --model digits --upstream http://127.0.0.1:8000/v1 --digest 0x…"
)
@folder_argument
@click.option("--model", type=Text(LONGEST_NAME), required=True, help="Name of the model here.")
@click.option("--upstream", type=ENDPOINT, required=True, help="Your own server of it, up to /v1.")
@click.option("--digest", type=BYTES32, required=True, help="Digest of its weights, as receipts name it.")
@click.option(
    "--weights", type=click.Path(exists=True, path_type=Path), help="The weights, which are compared with the digest."
)
@click.option("--theirs", type=Text(LONGEST_NAME), default="", help="The model's name at that server.")
@click.option(
    "--endpoint", "endpoints", type=click.Choice(ENDPOINTS), multiple=True,
    help="What is asked there; repeatable.  [default: chat/completions]",
)  # fmt: skip
@tolerance_options
@click.option("--fee", type=COINS, default="8", help="Coins of a seat: the pool's fee.  [default: 8]")
@click.option("--poll", type=DURATION, default="15", help="How often the chain is looked at.  [default: 15 seconds]")
@making("reexecutor")
@json_option
def reexecutor_init(
    folder: Path,
    model: str,
    upstream: str,
    digest: bytes,
    weights: Path | None,
    theirs: str,
    endpoints: tuple[str, ...],
    rule: str,
    absolute: float,
    relative: float,
    fee: int,
    poll: int,
    owner_pages: str,
    json_out: bool,
    **common: Any,
) -> None:
    """Make a node's folder: its configuration, a key, and a unit for systemd. Its account holds the slot: lock 2,000
    coins behind ReExecution by it. More models stand in node.toml."""
    from keifu.node.setup import Wish

    tolerance_of(rule, absolute, relative)
    own: dict[str, Any] = {"upstream": upstream, "digest": digest.hex(), "rule": rule, "fee": fee}
    own |= {"absolute": absolute, "relative": relative} if rule == "numbers" else {}
    own |= {"theirs": theirs} if theirs else {}
    own |= {"weights": str(weights.absolute())} if weights else {}
    own |= {"endpoints": list(endpoints)} if endpoints else {}
    wish = Wish(listen=owner_pages, own={"poll": f"{poll} seconds", "models": {model: own}}, **common)
    make("reexecutor", folder, json_out, wish)


@reexecutor.verb("exit", example="keifu node reexecutor exit ./again")
@folder_argument
@json_option
def reexecutor_exit(folder: Path, json_out: bool) -> None:
    """Ask the node's slots back, or take the coins out once no panel can be drawn from them. The node has to be stopped
    for the command, and to run again until then: seats of demands that were opened before are still its own."""
    from keifu.cli._node import settings_of
    from keifu.node.reexecutor.leaving import leave

    settings: Any = settings_of("reexecutor", folder)[0]
    leaving(
        "reexecutor", folder, lambda chain, deployer: leave(chain, deployer, settings.reexecutor, folder), json_out,
        f"keifu node reexecutor run {folder} until then: a seat may still be drawn, and silence is fined",
    )  # fmt: skip


add_common(reexecutor, "reexecutor")
