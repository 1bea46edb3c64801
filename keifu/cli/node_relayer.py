"""`keifu node relayer`: bring signed payments to the chain, for vouchers. The work is done in keifu/node/relayer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from keifu.cli._node import LISTEN, acting, add_common, folder_argument, make, making, settings_of
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, DURATION
from keifu.cli.verbs import Noun, json_option

__all__ = ["relayer"]

ANSWERS = "127.0.0.1:9701"
AMOUNT = click.IntRange(0)

relayer = Noun(
    "relayer",
    help="Be x402's facilitator: bring signed deposits, claims and refunds to the chain, and have the gas paid back.",
    example="keifu node relayer run /srv/relayer",
)


@relayer.verb("init", example="keifu node relayer init ./relayer --per-ether 4000000000000000000000")
@folder_argument
@click.option("--listen", type=LISTEN, default=ANSWERS, show_default=True, help="Where servers and payers ask.")
@click.option("--token", type=ADDRESS, help="In which gas is paid back.  [default: the suite's coin]")
@click.option(
    "--per-ether", type=AMOUNT, default=0, show_default=True,
    help="What one ether of gas costs, in wei of the token; 0 takes no refunds.",
)  # fmt: skip
@click.option("--most-refund", type=AMOUNT, help="Most that one transaction takes, in wei of the token.")
@click.option("--free-each", type=AMOUNT, help="Wei of gas that is given away an hour, to one account.")
@click.option("--free-all", type=AMOUNT, help="Wei of gas that is given away an hour, to all.")
@click.option("--most-gas", type=AMOUNT, help="Wei of gas that is spent an hour, whoever pays for it.")
@click.option("--poll", type=DURATION, default="2", help="How often the chain is looked at.  [default: 2 seconds]")
@making("relayer")
@json_option
def relayer_init(
    folder: Path,
    listen: str,
    token: str | None,
    per_ether: int,
    most_refund: int | None,
    free_each: int | None,
    free_all: int | None,
    most_gas: int | None,
    poll: int,
    owner_pages: str,
    json_out: bool,
    **common: Any,
) -> None:
    """Make a node's folder: its configuration, a key, and a unit for systemd. The account needs ether."""
    from keifu.node.setup import Wish

    bounds = {"most_refund": most_refund, "free_each": free_each, "free_all": free_all, "most_gas": most_gas}
    own: dict[str, Any] = {"listen": listen, "per_ether": per_ether}
    own |= {name: value for name, value in bounds.items() if value is not None}
    own |= {"token": token} if token else {}
    make("relayer", folder, json_out, Wish(listen=owner_pages, own={**own, "poll": f"{poll} seconds"}, **common))


@relayer.verb("exit", example="keifu node relayer exit ./relayer --to 0x…")
@folder_argument
@click.option("--to", type=ADDRESS, required=True, help="Who gets what the account has.")
@json_option
def relayer_exit(folder: Path, to: str, json_out: bool) -> None:
    """Send what the relayer's account has of its token and of ether to somebody else; the node has to be stopped."""
    from contextlib import ExitStack

    from keifu.node.fence import note_used
    from keifu.node.relayer.leaving import leave
    from keifu.node.settings import RelayerSettings
    from keifu.units import coins

    settings = settings_of("relayer", folder)[0]
    assert isinstance(settings, RelayerSettings)
    with ExitStack() as held:
        chain, deployer = acting("relayer", folder, held)
        paid, ether = leave(chain, deployer, settings.relayer, to)
        note_used(folder, chain, deployer.sender)
    text = f"{coins(paid)} of the token and {coins(ether)} ether were sent to {to}"
    emit({"token": str(paid), "ether": str(ether), "to": to}, text, json_out)


add_common(relayer, "relayer")
